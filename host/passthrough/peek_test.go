package passthrough

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/sse"
)

// event is one frame in the usual spelling.
func event(name, data string) string { return "event: " + name + "\ndata: " + data + "\n\n" }

var (
	start = event("message_start", `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[],"stop_reason":null,"usage":{"input_tokens":12,"cache_read_input_tokens":5,"cache_creation_input_tokens":7,"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":4},"output_tokens":1}}}`)
	begin = event("content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`)
	delta = event("content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}`)
	end   = event("content_block_stop", `{"type":"content_block_stop","index":0}`)
	tail  = event("message_delta", `{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":9,"output_tokens_details":{"thinking_tokens":2}}}`)
	stop  = event("message_stop", `{"type":"message_stop"}`)
	ping  = event("ping", `{"type":"ping"}`)
)

// peek runs a stream through a parser and a peeker and returns the kinds and the relayed bytes.
func peek(t testing.TB, p *Peeker, stream string) (kinds []Kind, relayed []byte) {
	t.Helper()
	s := sse.NewParser(sse.Limits{})
	s.Feed([]byte(stream))
	var ev sse.Event
	for {
		ok, err := s.Next(&ev)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return kinds, append(relayed, s.Tail()...)
		}
		kinds = append(kinds, p.Peek(&ev))
		relayed = append(relayed, ev.Raw...)
	}
}

func TestPeekOrdinaryStream(t *testing.T) {
	var p Peeker
	kinds, _ := peek(t, &p, start+ping+begin+delta+": note\n\n"+end+tail+stop)
	want := []Kind{Start, Ping, BlockStart, Delta, Other, BlockStop, Update, Done}
	if fmt.Sprint(kinds) != fmt.Sprint(want) {
		t.Errorf("kinds %v, want %v", kinds, want)
	}
	if !p.Started() || !p.Content() || !p.Done() || p.Unnamed() || p.Failure() != nil {
		t.Errorf("started %v, content %v, done %v, unnamed %v, failure %v", p.Started(), p.Content(), p.Done(), p.Unnamed(), p.Failure())
	}
	if got, want := p.Tokens(), (ops.Tokens{Input: 12, Output: 9, CacheRead: 5, CacheWrite: 7, CacheWrite1h: 4, Thinking: 2}); got != want {
		t.Errorf("tokens %+v, want %+v", got, want)
	}
	if reason, sequence := p.Stop(); reason != "end_turn" || sequence != "" {
		t.Errorf("stop %q %q", reason, sequence)
	}
	if id, model := p.Upstream(); id != "msg_1" || model != "claude-x" {
		t.Errorf("upstream %q %q", id, model)
	}
}

func TestPeekUsageOfTheEndWins(t *testing.T) {
	var p Peeker
	peek(t, &p, start+event("message_delta", `{"usage":{"input_tokens":40,"cache_read_input_tokens":null,"output_tokens":-3},"delta":{"stop_sequence":"\u000aEND","stop_reason":"stop_sequence"},"type":"message_delta"}`)+stop)
	if got, want := p.Tokens(), (ops.Tokens{Input: 40, Output: 0, CacheRead: 5, CacheWrite: 7, CacheWrite1h: 4, Thinking: -1}); got != want {
		t.Errorf("tokens %+v, want %+v", got, want)
	}
	if reason, sequence := p.Stop(); reason != "stop_sequence" || sequence != "\nEND" {
		t.Errorf("stop %q %q", reason, sequence)
	}
	if p.Content() || !p.Done() {
		t.Errorf("an answer without blocks: content %v, done %v", p.Content(), p.Done())
	}
}

// TestPeekOpenBlock follows the open block through a stream, frame by frame.
func TestPeekOpenBlock(t *testing.T) {
	block := func(data string) string { return event("content_block_start", data) }
	f := func(frame string, want Block, index int) {
		t.Helper()
		var p Peeker
		peek(t, &p, start+frame)
		if b, i := p.Open(); b != want || b != NoBlock && i != index {
			t.Errorf("%s: open %v %d, want %v %d", frame, b, i, want, index)
		}
		if p.ToolOpen() != (want == ToolBlock) {
			t.Errorf("%s: tool open %v", frame, p.ToolOpen())
		}
		peek(t, &p, end)
		if b, _ := p.Open(); b != NoBlock || p.ToolOpen() {
			t.Errorf("%s: still open after its stop", frame)
		}
	}
	f("", NoBlock, 0)
	f(block(`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`), TextBlock, 0)
	f(block(`{"content_block":{"thinking":"","signature":"","type":"thinking"},"index":3}`), ThinkingBlock, 3)
	f(block(`{"index" : 17 , "x":[{"type":"text"}],"content_block":{"data":"\"type\":\"text\"","type" : "redacted_thinking"}}`), ThinkingBlock, 17)
	f(block(`{"index":2,"content_block":{"input":{"type":"text"},"id":"toolu_\\","name":"a\"b","type":"tool_use"}}`), ToolBlock, 2)
	f(block(`{"index":2,"content_block":{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}}}`), OtherBlock, 2)
	f(block(`{"index":1e0,"content_block":{"type":7}}`), OtherBlock, -1)
	f(block(`{"content_block":null}`), OtherBlock, -1)
}

// U16: what is broken off inside a block's event is not relayed; unknown events pass, whatever they hold.
func TestPeekBrokenBlockEvents(t *testing.T) {
	f := func(frame string, broken bool) {
		t.Helper()
		var p Peeker
		peek(t, &p, start+frame)
		if (p.Failure() != nil) != broken {
			t.Errorf("%s: %v", frame, p.Failure())
		}
	}
	f(event("content_block_start", `not json`), true)
	f(event("content_block_delta", `{"type":"content_block_delta","index":0,"de`), true)
	f(event("content_block_delta", `"}`), true)
	f(event("content_block_stop", `{`), true)
	f(event("content_block_delta", ` {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"x"}} `), false)
	f(event("a_new_event", `not json`), false)
}

func TestPeekWithoutEventLines(t *testing.T) {
	var p Peeker
	kinds, _ := peek(t, &p, unnamed(start+ping+begin+delta+end+tail+stop)+"data: [DONE]\n\n")
	want := []Kind{Start, Ping, BlockStart, Delta, BlockStop, Update, Done, Other}
	if fmt.Sprint(kinds) != fmt.Sprint(want) {
		t.Errorf("kinds %v, want %v", kinds, want)
	}
	if !p.Unnamed() || !p.Done() {
		t.Errorf("unnamed %v, done %v", p.Unnamed(), p.Done())
	}
	var q Peeker
	if kinds, _ := peek(t, &q, "event: message\ndata: "+`{"x":{"type":"ping"}, "type" :"message_start","message":{}}`+"\n\n"); kinds[0] != Start {
		t.Errorf("event line \"message\": %v", kinds)
	}
	for _, data := range []string{`[DONE]`, `{"type":"news"}`, `{"type":1}`, `{"type":"content_block_delta_and_more"}`, `{"type`, `["type","ping"]`, ``} {
		var p Peeker
		if kinds, _ := peek(t, &p, "data: "+data+"\n\n"); kinds[0] != Other || p.Failure() != nil {
			t.Errorf("%s: %v %v", data, kinds, p.Failure())
		}
	}
}

func unnamed(stream string) string {
	var lines []string
	for _, line := range strings.Split(stream, "\n") {
		if !strings.HasPrefix(line, "event: ") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

func TestPeekFailures(t *testing.T) {
	// f gives a stream and what is left of it: the failure's class and a part of its message.
	f := func(stream string, class adapter.Class, message string, content bool) *adapter.Failure {
		t.Helper()
		var p Peeker
		kinds, _ := peek(t, &p, stream+delta)
		fail := p.Failure()
		if fail == nil || fail.Class != class || !strings.Contains(fail.Message, message) {
			t.Fatalf("%s: failure %v", stream, fail)
		}
		if p.Content() != content || p.Done() {
			t.Errorf("%s: content %v, done %v", stream, p.Content(), p.Done())
		}
		if n := len(kinds); kinds[n-2] != Error || kinds[n-1] != Other {
			t.Errorf("%s: kinds %v", stream, kinds)
		}
		return fail
	}
	overloaded := `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded","details":{"error_code":"x"}}}`

	// an error event, before and after content, named or not
	got := f(event("error", overloaded), adapter.Overloaded, "Overloaded", false)
	if got.Type != "overloaded_error" || string(got.Details) != `{"error_code":"x"}` {
		t.Errorf("type %q, details %s", got.Type, got.Details)
	}
	f(start+event("error", overloaded), adapter.Overloaded, "Overloaded", false)
	f(start+begin+delta+event("error", overloaded), adapter.Overloaded, "Overloaded", true)
	f("data: "+overloaded+"\n\n", adapter.Overloaded, "Overloaded", false)
	f(start+event("message_delta", overloaded), adapter.Overloaded, "Overloaded", false)
	f(event("error", `{}`), adapter.Overloaded, "broke off", false)
	f(event("error", `{"error":"text"}`), adapter.Overloaded, "broke off", false)
	// frames that must be read and cannot be
	f(event("error", `<html>`), adapter.Protocol, "error event cannot be read", false)
	f(event("message_start", `{"message":`), adapter.Protocol, "message_start event cannot be read", false)
	f(start+begin+event("message_delta", `}`), adapter.Protocol, "message_delta event cannot be read", false)
	f(start+event("message_stop", ``), adapter.Protocol, "message_stop event cannot be read", false)
	// the wrong order
	f(begin, adapter.Protocol, "content_block_start event in the wrong place", false)
	f(delta, adapter.Protocol, "content_block_delta event in the wrong place", false)
	f(tail, adapter.Protocol, "message_delta event in the wrong place", false)
	f(stop, adapter.Protocol, "message_stop event in the wrong place", false)
	f(start+begin+start, adapter.Protocol, "message_start event in the wrong place", false)
	// the start of a tool or of a block that is said whole is content, that of a text is not
	for kind, content := range map[string]bool{"text": false, "thinking": false, "redacted_thinking": false, "tool_use": true, "hologram": true} {
		block := event("content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"`+kind+`"}}`)
		f(start+block+event("error", overloaded), adapter.Overloaded, "Overloaded", content)
	}
}

func TestPeekClassify(t *testing.T) {
	var seen string
	p := Peeker{Classify: func(data []byte) *adapter.Failure {
		seen = string(data)
		return adapter.Fail(adapter.Quota, "", "no money")
	}}
	data := `{"type":"error","error":{"type":"invalid_request_error","message":"credit"}}`
	peek(t, &p, start+event("error", data))
	if p.Failure() == nil || p.Failure().Class != adapter.Quota || seen != data {
		t.Errorf("failure %v, seen %q", p.Failure(), seen)
	}
	p.Classify = func([]byte) *adapter.Failure { return nil }
	p.Reset()
	peek(t, &p, event("error", data))
	if p.Failure() == nil || p.Failure().Message != "credit" {
		t.Errorf("with no opinion: %v", p.Failure())
	}
}

// TestPeekCut: whatever is missing at the end, the stream is not done.
func TestPeekCut(t *testing.T) {
	whole := start + begin + delta + end + tail + stop
	for n := range len(whole) {
		var p Peeker
		if peek(t, &p, whole[:n]); p.Done() {
			t.Fatalf("done after %q", whole[:n])
		}
		if p.Failure() != nil {
			t.Fatalf("%v after %q", p.Failure(), whole[:n])
		}
	}
}

func TestPeekIgnoresWhatFollowsTheEnd(t *testing.T) {
	var p Peeker
	kinds, _ := peek(t, &p, start+tail+stop+start+event("error", `{}`)+stop)
	if want := []Kind{Start, Update, Done, Other, Other, Other}; fmt.Sprint(kinds) != fmt.Sprint(want) || p.Failure() != nil {
		t.Errorf("kinds %v, failure %v", kinds, p.Failure())
	}
}

func TestPeekReset(t *testing.T) {
	var used, fresh Peeker
	peek(t, &used, unnamed(start)+begin+event("error", `{}`))
	used.Reset()
	a, _ := peek(t, &used, start+tail)
	b, _ := peek(t, &fresh, start+tail)
	if fmt.Sprint(a) != fmt.Sprint(b) || used.Tokens() != fresh.Tokens() || used.Content() || used.Unnamed() || used.Failure() != nil {
		t.Errorf("a peeker used before: %v, a new one: %v", a, b)
	}
	if got := new(Peeker).Tokens(); got != ops.Unknown() {
		t.Errorf("tokens of nothing: %+v", got)
	}
}

// corpus are streams that a converter would change and a relay must not.
var corpus = map[string]string{
	"invented fields": event("message_start", `{"type":"message_start","from_the_future":{"a":[1,2.50,1e3]},"message":{"id":"m","zz":null,"usage":{"x":1}}}`) +
		event("content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"hologram","depth":3}}`) +
		event("content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"hologram_delta","n":1e400}}`) +
		event("news", `{"type":"news"}`) + end + tail + stop,
	"thinking signature": start + event("content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}`) +
		event("content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQBCkYIBRgC\/+w=="}}`) + end + tail + stop,
	"odd key order":  event("message_start", `{"message":{"usage":{"output_tokens":1},"model":"m","id":"i"},"type":"message_start"}`) + tail + stop,
	"double spaces":  strings.ReplaceAll(start+begin+delta+end+tail+stop, `":`, "\"  : \t "),
	"CRLF":           strings.ReplaceAll(start+ping+begin+delta+end+tail+stop, "\n", "\r\n"),
	"CR":             strings.ReplaceAll(start+begin+delta+end+tail+stop, "\n", "\r"),
	"comments":       ": hello\n\n" + start + ":\n\n: ping\n:\n\n" + begin + delta + "\n\n\n" + end + tail + stop,
	"comment inside": strings.ReplaceAll(start+begin+delta+end+tail+stop, "\ndata", "\n: x\nretry: 3\nid: 7\ndata"),
	"data lines":     start + begin + "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\ndata: \"index\":0,\"delta\":{}}\n\n" + end + tail + stop,
	"order mark":     "\ufeff" + start + begin + delta + end + tail + stop,
	"bad UTF-8":      start + begin + event("content_block_delta", "{\"delta\":{\"type\":\"text_delta\",\"text\":\"\xff\"}}") + end + tail + stop,
	"pings":          ping + start + ping + ping + begin + ping + delta + ping + end + tail + ping + stop + ping,
	"after the end":  start + begin + end + tail + stop + "data: [DONE]\n\n",
}

// TestRelayIsByteIdentical: peeking changes nothing, and what was learnt does not depend on where the bytes were cut.
func TestRelayIsByteIdentical(t *testing.T) {
	for name, stream := range corpus {
		var p Peeker
		kinds, relayed := peek(t, &p, stream)
		if string(relayed) != stream {
			t.Errorf("%s: relayed %q, want %q", name, relayed, stream)
		}
		if !p.Done() || p.Failure() != nil {
			t.Errorf("%s: done %v, failure %v, kinds %v", name, p.Done(), p.Failure(), kinds)
		}
		if reason, _ := p.Stop(); reason != "end_turn" {
			t.Errorf("%s: stop %q", name, reason)
		}
		if p.Tokens().Output != 9 {
			t.Errorf("%s: tokens %+v", name, p.Tokens())
		}
		var sliced Peeker
		if got := peekBytewise(t, &sliced, stream); fmt.Sprint(got) != fmt.Sprint(kinds) {
			t.Errorf("%s: byte by byte %v, at once %v", name, got, kinds)
		}
	}
}

func peekBytewise(t *testing.T, p *Peeker, stream string) (kinds []Kind) {
	t.Helper()
	s := sse.NewParser(sse.Limits{})
	var ev sse.Event
	for i := range len(stream) {
		s.Feed([]byte{stream[i]})
		for {
			ok, err := s.Next(&ev)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			kinds = append(kinds, p.Peek(&ev))
		}
	}
	return kinds
}

func TestFrameEnd(t *testing.T) {
	for _, lineEnd := range []string{"\n", "\r\n", "\r"} {
		unfinished := strings.ReplaceAll("event: message_stop\ndata: {}\n", "\n", lineEnd)
		s := sse.NewParser(sse.Limits{})
		s.Feed([]byte(unfinished + FrameEnd([]byte(unfinished))))
		var ev sse.Event
		ok, err := s.Next(&ev)
		if !ok { // a CR at the very end may still be half of a CRLF
			ev, ok = s.Close()
		}
		if !ok || err != nil || ev.Unterminated || string(ev.Data) != "{}" {
			t.Errorf("line end %q: %v %v %+v", lineEnd, ok, err, ev)
		}
	}
}

func TestPeekAllocatesNothingPerDelta(t *testing.T) {
	var p Peeker
	peek(t, &p, start+begin)
	data := []byte(`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hello"}}`)
	for _, ev := range []sse.Event{
		{Name: "content_block_delta", Data: data, HasData: true},
		{Data: data, HasData: true},
		{Name: "ping", Data: []byte(`{"type":"ping"}`), HasData: true},
		{Raw: []byte(": note\n\n")},
	} {
		if n := testing.AllocsPerRun(100, func() { p.Peek(&ev) }); n != 0 {
			t.Errorf("%+v: %v allocations", ev, n)
		}
	}
}

func TestPeekWhole(t *testing.T) {
	f := func(body string, want Whole) {
		t.Helper()
		doc, err := jsonindex.Parse([]byte(body), jsonindex.UpstreamMode())
		if err != nil {
			t.Fatal(err)
		}
		if got := PeekWhole(doc); got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", body, got, want)
		}
	}
	none := ops.Unknown()
	usage := ops.Tokens{Input: 1, Output: 2, CacheRead: -1, CacheWrite: -1, CacheWrite1h: -1, Thinking: -1}
	f(`{"id":"msg_1","type":"message","model":"m","content":[{"type":"text","text":"x"}],"stop_reason":"stop_sequence","stop_sequence":"S","usage":{"input_tokens":1,"output_tokens":2,"service_tier":"standard"}}`,
		Whole{Kind: IsMessage, ID: "msg_1", Model: "m", Stop: "stop_sequence", Sequence: "S", Tokens: usage})
	f(`{"usage":{"input_tokens":1,"output_tokens":2},"stop_reason":null,"content":[],"type":"message"}`, Whole{Kind: IsMessage, Tokens: usage, Empty: true})
	f(`{"role":"assistant","content":[1]}`, Whole{Kind: IsMessage, Tokens: none})
	count := none
	count.Input = 77
	f(`{"input_tokens":77}`, Whole{Kind: IsCount, Tokens: count, Empty: true})
	count.Input = ops.MaxTokenCount
	f(`{"input_tokens":9e17,"context_management":{}}`, Whole{Kind: IsCount, Tokens: count, Empty: true})
	f(`{"type":"error","error":{"type":"api_error","message":"x"}}`, Whole{Kind: IsError, Tokens: none, Empty: true})
	f(`{"error":{"message":"x"}}`, Whole{Kind: IsError, Tokens: none, Empty: true})
	f(`{"choices":[]}`, Whole{Tokens: none, Empty: true})
	f(`[]`, Whole{Tokens: none, Empty: true})
	f(`{"id":1,"model":[],"content":{},"usage":[],"stop_reason":{},"input_tokens":"7"}`, Whole{Tokens: none, Empty: true})
	f(`{"type":"message","usage":{"input_tokens":1.5,"output_tokens":"2","cache_creation":7,"output_tokens_details":[],"cache_read_input_tokens":-9}}`,
		Whole{Kind: IsMessage, Empty: true, Tokens: ops.Tokens{Input: -1, Output: -1, CacheRead: 0, CacheWrite: -1, CacheWrite1h: -1, Thinking: -1}})
}

// FuzzMember compares the skimmer with the index on every JSON text, and asks it not to fail on the rest.
func FuzzMember(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, ` { "a" : [ {"b":"]"} , null ] , "b" : "x\\\"" , "c":-1.5e3 , "d":{}}`, `{"a"`, `{"a":}`, `{"a":"`, `[]`, `{"a":1,}`, ``} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, key := range []string{"type", "index", "a", ""} {
			v := member(b, key)
			text(v)
			number(v)
		}
		doc, err := jsonindex.Parse(b, jsonindex.Mode{Unique: true})
		if err != nil {
			return
		}
		for it := doc.Root().Iter(); it.Next(); {
			if bytes.IndexByte(it.RawKey(), '\\') >= 0 || it.Key() == nil {
				continue
			}
			want, ok := it.Val.Raw()
			if got := member(b, string(it.Key())); !ok || !bytes.Equal(got, want) {
				t.Fatalf("%s: %s is %q, want %q", b, it.Key(), got, want)
			}
		}
	})
}

// FuzzPeek: whatever a stream holds, peeking neither fails nor changes it, and done is done.
func FuzzPeek(f *testing.F) {
	for _, stream := range corpus {
		f.Add([]byte(stream))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var p Peeker
		s := sse.NewParser(sse.Limits{})
		s.Feed(b)
		var relayed []byte
		var ev sse.Event
		for {
			ok, err := s.Next(&ev)
			if err != nil || !ok {
				break
			}
			done := p.Done()
			kind := p.Peek(&ev)
			if kind == Done && done || kind == Error != (p.Failure() != nil) && kind != Other {
				t.Fatalf("%v, done %v, failure %v", kind, done, p.Failure())
			}
			relayed = append(relayed, ev.Raw...)
		}
		if !bytes.HasPrefix(b, relayed) {
			t.Fatalf("relayed %q of %q", relayed, b)
		}
		if p.Done() && (p.Failure() != nil || !p.Started()) {
			t.Fatalf("done, failure %v, started %v", p.Failure(), p.Started())
		}
	})
}
