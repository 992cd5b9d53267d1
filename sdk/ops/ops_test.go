package ops

import (
	"errors"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// emitAll emits each op once, from values of a parsed document where there is a choice.
func emitAll(t testing.TB, e *Emitter) {
	doc, err := jsonindex.Parse([]byte(`{"id":"up-1","model":"m\u0031","s":"a\nb","n":null,"x":7}`), jsonindex.UpstreamMode())
	if err != nil {
		t.Fatal(err)
	}
	v := doc.Root()
	e.Message(v.Get("id"), v.Get("model"))
	e.MessageString("up-2", "")
	e.Message(v.Get("n"), v.Get("x"))
	e.Thinking(0, v.Get("s"))
	e.ThinkingString(0, "t")
	e.Signature(0, v.Get("s"))
	e.SignatureString(0, "sig")
	e.BlockEnd(0)
	e.Redacted(1, v.Get("s"))
	e.RedactedString(1, "r")
	e.Text(2, v.Get("s"))
	e.TextString(2, "a\n\"b\"")
	e.TextBytes(2, []byte("c"))
	e.Citation(2, []byte(`{"type":"char_location"}`))
	e.ToolStart(3, "call_1", "read")
	e.ToolArgs(3, v.Get("s"))
	e.ToolArgsRaw(3, []byte(`{"a":1}`))
	e.ToolArgsString(3, "")
	e.Block(MaxBlock, []byte("{\"type\":\"x\",\n\"y\":1}"))
	e.Usage(Tokens{12, 3, 0, -1, -1, -1})
	e.Usage(Unknown())
	e.Stop(EndTurn, "", nil)
	e.Stop(StopSequence, "END", nil)
	e.Stop(Refusal, "", []byte(`{"type":"refusal"}`))
	e.Stop(Refusal, "", []byte("{\n}"))
	e.Stop(Compaction, "x", []byte("null"))
	e.Model([]byte(`{"id":"m"}`))
	e.Loss("citations", Dropped, "not supported")
	e.Done()
}

const allDumped = `message "up-1" "m1"
message "up-2" ""
message "" ""
thinking 0 "a\nb"
thinking 0 plain "t"
signature 0 "a\nb"
signature 0 plain "sig"
block_end 0
redacted 1 "a\nb"
redacted 1 plain "r"
text 2 "a\nb"
text 2 plain "a\n\"b\""
text 2 plain "c"
citation 2 {"type":"char_location"}
tool_start 3 "call_1" "read"
tool_args 3 "a\nb"
tool_args 3 plain "{\"a\":1}"
tool_args 3 plain ""
block 65534 "{\"type\":\"x\",\n\"y\":1}"
usage in=12 out=3 cache_read=0
usage
stop end_turn
stop stop_sequence "END"
stop refusal {"type":"refusal"}
stop refusal "" "{\n}"
stop compaction "x"
model {"id":"m"}
loss dropped "citations" "not supported"
done
`

func TestEmitterReaderAndDump(t *testing.T) {
	var e Emitter
	emitAll(t, &e)
	if got := Dump(e.Buf); got != allDumped {
		t.Errorf("dump:\n%s", got)
	}
	back, err := ParseDump("# a comment\n\n" + allDumped)
	if err != nil || string(back) != string(e.Buf) {
		t.Errorf("ParseDump does not lead back: %v\n%s", err, Dump(back))
	}
	var r Reader
	r.Reset(e.Buf)
	n := 0
	for r.More() {
		o, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		n++
		if raw := o.Code == Block || o.Code == Citation || o.Code == Model; raw != (r.JSON().Kind() == jsonindex.Object) &&
			o.Code != Stop {
			t.Errorf("op %d (%s): JSON exists: %v", n, o.Code, r.JSON().Exists())
		}
	}
	if n != strings.Count(allDumped, "\n") || r.Number() != n {
		t.Errorf("%d ops were read, number %d", n, r.Number())
	}
}

func TestEmitterRefusesWhatIsNoString(t *testing.T) {
	src := []byte(`{"long":"` + strings.Repeat("x", jsonindex.ExternOver+1) + `","null":null,"num":1,"obj":{}}`)
	doc, err := jsonindex.Parse(src, jsonindex.ClientMode())
	if err != nil {
		t.Fatal(err)
	}
	var e Emitter
	for _, key := range []string{"long", "null", "num", "obj", "absent"} {
		v := doc.Root().Get(key)
		if e.Text(0, v) || e.Thinking(0, v) || e.Signature(0, v) || e.Redacted(0, v) || e.ToolArgs(0, v) {
			t.Errorf("%s passed for a string", key)
		}
	}
	if e.Len() != 0 {
		t.Errorf("%d bytes were emitted", e.Len())
	}
}

func TestEmitterCopies(t *testing.T) {
	src := []byte(`{"s":"abc"}`)
	doc, _ := jsonindex.Parse(src, jsonindex.UpstreamMode())
	raw := []byte(`{"type":"x"}`)
	var e Emitter
	e.Text(0, doc.Root().Get("s"))
	e.Block(1, raw)
	e.TextBytes(2, raw)
	e.Stop(Refusal, "", raw)
	before := Dump(e.Buf)
	for _, b := range [][]byte{src, raw} {
		for i := range b {
			b[i] = 0xff
		}
	}
	if after := Dump(e.Buf); after != before || !strings.Contains(before, "abc") {
		t.Errorf("the ops changed:\n%s", after)
	}
}

func TestDoneSeen(t *testing.T) {
	var e Emitter
	e.TextString(0, "\x0f\x00\x00\x00\x00\x00\x00\x00") // looks like done
	if e.DoneSeen() {
		t.Error("a text counts as done")
	}
	e.Buf = append(e.Buf, byte(Done), 0, 0, 0, 0, 0, 0, 0) // as a sandbox's runner does
	for range 2 {                                          // the second look begins where the first one ended
		if !e.DoneSeen() {
			t.Error("done was not seen")
		}
	}
	e.Reset()
	if e.DoneSeen() || e.Len() != 0 {
		t.Error("Reset keeps done")
	}
	e.Done()
	if !e.DoneSeen() {
		t.Error("done was not seen")
	}
}

func TestTokensMerge(t *testing.T) {
	got := Unknown()
	got.Merge(Tokens{Input: 5, Output: -1, CacheRead: -7, CacheWrite: 1 << 62, CacheWrite1h: 0, Thinking: -1})
	got.Merge(Tokens{Input: -1, Output: 3, CacheRead: -1, CacheWrite: -1, CacheWrite1h: -1, Thinking: -1})
	if want := (Tokens{5, 3, 0, MaxTokenCount, 0, -1}); got != want {
		t.Errorf("merged: %+v, want %+v", got, want)
	}
}

func TestNames(t *testing.T) {
	for r := EndTurn; r <= Compaction; r++ {
		if back, ok := ParseStopReason(r.String()); !ok || back != r {
			t.Errorf("stop reason %d: %s", r, r)
		}
	}
	for k := Noop; k <= Dropped; k++ {
		if back, ok := ParseLossKind(k.String()); !ok || back != k {
			t.Errorf("loss kind %d: %s", k, k)
		}
	}
	if _, ok := ParseStopReason("stop"); ok || StopReason(99).String() != "stop reason 99" {
		t.Error("an unknown stop reason has a name")
	}
	if _, ok := ParseLossKind("lost"); ok || LossKind(99).String() != "loss kind 99" {
		t.Error("an unknown kind of loss has a name")
	}
	if Code(0).String() != "op 0" || Code(16).String() != "op 16" || Done.String() != "done" {
		t.Error("names of codes")
	}
}

// TestReaderRefuses gives the reader every wrong form and wants the place and the reason.
func TestReaderRefuses(t *testing.T) {
	head := func(code Code, flags byte, block uint16, payload string) []byte {
		b := Append(nil, Op{Code: code, Block: block, Data: []byte(payload)})
		b[1] = flags
		return b
	}
	f := func(b []byte, want string) {
		t.Helper()
		var r Reader
		r.Reset(append(Append(nil, Op{Code: Text, Data: []byte("ok")}), b...))
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		_, err := r.Next()
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%q: no *Error but %v", b, err)
			return
		}
		if e.Number != 2 || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", b, err, want)
		}
	}
	// Truncated heads and lying lengths.
	f([]byte{2}, "op 2 (text, block 0): the op is cut off")
	f([]byte{2, 0, 1, 0, 0, 0, 0}, "block 1")
	f([]byte{2, 0, 0, 0, 1, 0, 0, 0}, "cut off")
	f([]byte{2, 0, 0, 0, 255, 255, 255, 255, 'x'}, "cut off")
	// Unknown codes and flags.
	f(head(0, 0, 0, ""), "op 0): there is no such op")
	f(head(16, 0, 0, ""), "no such op")
	f(head(200, 1, 0, ""), "no such op")
	f(head(Text, 2, 0, ""), "unknown flags")
	f(head(Text, 3, 0, ""), "unknown flags")
	for _, c := range []Code{Message, ToolStart, Citation, Block, BlockEnd, Usage, Stop, Model, Loss, Done} {
		f(head(c, FlagEscaped, 0, ""), "unknown flags")
	}
	// Block numbers.
	f(head(Text, 0, badBlock, ""), "0 to 65534")
	f(head(Text, FlagEscaped, badBlock, ""), "0 to 65534")
	f(head(BlockEnd, 0, badBlock, ""), "0 to 65534")
	for _, c := range []Code{Message, Usage, Model, Done} {
		f(head(c, 0, 1, ""), "belongs to no block")
	}
	var e Emitter
	e.TextString(-1, "x")
	f(e.Buf, "0 to 65534")
	e.Reset()
	e.TextString(1<<16, "x")
	f(e.Buf, "0 to 65534")
	// Escaped payloads.
	for _, s := range []string{`"`, `\`, `\q`, `\u12`, "a\nb", "\x00", "\x1f", "\xff", "\xed\xa0\x80", "a\"}}\n\nevent: message_stop\ndata: {}\n\n"} {
		for _, c := range []Code{Text, Thinking, Signature, Redacted, ToolArgs} {
			f(head(c, FlagEscaped, 0, s), "not the inside of a JSON string")
		}
	}
	// Plain payloads.
	for _, c := range []Code{Text, Thinking, Signature, Redacted, ToolArgs} {
		f(head(c, 0, 0, "a\xc3"), "not UTF-8")
	}
	// Raw payloads.
	for _, c := range []Code{Block, Citation, Model} {
		f(head(c, 0, 0, ""), "not JSON")
		f(head(c, 0, 0, "{} {}"), "not JSON")
		f(head(c, 0, 0, "{\"a\":\"\n\"}"), "not JSON")
		f(head(c, 0, 0, "{\"a\":\"\xff\"}"), "not JSON")
		f(head(c, 0, 0, strings.Repeat("[", 10000)), "not JSON")
		f(head(c, 0, 0, "[]"), "not a JSON object")
	}
	// Two strings, counts, reasons and the rest.
	f(head(ToolStart, 0, 0, "ab"), "not two strings")
	f(head(ToolStart, 0, 0, "\x02\x00\x00\x00a"), "not two strings")
	f(head(ToolStart, 0, 0, "\xff\xff\xff\xffa"), "not two strings")
	f(head(Message, 0, 0, "\x01\x00\x00\x00\xffa"), "not UTF-8")
	f(head(Loss, 0, 0, "\x01\x00\x00\x00a\xff"), "not UTF-8")
	f(head(Loss, 0, 4, "\x00\x00\x00\x00"), "unknown kind of loss")
	f(head(Stop, 0, 8, "\x00\x00\x00\x00"), "unknown stop reason")
	f(head(Stop, 0, 0, "\x00\x00"), "not two strings")
	f(head(Stop, 0, 0, "\x00\x00\x00\x00[]"), "not a JSON object")
	f(head(Usage, 0, 0, strings.Repeat("\x00", 40)), "not six counts")
	f(head(BlockEnd, 0, 0, "x"), "no payload")
	f(head(Done, 0, 0, "x"), "no payload")
}

func TestReaderCaps(t *testing.T) {
	text := Append(nil, Op{Code: Text, Data: make([]byte, 100)})
	r := Reader{MaxPayload: 99}
	r.Reset(text)
	if _, err := r.Next(); err == nil || !strings.Contains(err.Error(), "100 bytes long, more than 99") {
		t.Errorf("a long payload: %v", err)
	}
	r = Reader{MaxTotal: 250}
	r.Reset(text)
	for i := 1; ; i++ {
		_, err := r.Next()
		if i < 3 && err != nil || i == 3 && (err == nil || !strings.Contains(err.Error(), "more than 250")) {
			t.Fatalf("op %d: %v", i, err)
		}
		if i == 3 {
			break
		}
		r.Continue(text)
	}
	r.Reset(text)
	if _, err := r.Next(); err != nil {
		t.Errorf("Reset keeps the total: %v", err)
	}
}

func TestParseDumpFaults(t *testing.T) {
	f := func(s, want string) {
		t.Helper()
		_, err := ParseDump("done\n" + s)
		if err == nil || !strings.Contains(err.Error(), "dump line 2: "+want) {
			t.Errorf("%q: %v; want %q", s, err, want)
		}
	}
	f("say 0", `unknown op "say"`)
	f("text", "the block number")
	f("text 65536 \"\"", "the block number")
	f("text -1 \"\"", "the block number")
	f("text 0", "a string in quotes, or plain")
	f("text 0 loud \"x\"", "a string in quotes, or plain")
	f("text 0 \"x", "a string has no closing quote")
	f("text 0 \"x\" y", `unexpected "y"`)
	f("block 0", "raw JSON is missing")
	f("stop", "unknown stop reason")
	f("loss lost \"\" \"\"", "unknown kind of loss")
	f("loss noop \"\"", "a string in quotes is missing")
	f("usage in", `unknown count "in"`)
	f("usage in=x", `unknown count "in=x"`)
	f("usage for=1", `unknown count "for=1"`)
	f("raw 0", "raw needs hexadecimal digits")
	f("done done", `unexpected "done"`)
}

func TestNoAllocations(t *testing.T) {
	var e Emitter
	emitAll(t, &e)
	frame := append([]byte(nil), e.Buf...)
	doc, _ := jsonindex.Parse([]byte(`"Hello, \"world\""`), jsonindex.UpstreamMode())
	v := doc.Root()
	if n := testing.AllocsPerRun(100, func() {
		e.Reset()
		e.Text(0, v)
		e.ToolStart(1, "id", "name")
		e.ToolArgs(1, v)
		e.Usage(Unknown())
		e.Done()
		e.DoneSeen()
	}); n != 0 {
		t.Errorf("emitting allocates %v times", n)
	}
	var r Reader
	if n := testing.AllocsPerRun(100, func() {
		for r.Reset(frame); r.More(); {
			if _, err := r.Next(); err != nil {
				t.Fatal(err)
			}
		}
	}); n != 0 {
		t.Errorf("reading allocates %v times", n)
	}
}
