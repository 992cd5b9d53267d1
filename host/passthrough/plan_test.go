package passthrough

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/signature"
)

var remedy = adapter.Remedy{Name: "drop_thinking"}

func index(t testing.TB, body string) *jsonindex.Doc {
	t.Helper()
	doc, err := jsonindex.Parse([]byte(body), jsonindex.ClientMode())
	if err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return doc
}

// at finds the entry of a path such as "messages/1/content/0".
func at(t testing.TB, doc *jsonindex.Doc, path string) uint32 {
	t.Helper()
	v := doc.Root()
	for _, step := range strings.Split(path, "/") {
		if n, err := strconv.Atoi(step); err == nil {
			v = v.At(n)
		} else {
			v = v.Get(step)
		}
	}
	if !v.Exists() {
		t.Fatalf("no %s in %s", path, doc.Src)
	}
	return v.Entry()
}

// splices reads "model=\"x\"" and "-messages/0/content/1".
func splices(t testing.TB, doc *jsonindex.Doc, edits []string) []adapter.Splice {
	t.Helper()
	var list []adapter.Splice
	for _, e := range edits {
		if path, ok := strings.CutPrefix(e, "-"); ok {
			list = append(list, adapter.Splice{Entry: at(t, doc, path), Remove: true})
		} else if path, with, ok := strings.Cut(e, "="); ok {
			list = append(list, adapter.Splice{Entry: at(t, doc, path), With: with})
		}
	}
	return list
}

const (
	ours    = `{"type":"thinking","thinking":"a","signature":"cp1.gemini.x"}`
	theirs  = `{"signature":"EqQBCkYI","thinking":"b","type":"thinking"}`
	hidden  = `{"type":"redacted_thinking","data":"cp1.openairesponses~eA"}`
	visible = `{"type":"text","text":"hi"}`
)

func TestSplice(t *testing.T) {
	f := func(body, want string, edits ...string) {
		t.Helper()
		doc := index(t, body)
		for _, shuffled := range [][]string{edits, reversed(edits)} {
			got, err := Splice([]byte("before"), doc, splices(t, doc, shuffled))
			if err != nil {
				t.Errorf("%s %q: %v", body, edits, err)
				continue
			}
			if string(got) != "before"+want {
				t.Errorf("%s %q:\n got %s\nwant %s", body, edits, got[6:], want)
			}
		}
	}
	message := func(blocks string) string {
		return `{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[` + blocks + `]}],"model":"m"}`
	}

	// nothing to do
	f(`{}`, `{}`)
	f(" {\"x\" : 1,\r\n\t\"model\":\"m\" }\n", " {\"x\" : 1,\r\n\t\"model\":\"m\" }\n")

	// the model, wherever it stands and however it is written
	f(`{"model":"m"}`, `{"model":"new"}`, `model="new"`)
	f(`{ "x":[1,{"model":"m"}] , "model" : "\u006d\n" , "y":{"model":"z"}}`, `{ "x":[1,{"model":"m"}] , "model" : "a\"b" , "y":{"model":"z"}}`, `model="a\"b"`)
	f(`{"model":""}`, `{"model":""}`, `model=""`)
	f(`{"mod\u0065l":"m","z":0}`, `{"mod\u0065l":"n","z":0}`, `model="n"`)
	f(`{"model":null}`, `{"model":"n"}`, `model="n"`)
	f(`{"model":"`+strings.Repeat("m", 20<<10)+`","z":"`+strings.Repeat("z", 20<<10)+`"}`,
		`{"model":"n","z":"`+strings.Repeat("z", 20<<10)+`"}`, `model="n"`)

	// thinking blocks at each place of their content
	f(message(ours+`,`+visible), message(visible), `-messages/1/content/0`)
	f(message(visible+`,`+ours), message(visible), `-messages/1/content/1`)
	f(message(visible+`,`+ours+`,`+visible), message(visible+`,`+visible), `-messages/1/content/1`)
	f(message(ours+`,`+hidden+`,`+visible), message(visible), `-messages/1/content/0`, `-messages/1/content/1`)
	f(message(visible+`,`+ours+`,`+hidden), message(visible), `-messages/1/content/1`, `-messages/1/content/2`)
	f(message(ours+`,`+visible+`,`+hidden), message(visible), `-messages/1/content/0`, `-messages/1/content/2`)
	f(message(ours+`,`+visible+`,`+ours+`,`+ours+`,`+visible+`,`+hidden), message(visible+`,`+visible),
		`-messages/1/content/0`, `-messages/1/content/2`, `-messages/1/content/3`, `-messages/1/content/5`, `model="m"`)

	// white space on all sides
	f(message(" "+ours+"\n,\t"+visible+" "), message(" "+visible+" "), `-messages/1/content/0`)
	f(message(" "+visible+"\n,\t"+ours+" "), message(" "+visible+"\n "), `-messages/1/content/1`)
	f(message(" "+visible+"\n,\r\n"+ours+" , "+visible+"\t"), message(" "+visible+"\n,\r\n"+visible+"\t"), `-messages/1/content/1`)

	// a neighbour may be anything
	f(message(ours+`,"text"`), message(`"text"`), `-messages/1/content/0`)
	f(message(`"text",`+ours), message(`"text"`), `-messages/1/content/1`)
	f(message(`1.50,`+ours+`,null`), message(`1.50,null`), `-messages/1/content/1`)

	// a message of nothing else goes as a whole
	f(message(ours), `{"messages":[{"role":"user","content":"q"}],"model":"m"}`, `-messages/1/content/0`)
	f(message(ours+`,`+hidden), `{"messages":[{"role":"user","content":"q"}],"model":"n"}`, `-messages/1/content/0`, `-messages/1/content/1`, `model="n"`)
	f(`{"messages":[ {"role":"assistant","content":[`+ours+`]} , {"role":"user","content":"q"} ]}`,
		`{"messages":[ {"role":"user","content":"q"} ]}`, `-messages/0/content/0`)
	f(`{"messages":[{"content":[`+ours+`],"role":"assistant"},{"role":"assistant","content":[`+hidden+`]},{"role":"assistant","content":[`+ours+`,`+visible+`]}]}`,
		`{"messages":[{"role":"assistant","content":[`+visible+`]}]}`, `-messages/0/content/0`, `-messages/1/content/0`, `-messages/2/content/0`)
	f(`{"messages":[ {"role":"assistant","content":[`+ours+`]} ]}`, `{"messages":[  ]}`, `-messages/0/content/0`)

	// a signature too long to be read
	long := `{"type":"thinking","thinking":"","signature":"cp1.openairesponses.` + strings.Repeat("A", 30<<10) + `"}`
	f(message(long+`,`+visible), message(visible), `-messages/1/content/0`)
	f(message(visible+`,`+long), message(visible), `-messages/1/content/1`)
}

func reversed(list []string) []string {
	var r []string
	for i := len(list) - 1; i >= 0; i-- {
		r = append(r, list[i])
	}
	return r
}

func TestRemedyTakesUntaggedThinking(t *testing.T) {
	doc := index(t, `{"messages":[{"role":"assistant","content":[`+theirs+`,{"type":"redacted_thinking","data":"x"},`+visible+`]}]}`)
	edits := splices(t, doc, []string{"-messages/0/content/0", "-messages/0/content/1"})
	if _, err := Splice(nil, doc, edits); err == nil || !strings.Contains(err.Error(), "messages[0].content[0]") {
		t.Errorf("without a remedy: %v", err)
	}
	got, err := Splice(nil, doc, edits, remedy)
	if want := `{"messages":[{"role":"assistant","content":[` + visible + `]}]}`; err != nil || string(got) != want {
		t.Errorf("with a remedy: %s %v", got, err)
	}
}

func TestSpliceRefuses(t *testing.T) {
	body := `{"model":"m","max_tokens":1,"tools":[` + ours + `],"system":[` + ours + `],"messages":[
		{"role":"user","content":[` + ours + `,{"type":"tool_result","tool_use_id":"t","content":[` + ours + `]}]},
		{"role":"assistant","content":[` + theirs + `,` + visible + `,` + ours + `]},
		{"role":"assistant","content":` + ours + `},{"role":"assistant","content":"thinking"},"thinking"]}`
	doc := index(t, body)
	f := func(wantErr string, list ...adapter.Splice) {
		t.Helper()
		dst, err := Splice([]byte("kept"), doc, list)
		if err == nil || !strings.Contains(err.Error(), wantErr) || !strings.HasPrefix(err.Error(), "adapter asked") {
			t.Errorf("%v: error %v, want one with %q", list, err, wantErr)
		}
		if string(dst) != "kept" {
			t.Errorf("%v: dst became %q", list, dst)
		}
	}
	with := func(path, text string) adapter.Splice { return adapter.Splice{Entry: at(t, doc, path), With: text} }
	without := func(path string) adapter.Splice { return adapter.Splice{Entry: at(t, doc, path), Remove: true} }

	// what replaces the model must be a string
	f("no JSON string", with("model", ``))
	f("no JSON string", with("model", `m`))
	f("no JSON string", with("model", `"`))
	f("no JSON string", with("model", `null`))
	f("no JSON string", with("model", `{"a":"b"}`))
	f("no JSON string", with("model", `"a","max_tokens":"b"`))
	f("no JSON string", with("model", `"\x"`))
	f("no JSON string", with("model", "\"\n\""))
	f("no JSON string", with("model", "\"\xff\""))
	f("no JSON string", with("model", ` "m"`))
	// nothing else may be replaced
	f("replace max_tokens", with("max_tokens", `2`))
	f("replace messages[1].content[2]", with("messages/1/content/2", `{}`))
	f("replace the whole body", adapter.Splice{Entry: 0, With: `{}`})
	// nothing but thinking may be removed
	f("remove model", without("model"))
	f("remove messages", without("messages"))
	f("remove messages[1]", without("messages/1"))
	f("remove messages[1].content[1]", without("messages/1/content/1"))
	f("remove messages[1].content[2].signature", without("messages/1/content/2/signature"))
	f("remove the whole body", adapter.Splice{Entry: 0, Remove: true})
	// and only our own, and only where an assistant speaks
	f("may be Claude's own", without("messages/1/content/0"))
	f("none may be removed", without("messages/0/content/0"))
	f("none may be removed", without("messages/0/content/1/content/0"))
	f("none may be removed", without("messages/2/content"))
	f("none may be removed", without("tools/0"))
	f("none may be removed", without("system/0"))
	// places that do not exist
	f("of a body that has", adapter.Splice{Entry: 1 << 20, Remove: true})
	f("of a body that has", adapter.Splice{Entry: 1<<32 - 1, With: `"m"`})
	// the key of model, not its value
	f("replace", adapter.Splice{Entry: at(t, doc, "model") - 1, With: `"m"`})
	// the same place twice
	f("twice to change model", with("model", `"a"`), with("model", `"b"`))
	f("twice to change messages[1].content[2]", without("messages/1/content/2"), without("messages/1/content/2"))
	// one legal, one not
	f("remove messages[1].content[1]", with("model", `"a"`), without("messages/1/content/2"), without("messages/1/content/1"))
	f("remove messages[4]", without("messages/1/content/2"), without("messages/4"))
}

func TestPlanFormsAgree(t *testing.T) {
	doc := index(t, `{"model":"m","messages":[{"role":"assistant","content":[`+ours+`,`+visible+`]}]}`)
	p, err := NewPlan(doc, splices(t, doc, []string{`model="longer"`, "-messages/0/content/0"}))
	if err != nil {
		t.Fatal(err)
	}
	want := string(p.AppendTo(nil))
	if p.Len() != len(want) {
		t.Errorf("Len %d, want %d", p.Len(), len(want))
	}
	if got := bytes.Join(p.Pieces(nil), nil); string(got) != want {
		t.Errorf("Pieces give %s", got)
	}
	for range 2 { // each reader begins at the beginning
		if got, err := io.ReadAll(p.Reader()); err != nil || string(got) != want {
			t.Errorf("Reader gives %s %v", got, err)
		}
	}
	var b bytes.Buffer
	if n, err := p.WriteTo(&b); err != nil || n != int64(len(want)) || b.String() != want {
		t.Errorf("WriteTo gives %d %v %s", n, err, b.String())
	}
	for _, piece := range p.Pieces(nil) {
		if len(piece) == 0 {
			t.Error("an empty piece")
		}
	}
}

// TestLargeBodyIsNotCopied: the pieces of a large body are the body itself.
func TestLargeBodyIsNotCopied(t *testing.T) {
	doc := index(t, `{"model":"m","messages":[{"role":"user","content":"`+strings.Repeat("x", 1<<20)+`"}]}`)
	edits := splices(t, doc, []string{`model="n"`})
	n := testing.AllocsPerRun(20, func() {
		p, err := NewPlan(doc, edits)
		if err != nil {
			t.Fatal(err)
		}
		pieces := p.Pieces(nil)
		if last := pieces[len(pieces)-1]; &last[len(last)-1] != &doc.Src[len(doc.Src)-1] {
			t.Fatal("the body was copied")
		}
	})
	if n > 10 {
		t.Errorf("%v allocations", n)
	}
}

// TestRandomRemovals compares with what encoding/json makes of the same edits, and the bytes that stay with the original.
func TestRandomRemovals(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 11))
	for range 3000 {
		body, want, edits := randomBody(t, rng)
		doc := index(t, body)
		got, err := Splice(nil, doc, splices(t, doc, edits))
		if err != nil {
			t.Fatalf("%s %q: %v", body, edits, err)
		}
		sameMeaning(t, body, got, want)
		onlyRemoved(t, body, doc, splices(t, doc, edits))
	}
}

func sameMeaning(t *testing.T, body string, got []byte, want any) {
	t.Helper()
	var v any
	if err := json.Unmarshal(got, &v); err != nil {
		t.Fatalf("%s\nbecame %s\n%v", body, got, err)
	}
	wantText, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var w any
	if err := json.Unmarshal(wantText, &w); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(v, w) {
		t.Fatalf("%s\nbecame %s\nwant %s", body, got, wantText)
	}
}

// onlyRemoved checks that what is cut holds nothing but removed blocks or messages, commas and white space.
func onlyRemoved(t *testing.T, body string, doc *jsonindex.Doc, list []adapter.Splice) {
	t.Helper()
	p, err := NewPlan(doc, list)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range p.edits {
		if e.with != "" {
			continue
		}
		var cut any
		inside := strings.Trim(body[e.lo:e.hi], ", \n\t\r")
		if err := json.Unmarshal([]byte("["+inside+"]"), &cut); err != nil {
			t.Fatalf("cut %q: %v", body[e.lo:e.hi], err)
		}
		for _, v := range cut.([]any) {
			m := v.(map[string]any)
			if m["role"] == nil && m["drop"] == nil {
				t.Fatalf("cut %q of %s", body[e.lo:e.hi], body)
			}
		}
	}
}

// randomBody makes a body with odd white space, the value it should become, and the edits that lead there.
func randomBody(t *testing.T, rng *rand.Rand) (body string, want any, edits []string) {
	t.Helper()
	gap := func() string { return []string{"", "", " ", "\n", "\t", "\r\n  "}[rng.IntN(6)] }
	var messages []any
	text := "[" + gap()
	for i := range rng.IntN(5) {
		if i > 0 {
			text += gap() + "," + gap()
		}
		if rng.IntN(3) == 0 {
			text += `{"role":"user","content":"` + strconv.Itoa(i) + `"}`
			messages = append(messages, map[string]any{"role": "user", "content": strconv.Itoa(i)})
			continue
		}
		blocks, kept := "", []any{}
		count := 1 + rng.IntN(4)
		for j := range count {
			if j > 0 {
				blocks += gap() + "," + gap()
			}
			if rng.IntN(2) == 0 {
				blocks += `{"drop":1,` + gap() + `"type":"thinking","signature":"` + signature.Tag("v", "p") + `"}`
				edits = append(edits, fmt.Sprintf("-messages/%d/content/%d", i, j))
			} else {
				blocks += fmt.Sprintf(`{"type":"text","text":"%d]},{"}`, j)
				kept = append(kept, map[string]any{"type": "text", "text": fmt.Sprintf("%d]},{", j)})
			}
		}
		text += `{"content":` + gap() + "[" + gap() + blocks + gap() + "]" + gap() + `,"role":"assistant"}`
		if len(kept) > 0 {
			messages = append(messages, map[string]any{"role": "assistant", "content": kept})
		}
	}
	if messages == nil {
		messages = []any{}
	}
	model := `"m"`
	body = `{"a":` + gap() + `1,"messages":` + text + gap() + `],"model":` + gap() + model + gap() + `}`
	edits = append(edits, `model="n\u006e"`)
	return body, map[string]any{"a": 1, "messages": messages, "model": "nn"}, edits
}

// FuzzSplice: whatever is asked of whatever body, the outcome is an error or JSON in which everything else is as it was.
func FuzzSplice(f *testing.F) {
	f.Add(`{"model":"m","messages":[{"role":"assistant","content":[`+ours+`,`+visible+`]}]}`, uint32(2), uint32(11), `"n"`, true)
	f.Add(`{"messages":[{"role":"assistant","content":[`+theirs+`]}],"model":"m"}`, uint32(9), uint32(4), `"n"`, true)
	f.Add(`{"model":1,"messages":[[]]}`, uint32(2), uint32(2), `x`, false)
	f.Fuzz(func(t *testing.T, body string, first, second uint32, with string, remedied bool) {
		doc, err := jsonindex.Parse([]byte(body), jsonindex.ClientMode())
		if err != nil {
			return
		}
		var remedies []adapter.Remedy
		if remedied {
			remedies = []adapter.Remedy{remedy}
		}
		got, err := Splice(nil, doc, []adapter.Splice{{Entry: first, With: with}, {Entry: second, Remove: true}}, remedies...)
		if err != nil {
			return
		}
		if !json.Valid(got) {
			t.Fatalf("%s became %s", body, got)
		}
		after := members(t, got)
		for key, v := range members(t, []byte(body)) {
			if key != "model" && key != "messages" && !bytes.Equal(after[key], v) {
				t.Fatalf("%s became %s: %s changed", body, got, key)
			}
		}
		again, err := jsonindex.Parse(got, jsonindex.ClientMode())
		if err != nil {
			t.Fatalf("%s became %s: %v", body, got, err)
		}
		if before, after := blocks(doc), blocks(again); before-after != 1 {
			t.Fatalf("%s became %s: %d blocks became %d", body, got, before, after)
		}
	})
}

func members(t *testing.T, b []byte) map[string]json.RawMessage {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func blocks(doc *jsonindex.Doc) (n int) {
	for it := doc.Root().Get("messages").Iter(); it.Next(); {
		n += it.Val.Get("content").Len()
	}
	return n
}
