package ops

import "testing"

// FuzzReader: whatever the bytes, the reader does not panic, reads them in order, and Dump and ParseDump lead back.
func FuzzReader(f *testing.F) {
	var e Emitter
	emitAll(f, &e)
	f.Add(e.Buf)
	for b := e.Buf; len(b) > 0; {
		_, rest, _ := Split(b)
		f.Add(b[:len(b)-len(rest)])
		b = rest
	}
	f.Add([]byte{2, 1, 0, 0, 2, 0, 0, 0, '\\', 'q'})
	f.Add([]byte{11, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		var r Reader
		read := 0
		for r.Reset(b); r.More(); {
			o, err := r.Next()
			if err != nil {
				break
			}
			encoded := Append(nil, o)
			if string(encoded) != string(b[read:read+len(encoded)]) {
				t.Fatalf("op %d is encoded as %q", r.Number(), encoded)
			}
			read += len(encoded)
		}
		text := Dump(b)
		back, err := ParseDump(text)
		if err != nil || string(back) != string(b) {
			t.Errorf("%q does not lead back: %v\n%s", b, err, text)
		}
	})
}

// FuzzParseDump: whatever the text, parsing does not panic, and what comes out dumps to something that parses alike.
func FuzzParseDump(f *testing.F) {
	f.Add(allDumped)
	f.Add("text 0 \"\\q\"\nraw ff00\n")
	f.Add("stop refusal \"\" {}\nusage in=-5")
	f.Fuzz(func(t *testing.T, s string) {
		b, err := ParseDump(s)
		if err != nil {
			return
		}
		if back, err := ParseDump(Dump(b)); err != nil || string(back) != string(b) {
			t.Errorf("%q: %v\n%s", s, err, Dump(b))
		}
	})
}
