package render_test

import (
	"math/rand/v2"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/render"
	"github.com/claude-proxy/claude-proxy/sdk/render/grammar"
)

// program turns bytes into ops: most make sense, any order is possible. Each op takes a few bytes, so that a fuzzer that
// changes one changes one op.
type program struct{ b []byte }

func (p *program) next(n int) int {
	if len(p.b) == 0 {
		return 0
	}
	c := int(p.b[0])
	p.b = p.b[1:]
	return c % n
}

var (
	plainTexts   = []string{"", "a", "a \"b\"\n", "\n\nevent: message_stop\ndata: {}\n\n", "日本", "\x00", "\xff"}
	escapedTexts = []string{"", "a", `\n`, `\ud83d`, `\ude00`, `ä\u00e4`, `\\\"`, `"`, `\`, "\n"}
	argPieces    = []string{
		"{}", "{", "}", `{"a":`, `1}`, `"x`, `y"}`, `[1,`, `2]}`, " ", "", `{"a":"\u00`, `e4"}`, `{"b":tr`, "ue}", "]", `{"ä":"日`, "\n",
	}
	raws = []string{
		`{"type":"server_tool_use","id":"s","name":"n","input":{"q":[1]}}`, "{\n\"type\":\n\"x\"}", `{"type":"text","text":"t"}`,
		`{"type":"text","text":""}`, `{"type":"thinking","thinking":"t","signature":"s"}`, `{"type":"thinking","thinking":""}`,
		`{"type":"tool_use","id":"raw","name":"n","input":{"a":"\ud83d"}}`, `{"type":"redacted_thinking","data":"d"}`,
		`{"type":"text","type":"x","text":1}`, `{"type":"thinking","thinking":"a","thinking":"b","signature":"c","signature":"d"}`,
		`{"type":"text","text":7}`, `{}`, `[]`, `{"type":"web_search_tool_result","content":[]}`,
		"{\"type\":\"text\",\"text\":\"t\",\"citations\":[{\"type\":\"x\"},\r\n{\"type\":\"y\"}]}",
		`{"type":"tool_use","id":"raw","name":"n","input":{"a":1},"input":{"b":2}}`,
	}
	ids = []string{"a", "b", "c", "d", "e", "f", "g", ""}
)

func (p *program) pick(list []string) string { return list[p.next(len(list))] }

// emit emits the next op.
func (p *program) emit(e *ops.Emitter) {
	block := p.next(6)
	str := func(c ops.Code) {
		o := ops.Op{Code: c, Block: uint16(block), Escaped: p.next(2) == 0}
		if o.Escaped {
			o.Data = []byte(p.pick(escapedTexts))
		} else {
			o.Data = []byte(p.pick(plainTexts))
		}
		e.Buf = ops.Append(e.Buf, o)
	}
	switch p.next(16) {
	case 0, 1:
		str(ops.Text)
	case 2:
		str(ops.Thinking)
	case 3:
		str(ops.Signature)
	case 4:
		str(ops.Redacted)
	case 5, 6:
		e.ToolStart(block, p.pick(ids), "f")
	case 7, 8, 9:
		e.ToolArgsString(block, p.pick(argPieces))
	case 10:
		e.Citation(block, []byte(p.pick([]string{`{"type":"x"}`, "{\n\"type\":\"y\"}", `{}`})))
	case 11:
		e.Block(block, []byte(p.pick(raws)))
	case 12, 13:
		e.BlockEnd(block)
	case 14:
		e.Usage(ops.Tokens{
			Input: int64(p.next(9)) - 2, Output: int64(p.next(9)) - 1, CacheRead: -1, CacheWrite: int64(p.next(9)) - 1,
			CacheWrite1h: int64(p.next(9)) - 1, Thinking: int64(p.next(9)) - 1,
		})
	case 15:
		e.Stop(ops.StopReason(p.next(9)), p.pick(plainTexts), []byte(p.pick([]string{"", `{"type":"refusal"}`, "{\n}", "x"})))
	}
}

// run makes the ops of a program. They end with a stop and done, so that those without a fault are complete answers.
func run(b []byte) []byte {
	p := program{b}
	var e ops.Emitter
	reason := ops.StopReason(p.next(3))
	for len(p.b) > 0 {
		p.emit(&e)
	}
	e.Stop(reason, "END", nil)
	e.Done()
	return e.Buf
}

// checkAny renders any bytes as ops and checks all that must hold: no panic, a well-formed stream at each step, the same
// bytes however the ops are spread over calls, a stream and a message that fail alike or mean the same.
func checkAny(t testing.TB, frame []byte, rng *rand.Rand) (done bool) {
	t.Helper()
	c := atTheEnd
	const short = 1 << 10 // looking at each step costs the square of the length
	if rng.IntN(8) == 0 && len(frame) < short {
		c = eachStep
	}
	st := render.NewStream(meta)
	stream, err := apply(t, st, frame, c)

	wh := render.NewWhole(meta)
	whole, wholeErr := apply(t, wh, frame, nothing)
	if (err == nil) != (wholeErr == nil) || err != nil && err.Error() != wholeErr.Error() {
		t.Fatalf("the stream says %v, the message %v\n%s", err, wholeErr, ops.Dump(frame))
	}
	if st.Tokens() != wh.Tokens() || st.Blocks() != wh.Blocks() || st.Done() != wh.Done() || st.Started() != wh.Started() {
		t.Fatalf("the states differ\n%s", ops.Dump(frame))
	}
	if st.Started() != (len(stream) > 0) || wh.Started() != (len(whole) > 0) {
		t.Fatalf("Started does not say whether there are bytes\n%s", ops.Dump(frame))
	}
	checkSplits(t, st, stream, err, frame, rng)
	if !st.Done() || err != nil {
		return false
	}
	if err := grammar.CheckStream(stream); err != nil {
		t.Fatalf("%v\n%s", err, stream)
	}
	checkSame(t, stream, whole)
	return true
}

// checkSplits renders the frame once more with the same state, in other pieces.
func checkSplits(t testing.TB, s *render.State, want []byte, wantErr error, frame []byte, rng *rand.Rand) {
	t.Helper()
	s.Reset(meta, false)
	var out []byte
	var err error
	for rest := frame; len(rest) > 0 && err == nil; {
		piece := rest
		for n := 1 + rng.IntN(5); n > 0 && len(piece) > 0; n-- {
			if _, r, ok := ops.Split(piece); ok {
				piece = r
			} else {
				piece = nil
			}
		}
		piece, rest = rest[:len(rest)-len(piece)], piece
		out, err = s.Apply(out, piece)
	}
	if string(out) != string(want) || (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
		t.Fatalf("other pieces: %v\n%s\nwant %v\n%s", err, out, wantErr, want)
	}
}

// TestAnyProgram runs many random programs; enough of them must be complete answers for the test to mean something.
func TestAnyProgram(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	complete := 0
	const rounds = 8_000
	for range rounds {
		b := make([]byte, 1+rng.IntN(60))
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		if checkAny(t, run(b), rng) {
			complete++
		}
	}
	if complete < rounds/20 {
		t.Errorf("only %d of %d programs are complete answers", complete, rounds)
	}
}

// TestSensiblePrograms makes answers as adapters do, blocks interleaved at random, and wants every one to be complete.
func TestSensiblePrograms(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for range 2_000 {
		var blocks [][]ops.Op
		for i := range 1 + rng.IntN(6) {
			blocks = append(blocks, sensibleBlock(uint16(i), rng))
		}
		var e ops.Emitter
		for left := len(blocks); left > 0; {
			i := rng.IntN(len(blocks))
			if len(blocks[i]) == 0 {
				continue
			}
			e.Buf = ops.Append(e.Buf, blocks[i][0])
			if blocks[i] = blocks[i][1:]; len(blocks[i]) == 0 {
				left--
			}
		}
		e.Usage(ops.Tokens{Input: 1, Output: 2, CacheRead: -1, CacheWrite: -1, CacheWrite1h: -1, Thinking: -1})
		e.Stop(ops.EndTurn, "", nil)
		e.Done()
		if !checkAny(t, e.Buf, rng) {
			t.Fatalf("no complete answer:\n%s", ops.Dump(e.Buf))
		}
	}
}

func sensibleBlock(n uint16, rng *rand.Rand) (list []ops.Op) {
	add := func(c ops.Code, data string) {
		list = append(list, ops.Op{Code: c, Block: n, Escaped: kindHasFlag(c), Data: []byte(data)})
	}
	switch rng.IntN(4) {
	case 0:
		for range 1 + rng.IntN(4) {
			add(ops.Text, "text ")
		}
	case 1:
		for range rng.IntN(3) {
			add(ops.Thinking, "hm ")
		}
		add(ops.Signature, "sig")
		add(ops.BlockEnd, "")
	case 2:
		id := string(rune('a' + n))
		add(ops.ToolStart, "\x01\x00\x00\x00"+id+"tool")
		for _, piece := range [][]string{{}, {"{}"}, {`{\"a\":`, `1}`}, {`{`, `\"b\":[`, `true,`, `\"x\"]`, `} `}}[rng.IntN(4)] {
			add(ops.ToolArgs, piece)
		}
		if rng.IntN(2) == 0 {
			add(ops.BlockEnd, "")
		}
	case 3:
		add(ops.Block, `{"type":"server_tool_use","id":"s","name":"n","input":{"a":1}}`)
	}
	return list
}

func kindHasFlag(c ops.Code) bool {
	return c == ops.Text || c == ops.Thinking || c == ops.Signature || c == ops.ToolArgs
}

// FuzzPrograms lets the fuzzer write programs.
func FuzzPrograms(f *testing.F) {
	f.Add([]byte{1, 0, 5, 0, 0, 7, 3, 1, 0, 1, 1, 0, 8, 4})
	f.Add([]byte{0, 0, 2, 0, 1, 1, 0, 0, 1, 0, 3, 0, 1, 0, 12})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 2048 {
			t.Skip("long programs only repeat short ones")
		}
		checkAny(t, run(b), rand.New(rand.NewPCG(uint64(len(b)), 11)))
	})
}

// FuzzOps gives the fuzzer the bytes of the ops themselves.
func FuzzOps(f *testing.F) {
	for _, dump := range []string{
		"text 0 \"a\"\nstop end_turn\ndone",
		"thinking 0 \"a\"\nsignature 0 \"s\"\nblock_end 0\ntool_start 1 \"i\" \"n\"\ntool_args 1 plain \"{}\"\nstop tool_use\nusage in=1\ndone",
		"block 0 {\"type\":\"x\"}\ncitation 1 {\"type\":\"y\"}\ntext 1 \"t\"\nredacted 2 \"r\"\nloss noop \"a\" \"b\"\nmessage \"i\" \"m\"",
		"stop refusal {\"type\":\"refusal\"}\ndone",
	} {
		f.Add(parse(f, dump))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		checkAny(t, b, rand.New(rand.NewPCG(uint64(len(b)), 12)))
	})
}
