package abi

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

func document(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../ABI.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// table returns the rows of the table whose head begins with this word: first cell to second cell.
func table(t *testing.T, text, head string) map[string]string {
	t.Helper()
	_, rest, ok := strings.Cut(text, "\n| "+head+" |")
	if !ok {
		t.Fatalf("no table %q", head)
	}
	rows := map[string]string{}
	for i, line := range strings.Split(rest, "\n")[2:] {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			if i == 0 {
				t.Fatalf("table %q is empty", head)
			}
			break
		}
		rows[strings.TrimSpace(cells[1])] = strings.TrimSpace(cells[2])
	}
	return rows
}

// The tables of the document and the constants are the same.
func TestDocumentTables(t *testing.T) {
	text := document(t)
	same := func(head string, want map[string]string) {
		t.Helper()
		if got := table(t, text, head); !maps.Equal(got, want) {
			t.Errorf("table %q says %v, the code %v", head, got, want)
		}
	}
	numbered := func(from int, names ...string) map[string]string {
		m := map[string]string{}
		for i, name := range names {
			m[fmt.Sprint(from+i)] = name
		}
		return m
	}
	tags := map[string]string{}
	for tag := TagBody; tag <= TagRequest; tag++ {
		tags[fmt.Sprint(int(tag))] = "`" + tag.String() + "`"
	}
	same("tag", tags)
	same("CONFIG", numbered(int(ConfigFeatures), "features u64", "memory u64"))
	same("CALL", numbered(int(CallConfig), "config u32", "operation u32", "flags u32", "id text", "model text", "client_model text",
		"max_tokens u64", "query text", "session text", "remedy pair"))
	same("REQUEST", numbered(int(RequestFlags), "flags u32", "framing u32", "splice", "stop text"))
	same("ERROR", numbered(int(ErrorClass), "class u32", "event u32", "message text", "field text", "type text", "details text",
		"retry_after u64", "remedy pair"))
	if CallRemedy != 10 || RequestStop != 4 || ErrorRemedy != 8 || ConfigMemory != 2 {
		t.Error("the last number of a table has moved")
	}
	classes := map[string]string{}
	for c := adapter.Internal; c <= adapter.NotFound; c++ {
		classes[fmt.Sprint(int(c))] = c.String()
	}
	same("class", classes)
	kinds := map[string]string{}
	for k := jsonindex.Null; k <= jsonindex.Extern; k++ {
		kinds[fmt.Sprint(int(k))] = map[jsonindex.Kind]string{
			jsonindex.String: "string without escapes", jsonindex.Escaped: "string with escapes", jsonindex.Extern: "extern string",
		}[k]
		if kinds[fmt.Sprint(int(k))] == "" {
			kinds[fmt.Sprint(int(k))] = k.String()
		}
	}
	same("kind", kinds)
	segments := table(t, text, "segment")
	for kind, name := range map[uint32]string{jsonindex.SegLiteral: "literal", jsonindex.SegRange: "range", jsonindex.SegEscape: "escape"} {
		if !strings.HasPrefix(segments[fmt.Sprint(kind)], name) {
			t.Errorf("segment %d: %q", kind, segments[fmt.Sprint(kind)])
		}
	}
}

// The names and numbers that stand in sentences.
func TestDocumentNames(t *testing.T) {
	text := document(t)
	exports := table(t, text, "export")
	if len(exports) != len(Exports())+1 { // memory is no function
		t.Errorf("%d exports", len(exports))
	}
	for _, e := range Exports() {
		params, ok := exports["`"+e.Name+"`"]
		if n := strings.Count(params, "i32"); !ok || n != e.Params {
			t.Errorf("export %s: %q", e.Name, params)
		}
	}
	result := regexp.MustCompile("(?m)^\\| `(\\w+)` \\| [^|]* \\| ([^|]*) \\|")
	for _, m := range result.FindAllStringSubmatch(text, -1) {
		i := slices.IndexFunc(Exports(), func(e Export) bool { return e.Name == m[1] })
		if i >= 0 && m[2] != map[int]string{0: "–", 32: "i32", 64: "i64"}[Exports()[i].Result] {
			t.Errorf("export %s returns %q", m[1], m[2])
		}
	}
	for _, name := range WASIFunctions() {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("import %s is missing", name)
		}
	}
	for _, sentence := range []string{
		fmt.Sprintf("magic u16 = %#04x, the letters `%s`", Magic, string(le.AppendUint16(nil, Magic))), fmt.Sprintf("version u8 = %d", Version),
		fmt.Sprintf("at most %d |", MaxSections), fmt.Sprintf("# ABI v%d", Version), "Function `" + Log + "` of module `" + Module + "`", "`" + WASI + "`",
		fmt.Sprintf("%d debug, %d info, %d warn, %d error", Debug, Info, Warn, Error),
		fmt.Sprintf("%d messages, %d count_tokens, %d models", adapter.Messages, adapter.CountTokens, adapter.Models),
		fmt.Sprintf("%d event stream, %d JSON lines", adapter.SSE, adapter.JSONLines),
		fmt.Sprintf("reason %d: in good order, %d: cut", adapter.EOF, adapter.Cut),
		fmt.Sprintf("%d noop, %d tuned, %d approximated, %d dropped", adapter.Noop, adapter.Tuned, adapter.Approximated, adapter.Dropped),
		fmt.Sprintf("over %d KiB", jsonindex.ExternOver>>10), fmt.Sprintf("at most %d bytes", jsonindex.ExternHead),
	} {
		if !strings.Contains(text, sentence) {
			t.Errorf("the document does not say %q", sentence)
		}
	}
	if Features != 0 || FrameFlag != 1<<31 || CallStream != 1 || RequestStream != 1 || RequestPassThrough != 2 || RequestLocal != 4 || SpliceRemove != 1 {
		t.Error("a bit has moved")
	}
}

// examples are the blocks of worked bytes by their names.
func examples(t *testing.T) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	for _, m := range regexp.MustCompile("(?s)```hex (\\w+)\n(.*?)```").FindAllStringSubmatch(document(t), -1) {
		var b []byte
		for line := range strings.Lines(m[2]) {
			digits, _, _ := strings.Cut(line, ";")
			part, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
			if err != nil {
				t.Fatalf("example %s: %v", m[1], err)
			}
			b = append(b, part...)
		}
		found[m[1]] = b
	}
	return found
}

// The worked bytes are what the code writes, and the code reads them.
func TestDocumentExamples(t *testing.T) {
	doc, err := jsonindex.Parse([]byte(`{"a":[1,"b\n"]}`), jsonindex.ClientMode())
	if err != nil {
		t.Fatal(err)
	}
	empty, err := jsonindex.Parse([]byte(`{}`), jsonindex.UpstreamMode())
	if err != nil {
		t.Fatal(err)
	}
	evs := []runner.RawEvent{{Data: empty.Src, Doc: empty}}
	events := make([]byte, EventsSize(evs))
	PutEvents(events, evs)
	var e ops.Emitter
	e.TextString(0, "hi")
	e.Done()
	want := map[string][]byte{
		"index":  doc.IndexBytes(),
		"call":   AppendCall(nil, 3, &adapter.Call{ID: "req_1", Model: "m", Stream: true}),
		"events": events,
		"ops":    e.Buf,
		"error":  AppendError(nil, 0, adapter.Fail(adapter.Unsupported, "top_k", "no")),
	}
	got := examples(t)
	for name, b := range want {
		if !bytes.Equal(got[name], b) {
			t.Errorf("example %s\nin the document % x\nby the code     % x", name, got[name], b)
		}
	}
	f, err := Open(got["frame"])
	if err != nil {
		t.Fatal(err)
	}
	if n, err := f.Number(TagHandle); n != 0 || err != nil {
		t.Errorf("example frame: %d, %v", n, err)
	}
	if len(got) != len(want)+1 {
		t.Errorf("%d examples, %d are checked", len(got), len(want)+1)
	}
	m := regexp.MustCompile("Example: `(\\{\"name\".*\\})`").FindStringSubmatch(document(t))
	if m == nil {
		t.Fatal("no example of a manifest")
	}
	if have := AppendManifest(nil, adapter.Manifest{Name: "echo", Auth: "bearer"}); string(have) != m[1] {
		t.Errorf("manifest %s", have)
	}
}
