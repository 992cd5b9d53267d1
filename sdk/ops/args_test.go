package ops

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// objects are texts near the border between right and wrong.
var objects = []string{
	`{}`, ` { } `, "\n{\t}\r", ``, ` `, `{`, `}`, `{}{}`, `{} x`, `[]`, `"a"`, `1`, `null`,
	`{"a":1}`, `{"a":1,"b":[]}`, `{"a":[1,2,{"b":null}]}`, `{"a":1,}`, `{,}`, `{"a"}`, `{"a":}`, `{"a":1 "b":2}`, `{a:1}`, `{"a":[1,]}`,
	`{"a":[,1]}`, `{"a":[}`, `{"a":{]}`, `{"a":1]`,
	`{"a":true,"b":false,"c":null}`, `{"a":tru}`, `{"a":truee}`, `{"a":nul1}`, `{"a":falsE}`,
	`{"a":0}`, `{"a":-0}`, `{"a":00}`, `{"a":01}`, `{"a":-}`, `{"a":+1}`, `{"a":1.}`, `{"a":.5}`, `{"a":1.5e10}`, `{"a":1E+2}`, `{"a":1e-}`,
	`{"a":1e}`, `{"a":-12.0340e-007}`, `{"a":1.2.3}`, `{"a":1-2}`, `{"a":0x10}`, `{"a":0e0}`, `{"a":[1,2]}`, `{"a": 1 }`,
	`{"a":"\"\\\/\b\f\n\r\t\u00e4\uD83D\uDE00\ud800"}`, `{"a":"\x"}`, `{"a":"\u12g4"}`, `{"a":"\u123"}`, `{"a":"\`, "{\"a\":\"\n\"}",
	"{\"a\":\"\x7f\"}", "{\"a\":\"\x00\"}", "{\"\\u0041\":1,\"A\":2}",
	`{"ä":"ö","日本":"語","😀":"🎉"}`, "{\"a\":\"\xff\"}", "{\"a\":\"\xc0\x80\"}", "{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\xf4\x90\x80\x80\"}",
	"{\"a\":\"\xe0\x80\x80\"}", "{\"a\":\"\xf0\x80\x80\x80\"}", "{\"a\":\"\xe4\xb8\"}", "{ä:1}", "{\"a\":ä}",
	`{"path":"/srv/a.go","content":"package a\n\nfunc F() {}\n","n":[1,2,3],"deep":{"x":{"y":{"z":[[[]]]}}}}`,
}

// legal says what encoding/json and the depth limit say.
func legal(s []byte) bool {
	if !utf8.Valid(s) || !json.Valid(s) {
		return false
	}
	var m map[string]json.RawMessage
	if json.Unmarshal(s, &m) != nil || m == nil {
		return false
	}
	_, err := jsonindex.Parse(s, jsonindex.Mode{})
	return err == nil
}

// checkArgs feeds s in pieces, plain and escaped, and compares with legal.
func checkArgs(t *testing.T, s []byte, rng *rand.Rand) {
	t.Helper()
	want := legal(s)
	pieces := func(b []byte, cut func([]byte) int, feed func(*Args, []byte) bool) *Args {
		var a Args
		for ok := true; len(b) > 0; {
			n := cut(b)
			ok = feed(&a, b[:n])
			if ok == a.bad {
				t.Errorf("%q: Feed says %v, and the state is %+v", s, ok, a)
			}
			b = b[n:]
		}
		return &a
	}
	for range 3 {
		a := pieces(s, func(b []byte) int { return 1 + rng.IntN(len(b)) }, (*Args).Feed)
		if a.Complete() != want {
			t.Errorf("%q in plain pieces: complete %v, want %v", s, a.Complete(), want)
		}
		if blank := len(bytes.Trim(s, " \t\r\n")) == 0; a.Empty() != blank {
			t.Errorf("%q: empty %v", s, a.Empty())
		}
		if !utf8.Valid(s) {
			continue
		}
		esc := escapeOddly(s, rng)
		if !jsonindex.EscapedOK(esc) {
			t.Fatalf("the test escapes wrongly: %q", esc)
		}
		whole := func(b []byte) int { // escapes and runes stay whole
			n := 0
			for n == 0 || n < len(b) && rng.IntN(4) > 0 {
				if k := jsonindex.EscapeLen(b[n:]); k > 0 {
					n += k
				} else {
					_, k := utf8.DecodeRune(b[n:])
					n += k
				}
			}
			return n
		}
		var plain []byte
		a = pieces(esc, whole, func(a *Args, b []byte) bool {
			plain = AppendPlain(plain, b)
			return a.FeedEscaped(b)
		})
		if a.Complete() != want {
			t.Errorf("%q in escaped pieces: complete %v, want %v", esc, a.Complete(), want)
		}
		if want && !sameJSON(plain, s) {
			t.Errorf("%q: AppendPlain gives %q", esc, plain)
		}
	}
}

// escapeOddly escapes s as the inside of a JSON string, some characters by choice and in any spelling.
func escapeOddly(s []byte, rng *rand.Rand) []byte {
	var out []byte
	for _, r := range string(s) {
		switch {
		case rng.IntN(5) == 0 && r < 0x10000:
			format := `\u%04x`
			if rng.IntN(2) == 0 {
				format = `\u%04X`
			}
			out = fmt.Appendf(out, format, r)
		case rng.IntN(5) == 0 && r >= 0x10000:
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+(r-0x10000)>>10, 0xdc00+(r-0x10000)&0x3ff)
		case r == '/' && rng.IntN(2) == 0:
			out = append(out, `\/`...)
		default:
			out = jsonindex.AppendEscaped(out, []byte(string(r)))
		}
	}
	return out
}

func sameJSON(a, b []byte) bool {
	canonical := func(s []byte) string {
		d := json.NewDecoder(bytes.NewReader(s))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			return err.Error()
		}
		out, _ := json.Marshal(v)
		return string(out)
	}
	return canonical(a) == canonical(b)
}

func TestArgs(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, s := range objects {
		checkArgs(t, []byte(s), rng)
	}
	for _, depth := range []int{MaxArgsDepth - 1, MaxArgsDepth, MaxArgsDepth + 1} {
		lists := depth - 1
		s := `{"a":` + strings.Repeat("[", lists) + strings.Repeat("]", lists) + `}`
		checkArgs(t, []byte(s), rng)
		s = strings.Repeat(`{"a":`, lists) + `{}` + strings.Repeat("}", lists)
		checkArgs(t, []byte(s), rng)
	}
}

// TestArgsMutated compares with encoding/json on many texts that are almost right.
func TestArgsMutated(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	alphabet := []byte("{}[]\",:\\ \n0123-+.eEtrufalsn/bx\x00\x1f\x7f\xc3\xa4\xff")
	for range 60_000 {
		s := []byte(objects[rng.IntN(len(objects))])
		for range 1 + rng.IntN(3) {
			if len(s) == 0 {
				break
			}
			i := rng.IntN(len(s))
			switch rng.IntN(3) {
			case 0:
				s[i] = alphabet[rng.IntN(len(alphabet))]
			case 1:
				s = append(s[:i], s[i+1:]...)
			default:
				s = append(s[:i+1], s[i:]...)
				s[i] = alphabet[rng.IntN(len(alphabet))]
			}
		}
		checkArgs(t, s, rng)
	}
}

func TestArgsPrefixIsNeverRefused(t *testing.T) {
	for _, s := range objects {
		if !legal([]byte(s)) {
			continue
		}
		for i := range len(s) {
			var a Args
			if !a.Feed([]byte(s[:i])) {
				t.Errorf("%q: refused at byte %d", s[:i], a.Offset())
			}
			if a.Complete() && strings.TrimSpace(s[i:]) != "" {
				t.Errorf("%q is complete", s[:i])
			}
		}
	}
}

func TestArgsOffset(t *testing.T) {
	var a Args
	if !a.FeedEscaped([]byte(`{\"a\":\"x`)) || a.Offset() != 7 {
		t.Errorf("offset %d", a.Offset())
	}
	if a.Feed([]byte("\"}x")) || a.Offset() != 9 {
		t.Errorf("offset of the fault: %d", a.Offset())
	}
	if a.Feed([]byte(" ")) || a.FeedEscaped([]byte(" ")) || a.Complete() {
		t.Error("it goes on after a fault")
	}
}

// TestFeedEscapedUnchecked gives FeedEscaped what EscapedOK would refuse.
func TestFeedEscapedUnchecked(t *testing.T) {
	for _, s := range []string{`{\`, `{\"a\":\"\u`, `{\q`, `{\u00`, "{\\\"\xe4\\u00e4"} {
		var a Args
		if a.FeedEscaped([]byte(s)) {
			t.Errorf("%q was taken", s)
		}
		if got := AppendPlain(nil, []byte(s)); len(got) == 0 {
			t.Errorf("AppendPlain(%q) is empty", s)
		}
	}
}

func FuzzArgs(f *testing.F) {
	for _, s := range objects {
		f.Add([]byte(s), uint64(1))
	}
	f.Fuzz(func(t *testing.T, s []byte, seed uint64) {
		checkArgs(t, s, rand.New(rand.NewPCG(seed, 5)))
	})
}
