package adaptertest

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

func TestPermittedSplices(t *testing.T) {
	f := func(path, kind, with string, remove, want bool) {
		t.Helper()
		s := splice{adapter.Splice{With: with, Remove: remove}, path, kind}
		if permitted(s) != want {
			t.Errorf("%+v: %v", s, !want)
		}
	}
	f("model", "", `"other"`, false, true)
	f("model", "", `other`, false, false)
	f("model", "", `{}`, false, false)
	f("model", "", ``, true, false)
	f("system", "", `"x"`, false, false)
	f("metadata.model", "", `"x"`, false, false)
	f("messages[3].content[0]", "thinking", "", true, true)
	f("messages[3].content[0]", "redacted_thinking", "", true, true)
	f("messages[3].content[0]", "text", "", true, false)
	f("messages[3].content[0].signature", "thinking", "", true, false)
	f("messages[3]", "thinking", "", true, false)
}

// A conversation is cut where an assistant's turn follows, and grows by turns that keep it legal JSON.
func TestGrown(t *testing.T) {
	body := `{"messages":[{"role":"user","content":"a"},{"role":"system","content":"s"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}],"tools":[{"name":"to\"ol"}]}`
	list := grown([]byte(body))
	var have []string
	for _, g := range list {
		if !json.Valid(g.body) {
			t.Errorf("%s: %s", g.what, g.body)
		}
		doc, err := jsonindex.Parse(g.body, jsonindex.ClientMode())
		if err != nil {
			t.Fatal(err)
		}
		n := doc.Root().Get("messages").Len()
		have = append(have, g.what, string(rune('0'+n)))
	}
	want := "the first 2 messages 2 the first 4 messages 4 another turn of text 6 another turn with a tool call 6"
	if strings.Join(have, " ") != want {
		t.Errorf("%q", have)
	}
	if last := list[len(list)-1].body; !bytes.Contains(last, []byte(`"name":"to\"ol","input"`)) {
		t.Errorf("the turn with a call names no tool of the client: %s", last)
	}
	for _, body := range []string{`{}`, `{"messages":5}`, `{"messages":[]}`, `{"messages":["x"]}`, `[]`} {
		if list := grown([]byte(body)); len(list) != 0 {
			t.Errorf("%s grows: %d", body, len(list))
		}
	}
	if list := grown([]byte(`{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"prefill"}]}`)); len(list) != 2 || list[1].added {
		t.Errorf("behind an assistant's turn nothing is added: %d", len(list))
	}
}

// Bytes may be inserted at one place; with PrefixOf only the given part counts.
func TestContinues(t *testing.T) {
	f := func(before, after string, of func([]byte) []byte, want bool) {
		t.Helper()
		b := bench{s: &Suite{options: Options{PrefixOf: of}}, r: &Report{}}
		if b.continues([]byte(before), []byte(after), "x") != want || b.r.OK() != want {
			t.Errorf("%s, %s: %v", before, after, !want)
		}
	}
	f(`{"m":[1,2],"n":3}`, `{"m":[1,2,4],"n":3}`, nil, true)
	f(`{"n":3,"m":[[1]]}`, `{"n":3,"m":[[1],[1]]}`, nil, true)
	f(`{"m":[1,2],"n":3}`, `{"m":[1,2,4],"n":4}`, nil, false)
	f(`{"m":[1,2],"n":3}`, `{"m":[1,3,2],"n":3}`, nil, true)
	f(`{"m":[1,2]}`, `{"m":[1]}`, nil, false)
	head := func(b []byte) []byte { return b[:4] }
	f(`{"m":[1,2],"n":3}`, `{"m":[1,2,4],"n":4}`, head, true)
	f(`{"x":[1,2],"n":3}`, `{"m":[1,2,4],"n":4}`, head, false)
}

func TestNamedLosses(t *testing.T) {
	f := func(path, loss string, want bool) {
		t.Helper()
		if named(withoutPositions(path), []adapter.Loss{{Path: loss}}) != want {
			t.Errorf("%s by %s: %v", path, loss, !want)
		}
	}
	f("top_k", "top_k", true)
	f("top_kx", "top_k", false)
	f("messages[0].content[12].cache_control.type", "messages.content.cache_control", true)
	f("messages[0].content[12].cache_control.type", "messages.content", true)
	f(`metadata["odd key"]`, "metadata", true)
	f("metadata.user_id", "metadata.user", false)
}

// Variants are JSON, differ from the text, and reach every value and key.
func TestVariants(t *testing.T) {
	text := `{"a":[1,{"b":"c\n"}],"d":null}`
	list := variants([]byte(text), jsonindex.UpstreamMode())
	all := "\n"
	for _, v := range list {
		if !json.Valid(v) || string(v) == text {
			t.Errorf("%s", v)
		}
		all += string(v) + "\n"
	}
	for _, want := range []string{
		`{"kit_unknown":[1,{"b":"c\n"}],"d":null}`, `{"a":[1,{"kit_unknown":"c\n"}],"d":null}`, `{"a":[{},{"b":"c\n"}],"d":null}`,
		`{"a":[1,{"b":1e999}],"d":null}`, `{"a":[1,{"b":"c\n"}],"d":[[]]}`, "\nnull\n", `{"a":{"a":{}},"d":null}`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no variant %s", want)
		}
	}
	if list := variants([]byte(`{"a":`), jsonindex.UpstreamMode()); list != nil {
		t.Errorf("%q", list)
	}
	if list := variants([]byte("["+strings.Repeat("1,", 5000)+"1]"), jsonindex.UpstreamMode()); len(list) > mostGarbage {
		t.Errorf("%d variants", len(list))
	}
}

// Credentials never reach an adapter, whatever its manifest says.
func TestForwarded(t *testing.T) {
	m := adapter.Manifest{Headers: []string{"anthropic-beta", "authorization", "x-api-key", "cookie"}}
	list := forwarded(&m, []adapter.Header{{Name: "anthropic-beta", Value: "a"}, {Name: "authorization", Value: "canary-bearer-key"},
		{Name: "x-api-key", Value: "canary-api-key"}, {Name: "cookie", Value: "c"}, {Name: "user-agent", Value: "u"}})
	if len(list) != 1 || list[0].Name != "anthropic-beta" {
		t.Errorf("%v", list)
	}
	if faults := manifestFaults(&m); len(faults) != 5 { // three credentials, no name, no auth scheme
		t.Errorf("%q", faults)
	}
}

func TestSecretQuery(t *testing.T) {
	for path, want := range map[string]bool{
		"/v1/x?key=abc": true, "/v1/x?alt=sse&api_key=1": true, "/v1/x?access_token=1": true, "/v1/x?alt=sse": false, "/v1/x?monkey=1": false, "/v1/key": false,
	} {
		if secretQuery.MatchString(path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
}
