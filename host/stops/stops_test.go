package stops

import (
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// run feeds the pieces as text ops of block 0, plain or escaped, then a stop and done, and returns what is rendered from.
func run(t *testing.T, sequences []string, escaped bool, pieces ...string) (text, stop string, cut bool) {
	t.Helper()
	f := New(sequences)
	var all []byte
	for _, p := range pieces {
		var e ops.Emitter
		if escaped {
			doc, err := jsonindex.Parse(append(append([]byte{'"'}, jsonindex.AppendEscaped(nil, []byte(p))...), '"'), jsonindex.UpstreamMode())
			if err != nil {
				t.Fatal(err)
			}
			e.Text(0, doc.Root())
		} else {
			e.TextString(0, p)
		}
		all = append(all, f.Apply(e.Buf)...)
	}
	var e ops.Emitter
	e.Stop(ops.EndTurn, "", nil)
	e.Done()
	all = append(all, f.Apply(e.Buf)...)

	var r ops.Reader
	r.Reset(all)
	done := 0
	for r.More() {
		o, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		switch o.Code {
		case ops.Text:
			text += string(o.Data)
		case ops.Stop:
			seq, _, _ := o.Two()
			stop = o.StopReason().String() + ":" + string(seq)
		case ops.Done:
			done++
		}
	}
	if done != 1 {
		t.Errorf("%d done ops", done)
	}
	return text, stop, f.Cut()
}

func TestFilter(t *testing.T) {
	check := func(sequences, pieces []string, wantText, wantStop string) {
		t.Helper()
		for _, escaped := range []bool{false, true} {
			text, stop, cut := run(t, sequences, escaped, pieces...)
			if text != wantText || stop != wantStop || cut != strings.HasPrefix(wantStop, "stop_sequence") {
				t.Errorf("%q in %q (escaped %v): text %q, stop %q, cut %v; want %q, %q", sequences, pieces, escaped, text, stop, cut, wantText, wantStop)
			}
		}
	}
	// nothing comes up
	check([]string{"END"}, []string{"a", "b"}, "ab", "end_turn:")
	// in one piece, and text after it is lost
	check([]string{"END"}, []string{"a END b", "c"}, "a ", "stop_sequence:END")
	// over three pieces
	check([]string{"END"}, []string{"aE", "N", "Db"}, "a", "stop_sequence:END")
	// a beginning that comes to nothing goes out
	check([]string{"END"}, []string{"aE", "N", "d"}, "aENd", "end_turn:")
	// a beginning at the end goes out
	check([]string{"END"}, []string{"aEN"}, "aEN", "end_turn:")
	// the first in the text counts, not the first in the list
	check([]string{"two", "one"}, []string{"x one two"}, "x ", "stop_sequence:one")
	// overlapping beginnings
	check([]string{"aab"}, []string{"a", "a", "a", "b"}, "a", "stop_sequence:aab")
	// at the very start
	check([]string{"\n\n"}, []string{"\n", "\nx"}, "", "stop_sequence:\n\n")
	// runes and characters that are escaped in JSON
	check([]string{"\"ü\n"}, []string{"a\"", "ü", "\nb"}, "a", "stop_sequence:\"ü\n")
	// an empty sequence is none
	check([]string{""}, []string{"a"}, "a", "end_turn:")
}

func TestFilterOtherBlocks(t *testing.T) {
	f := New([]string{"END"})
	var e ops.Emitter
	e.TextString(0, "aE")
	e.ToolStart(1, "toolu_1", "END")
	e.ToolArgsString(1, `{"x":"END"}`)
	e.TextString(2, "ND")
	e.Stop(ops.ToolUse, "", nil)
	e.Done()
	got := ops.Dump(f.Apply(e.Buf))
	want := ops.Dump(func() []byte {
		var e ops.Emitter
		e.TextString(0, "a")
		e.TextString(0, "E")
		e.ToolStart(1, "toolu_1", "END")
		e.ToolArgsString(1, `{"x":"END"}`)
		e.TextString(2, "ND")
		e.Stop(ops.ToolUse, "", nil)
		e.Done()
		return e.Buf
	}())
	if f.Cut() || got != want {
		t.Errorf("cut %v, ops:\n%s\nwant:\n%s", f.Cut(), got, want)
	}
}

// Ill-formed ops reach the renderer, which refuses them; nothing is repaired or hidden here.
func TestFilterPassesGarbageOn(t *testing.T) {
	f := New([]string{"END"})
	var e ops.Emitter
	e.TextString(0, "aE")
	bad := append(e.Buf, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3)
	var r ops.Reader
	r.Reset(f.Apply(bad))
	for range 2 { // "a", and "E" that was held back
		if _, err := r.Next(); err != nil {
			t.Fatalf("the text before the garbage: %v", err)
		}
	}
	if _, err := r.Next(); err == nil {
		t.Error("the garbage was swallowed")
	}
}

func FuzzFilter(f *testing.F) {
	f.Add("hello END world", "END", uint8(3))
	f.Add("aaaaab", "aab", uint8(1))
	f.Fuzz(func(t *testing.T, text, sequence string, step uint8) {
		text, sequence = strings.ToValidUTF8(text, ""), strings.ToValidUTF8(sequence, "")
		want, wantStop := text, "end_turn:"
		if i := strings.Index(text, sequence); i >= 0 && sequence != "" {
			want, wantStop = text[:i], "stop_sequence:"+sequence
		}
		var pieces []string
		runes := []rune(text)
		for n := int(step%7) + 1; len(runes) > 0; {
			k := min(n, len(runes))
			pieces = append(pieces, string(runes[:k]))
			runes = runes[k:]
		}
		got, stop, _ := run(t, []string{sequence}, step%2 == 0, pieces...)
		if got != want || stop != wantStop {
			t.Errorf("%q at %q: got %q %q, want %q %q", pieces, sequence, got, stop, want, wantStop)
		}
	})
}
