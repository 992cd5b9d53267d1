package render_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/render"
	"github.com/claude-proxy/claude-proxy/sdk/render/grammar"
)

// refuse renders ops that misbehave, both ways. Each must end in an error that names the op, nothing may follow, and what
// the client has got is the well-formed beginning of a stream, to which an error event can be added.
func refuse(t *testing.T, frame []byte, want string) (stream []byte, err error) {
	t.Helper()
	ended := false
	for _, whole := range []bool{true, false} {
		s, c := render.NewStream(meta), eachStep
		if whole {
			s, c = render.NewWhole(meta), nothing
		}
		stream, err = apply(t, s, frame, c)
		var e *ops.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("whole %v: %v; want %q\n%s", whole, err, want, ops.Dump(frame))
			continue
		}
		again, err2 := s.Apply(stream, parse(t, "text 9 \"more\"\nstop end_turn\ndone"))
		if err2 != err || len(again) != len(stream) || s.CanPing() {
			t.Errorf("after %v it goes on: %v", err, err2)
		}
		ended = s.Done()
	}
	if ended { // complete before the fault
		return stream, err
	}
	if s := string(stream); strings.Contains(s, "event: message_stop") {
		t.Errorf("the stream ends as if all were well:\n%s", s)
	}
	failed := render.AppendError(stream, []byte(`{"type":"error","error":{"type":"api_error","message":""}}`))
	if err := grammar.CheckStream(failed); err != nil {
		t.Errorf("an error event does not end the stream well: %v", err)
	}
	return stream, err
}

func TestRefused(t *testing.T) {
	f := func(dump, want string) {
		t.Helper()
		_, _ = refuse(t, parse(t, dump), want) // it reports by itself
	}
	// The end.
	f("done", "op 1 (done): the answer is said to be complete but has no stop reason")
	f("text 0 \"a\"\ndone", "no stop reason")
	f("stop end_turn\ndone\ntext 0 \"a\"", "op 3 (text, block 0): nothing may follow done")
	f("text 0 \"a\"\nstop end_turn\ndone\ndone", "nothing may follow done")
	f("text 0 \"a\"\nstop end_turn\ndone\nusage out=1", "nothing may follow done")
	f("text 0 \"a\"\nstop end_turn\ndone\nraw 00", "cut off")
	f("text 0 \"a\"\nmodel {\"id\":\"m\"}", "no part of a message")
	// Blocks that have not begun, are of another kind, or have ended.
	f("block_end 0", "op 1 (block_end, block 0): the block has not begun")
	f("tool_args 3 \"{}\"", "the block has not begun")
	f("text 0 \"a\"\nthinking 0 \"b\"", "op 2 (thinking, block 0): the block is of another kind")
	f("text 0 \"a\"\nsignature 0 \"b\"", "of another kind")
	f("text 0 \"a\"\ntool_args 0 \"{}\"", "of another kind")
	f("thinking 0 \"a\"\ncitation 0 {\"type\":\"x\"}", "of another kind")
	f("text 0 \"a\"\ntool_start 0 \"a\" \"b\"", "of another kind")
	f("tool_start 0 \"a\" \"b\"\ntool_start 0 \"c\" \"d\"", "the block has begun already")
	f("redacted 0 \"a\"\nredacted 0 \"b\"", "the block has begun already")
	f("block 0 {\"type\":\"x\"}\nblock 0 {\"type\":\"x\"}", "the block has begun already")
	f("text 0 \"a\"\nblock_end 0\nblock_end 0", "the block has ended")
	f("text 0 \"a\"\nblock_end 0\ncitation 0 {\"type\":\"x\"}", "the block has ended")
	f("thinking 0 \"a\"\nblock_end 0\nthinking 0 \"b\"", "the block has ended")
	f("thinking 0 \"a\"\nblock_end 0\nsignature 0 \"b\"", "the block has ended")
	f("tool_start 0 \"a\" \"b\"\nblock_end 0\ntool_args 0 \"{}\"", "the block has ended")
	f("tool_start 0 \"a\" \"b\"\ntool_args 0 \"{\"\nblock_end 0\ntool_args 0 \"}\"", "the block has ended")
	f("redacted 0 \"a\"\nblock_end 0\nblock_end 0", "the block has ended")
	// Signatures.
	f("thinking 0 \"a\"\nsignature 0 \"b\"\nsignature 0 \"c\"", "op 3 (signature, block 0): the block has a signature already")
	f("thinking 0 \"a\"\nthinking 1 \"b\"\nsignature 1 \"b\"\nsignature 1 \"c\"", "signature already")
	// Tools.
	f("tool_start 0 \"\" \"f\"", "needs an id and a name")
	f("tool_start 0 \"a\" \"\"", "needs an id and a name")
	f("tool_start 0 \"a\" \"f\"\ntool_start 1 \"a\" \"g\"", "op 2 (tool_start, block 1): another tool call of this answer has the same id")
	f("tool_start 0 \"a\" \"f\"\nblock 1 {\"type\":\"tool_use\",\"id\":\"\\u0061\",\"name\":\"g\",\"input\":{}}", "the same id")
	for _, args := range []string{"[]", "null", "x", "{}}", "{} {}", "{a", "{\\\"a\\\":1,}", "{\\\"a\\\":\\u00e4", "{\\u0022a\\u0022:01"} {
		f("text 0 \"a\"\ntool_start 1 \"a\" \"f\"\ntool_args 1 \""+args+"\"", "op 3 (tool_args, block 1): the arguments of the tool are not a JSON object")
	}
	f("tool_start 1 \"a\" \"f\"\ntool_args 1 plain \"{\\\"a\\\":\\n\\\"\\n\"", "not a JSON object")
	f("tool_start 1 \"a\" \"f\"\ntool_args 1 \"{}\"\ntext 0 \"a\"\ntool_args 1 \",\"", "not a JSON object")
	f("tool_start 1 \"a\" \"f\"\ntool_args 1 \"{\"\ntool_start 2 \"b\" \"f\"\ntool_args 2 \"]\"", "op 4 (tool_args, block 2)")
	for _, reason := range []string{"end_turn", "tool_use", "stop_sequence", "refusal", "pause_turn", "model_context_window_exceeded"} {
		f("text 0 \"a\"\ntool_start 1 \"a\" \"f\"\ntool_args 1 \"{\\\"a\\\":\"\nstop "+reason+"\ndone", "op 5 (done): the answer is said to be complete but the arguments of a tool are not")
		f("tool_start 1 \"a\" \"f\"\ntool_args 1 \"{\"\nblock_end 1\nstop "+reason+"\ndone", "arguments of a tool are not")
		f("thinking 0 \"a\"\ntool_start 1 \"a\" \"f\"\ntool_args 1 \"{\"\nstop "+reason+"\ndone", "arguments of a tool are not")
	}
	// Raw blocks and citations.
	f("block 0 {}", "the block needs a type")
	f("block 0 {\"type\":7}", "the block needs a type")
	f("block 0 {\"type\":\"\"}", "the block needs a type")
	f("block 0 {\"type\":\"text\"}", "the text block needs text")
	f("block 0 {\"type\":\"text\",\"text\":\"a\",\"text\":null}", "the text block needs text")
	f("block 0 {\"type\":\"thinking\",\"signature\":\"s\"}", "the thinking block needs thinking")
	f("block 0 {\"type\":\"thinking\",\"thinking\":\"s\",\"signature\":1}", "a signature that is a string")
	f("block 0 {\"type\":\"redacted_thinking\"}", "needs data")
	f("block 0 {\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"b\"}", "an input that is an object")
	f("block 0 {\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"b\",\"input\":\"{}\"}", "an input that is an object")
	f("block 0 {\"type\":\"tool_use\",\"id\":\"a\",\"input\":{}}", "needs an id and a name")
	f("block 0 {\"type\":\"tool_use\",\"id\":1,\"name\":\"b\",\"input\":{}}", "needs an id and a name")
	f("text 0 \"a\"\ncitation 0 {}", "a citation needs a type")
	f("text 0 \"a\"\ncitation 0 {\"type\":null}", "a citation needs a type")
}

// TestRefusedForms gives payloads and heads that are wrong in themselves, behind content.
func TestRefusedForms(t *testing.T) {
	f := func(o ops.Op, want string) {
		t.Helper()
		frame := parse(t, "text 0 \"a\"\ntool_start 1 \"t\" \"f\"\ntool_args 1 \"{\"\ntext 0 \"waits\"")
		_, _ = refuse(t, ops.Append(frame, o), want) // it reports by itself
	}
	stop := "\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
	for _, c := range []ops.Code{ops.Text, ops.Thinking, ops.Signature, ops.Redacted, ops.ToolArgs} {
		for _, s := range []string{stop, `a"}}`, `\`, `\q`, "\x01", "\xff"} {
			f(ops.Op{Code: c, Escaped: true, Block: 2, Data: []byte(s)}, "not the inside of a JSON string")
		}
		f(ops.Op{Code: c, Block: 2, Data: []byte("\xc3")}, "not UTF-8")
	}
	f(ops.Op{Code: ops.Block, Block: 2, Data: []byte("[]")}, "not a JSON object")
	f(ops.Op{Code: ops.Block, Block: 2, Data: []byte(`{"type":"x"}` + stop)}, "not JSON")
	f(ops.Op{Code: ops.Citation, Block: 0, Data: []byte(`{"type":"x"`)}, "not JSON")
	f(ops.Op{Code: ops.Stop, Block: 1, Data: append(make([]byte, 4), stop...)}, "not JSON")
	f(ops.Op{Code: 77, Block: 2}, "no such op")
	f(ops.Op{Code: ops.BlockEnd, Escaped: true}, "unknown flags")

	for cut := 1; cut < ops.HeadSize+3; cut++ {
		frame := parse(t, "text 0 \"a\"\ntext 0 \"bcd\"")
		_, _ = refuse(t, frame[:len(frame)-cut], "op 2 (text, block 0): the op is cut off") // it reports by itself
	}
	lying := parse(t, "text 0 \"a\"\ntext 0 \"bcd\"\ndone")
	lying[ops.HeadSize+1+4] = 2
	_, _ = refuse(t, lying, "op 3 (op 100): ") // it reports by itself
	lying[ops.HeadSize+1+4] = 4
	_, _ = refuse(t, lying, "op 2 (text, block 0): ") // alike
}

func TestErrorsForTheUpstream(t *testing.T) {
	f := func(dump string, want error) {
		t.Helper()
		if _, err := refuse(t, parse(t, dump), ""); !errors.Is(err, want) {
			t.Errorf("%v is not %v", err, want)
		}
	}
	f("done", render.ErrNoStop)
	f("tool_start 0 \"a\" \"f\"\ntool_args 0 \"[\"", render.ErrArgs)
	f("tool_start 0 \"a\" \"f\"\ntool_args 0 \"{\"\nstop end_turn\ndone", render.ErrHalfTool)
}

func TestTooMuchWaits(t *testing.T) {
	piece := strings.Repeat("x", 64<<10)
	for _, open := range []string{"thinking 0 \"a\"", "tool_start 0 \"a\" \"f\"\ntool_args 0 \"{\""} {
		for _, waits := range []ops.Code{ops.Text, ops.Thinking} {
			frame := parse(t, open)
			for n := 0; n <= render.MaxWaiting; n += len(piece) {
				frame = ops.Append(frame, ops.Op{Code: waits, Block: 1, Data: []byte(piece)})
			}
			_, _ = refuse(t, frame, "too much waits") // it reports by itself
		}
	}
	// Many small ones count with their heads, citations without text count too.
	frame := parse(t, "thinking 0 \"a\"")
	for range render.MaxWaiting/(ops.HeadSize+1) + 1 {
		frame = ops.Append(frame, ops.Op{Code: ops.Text, Block: 1, Data: []byte("x")})
	}
	s := render.NewStream(meta)
	if _, err := s.Apply(nil, frame); err == nil || !strings.Contains(err.Error(), "too much waits") {
		t.Error(err)
	}
	raw := []byte(`{"type":"` + piece + `"}`)
	frame = nil
	for range render.MaxWaiting/len(raw) + 1 {
		frame = ops.Append(frame, ops.Op{Code: ops.Citation, Block: 1, Data: raw})
	}
	_, _ = refuse(t, frame, "too much waits") // it reports by itself

	// What was said does not count any more.
	frame = parse(t, "thinking 0 \"a\"")
	for range 3 {
		for range render.MaxWaiting/len(piece) - 1 {
			frame = ops.Append(frame, ops.Op{Code: ops.Text, Block: 1, Data: []byte(piece)})
		}
		frame = append(frame, parse(t, "block_end 0\nstop end_turn\ndone")...)
		s.Reset(meta, false)
		out, err := s.Apply(nil, frame)
		if err != nil || s.Waiting() != 0 {
			t.Fatal(err, s.Waiting())
		}
		if err := grammar.CheckStream(out); err != nil {
			t.Fatal(err)
		}
		frame = parse(t, "thinking 0 \"a\"")
	}
}

func TestTooManyBlocks(t *testing.T) {
	// Numbers may be any, in any order, up to MaxBlocks of them.
	var e ops.Emitter
	for i := range render.MaxBlocks {
		e.ToolStart(ops.MaxBlock-i*13, fmt.Sprint("id", i), "f")
		e.BlockEnd(ops.MaxBlock - i*13)
	}
	fine := append([]byte(nil), e.Buf...)
	fine = append(fine, parse(t, "stop tool_use\ndone")...)
	for _, whole := range []bool{false, true} {
		s := new(render.State)
		for range 2 {
			s.Reset(meta, whole)
			out, err := s.Apply(nil, fine)
			if err != nil || s.Blocks() != render.MaxBlocks {
				t.Fatal(err, s.Blocks())
			}
			if whole {
				err = grammar.CheckWhole(out)
			} else {
				err = grammar.CheckStream(out)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	f := func(op func(), want string) {
		t.Helper()
		e.Reset()
		e.Buf = append(e.Buf, fine[:len(fine)-len(parse(t, "stop tool_use\ndone"))]...)
		op()
		s := render.NewStream(meta)
		out, err := s.Apply(nil, e.Buf)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
		if err := grammar.CheckPrefix(out); err != nil {
			t.Error(err)
		}
	}
	f(func() { e.TextString(1, "x") }, "more blocks than are allowed")
	f(func() { e.ToolStart(2, "id7", "f") }, "the same id")

	// One text block that is interrupted again and again becomes many.
	e.Reset()
	for i := range render.MaxBlocks {
		e.TextString(i&1, "x")
	}
	e.TextString(0, "one more")
	s := render.NewStream(meta)
	out, err := s.Apply(nil, e.Buf)
	if err == nil || !strings.Contains(err.Error(), "more blocks than are allowed") {
		t.Error(err)
	}
	if err := grammar.CheckPrefix(out); err != nil {
		t.Error(err)
	}

	// The last one may be one that has waited.
	for _, last := range []string{"block_end 2", "stop end_turn\ndone"} {
		e.Reset()
		for i := range render.MaxBlocks - 1 {
			e.TextString(i&1, "x")
		}
		e.Buf = append(e.Buf, parse(t, "thinking 2 \"a\"\ntext 0 \"waits\"\n"+last)...)
		s.Reset(meta, false)
		out, err := s.Apply(nil, e.Buf)
		if err == nil || !strings.Contains(err.Error(), "more blocks than are allowed") || s.Done() {
			t.Error(err)
		}
		if err := grammar.CheckPrefix(out); err != nil {
			t.Error(err)
		}
	}
}
