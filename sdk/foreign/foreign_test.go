package foreign

import (
	"fmt"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

func parse(t testing.TB, text string) jsonindex.Value {
	t.Helper()
	doc, err := jsonindex.Parse([]byte(text), jsonindex.ClientMode())
	if err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

func decode(t *testing.T, body string) *messages.Request {
	t.Helper()
	in := new(messages.Request)
	if err := messages.Decode(parse(t, body), in); err != nil {
		t.Fatal(err)
	}
	return in
}

func ledger() *Ledger { return &Ledger{Up: &adapter.UpstreamRequest{}, Upstream: "Elsewhere"} }

// TestLossesAreBounded records endless unknown fields, and the same loss twice.
func TestLossesAreBounded(t *testing.T) {
	l := ledger()
	for range 2 {
		l.Loss(adapter.Tuned, "a.b", "c", "note")
		l.Loss(adapter.Tuned, "", "a.b.c", "note")
	}
	if n := len(l.Up.Losses); n != 1 || l.Up.Losses[0].Path != "a.b.c" {
		t.Errorf("%v", l.Up.Losses)
	}
	for i := range 10_000 {
		l.Loss(adapter.Noop, "", fmt.Sprint("field", i), "")
	}
	if n := len(l.Up.Losses); n != maxLosses+1 || l.Up.Losses[maxLosses].Kind != adapter.Dropped {
		t.Errorf("%d losses, the last %v", n, l.Up.Losses[n-1])
	}
}

// TestIds leads the client's form of an id back, and never gives two ids the same form.
func TestIDs(t *testing.T) {
	f := func(id, public string) {
		t.Helper()
		got := PublicID(id, "x_")
		if got != public {
			t.Errorf("%q became %q, want %q", id, got, public)
		}
		if back := UpstreamID(got, "x_"); got != "" && back != id {
			t.Errorf("%q came back as %q", id, back)
		}
	}
	f("call_1", "call_1")
	f("", "")
	f("functions.f:0", "x_ZnVuY3Rpb25zLmY6MA")
	f("x_ZnVu", "x_eF9ablZ1")
	f(strings.Repeat("a", 257), "")
	for _, id := range []string{"x_", "x_!", "x_====", "x_A", "y"} {
		if got := UpstreamID(id, "x_"); got != id {
			t.Errorf("%q is no form of %q", id, got)
		}
	}
}

func FuzzIDs(f *testing.F) {
	f.Add("call_1")
	f.Add("x_ZnVu")
	f.Add("a b\x00")
	f.Fuzz(func(t *testing.T, id string) {
		public := PublicID(id, "x_")
		if public == "" {
			return
		}
		if !IsName(public) || UpstreamID(public, "x_") != id {
			t.Fatalf("%q became %q and %q", id, public, UpstreamID(public, "x_"))
		}
	})
}

// TestShortNames keep apart what differs anywhere, and hold nothing that is refused.
func TestShortNames(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{strings.Repeat("a", 70), strings.Repeat("a", 71), strings.Repeat("a", 69) + "b", "mcp server", "mcp.server", "ü"} {
		short := ShortName(name, 64, IsNameByte)
		if len(short) > 64 || !IsName(short) || short != ShortName(name, 64, IsNameByte) || seen[short] != "" {
			t.Errorf("%q became %q, as did %q", name, short, seen[short])
		}
		seen[short] = name
	}
}

// TestToolChanges follows tools that are deferred, loaded, removed and searched for.
func TestToolChanges(t *testing.T) {
	f := func(tools, turns string, want string) {
		t.Helper()
		in := decode(t, `{"model":"m","max_tokens":1,"tools":[`+tools+`],"messages":[{"role":"user","content":"Hi"}`+turns+`]}`)
		c, err := ledger().ReadToolChanges(in)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for it := in.ToolIter(); it.Next(); {
			if name, _ := it.Tool.Name.Text(); !c.hides(&it.Tool) {
				got += name + " "
			}
		}
		if strings.TrimSpace(got) != want {
			t.Errorf("%s %s: sent are %s, want %s", tools, turns, got, want)
		}
	}
	const now, later, other = `{"name":"now","input_schema":{}}`, `{"name":"later","input_schema":{},"defer_loading":true}`, `{"name":"other","input_schema":{},"defer_loading":true}`
	f(now+","+later, "", "now")
	f(now+","+later+","+other, `,{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"later","input":{}}]}`, "now later")
	f(later+","+other, `,{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"tool_reference","tool_name":"other"}]}]}`, "other")
	f(now+","+later, `,{"role":"system","content":[{"type":"tool_removal","tool":{"type":"tool_reference","name":"now"}},{"type":"tool_addition","tool":{"type":"tool_reference","name":"later"}}]}`, "later")
	f(later+`,{"type":"tool_search_tool_regex_20251119","name":"search"}`, "", "later search")
}

// TestRefuse names what would change the meaning of the answer.
func TestRefuse(t *testing.T) {
	f := func(member string, drop bool, field string) {
		t.Helper()
		l := ledger()
		err := l.Refuse(decode(t, `{"model":"m","max_tokens":1,"messages":[],`+member+`}`), drop)
		if field == "" {
			if err != nil {
				t.Errorf("%s: %v", member, err)
			}
			return
		}
		fail, ok := err.(*adapter.Failure)
		if !ok || fail.Class != adapter.Unsupported || fail.Field != field || !strings.Contains(fail.Message, "Elsewhere") {
			t.Errorf("%s: %v", member, err)
		}
	}
	f(`"thread":{"type":"create"}`, true, "thread")
	f(`"mcp_servers":[{"type":"url"}]`, false, "mcp_servers")
	f(`"mcp_servers":[{"type":"url"}]`, true, "")
	f(`"mcp_servers":[]`, false, "")
	f(`"container":"c"`, false, "container")
	f(`"container":null,"thread":null`, false, "")
}

// TestServerBlocks are told as text, without what is encrypted.
func TestServerBlocks(t *testing.T) {
	var w jsonindex.Writer
	WriteServerBlock(&w, parse(t, `{"type":"web_search_tool_result","tool_use_id":"x","content":[{"type":"web_search_result","title":"A \"title\"","url":"https://a","encrypted_content":"SECRET"},"and more"]}`))
	w.Finish()
	want := `[web_search_tool_result]\ntitle: A \"title\"\nurl: https://a\nand more`
	if got := string(w.AppendTo(nil, nil)); got != want {
		t.Errorf("got %s", got)
	}
}
