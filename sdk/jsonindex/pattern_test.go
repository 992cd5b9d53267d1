package jsonindex

import (
	"bytes"
	"testing"
)

func TestPattern(t *testing.T) {
	doc := func(s string) *Doc {
		t.Helper()
		d, err := Parse([]byte(s), UpstreamMode())
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	const model = `{"id":"x","d":[{"t":"one","n":null}],"pad":"abc"}`
	for _, c := range []struct {
		name, text, main, other string
		want                    bool
	}{
		{"the same", model, "one", "", true},
		{"another string", `{"id":"x","d":[{"t":"a longer \u0041one","n":null}],"pad":"abc"}`, `a longer \u0041one`, "", true},
		{"empty", `{"id":"x","d":[{"t":"","n":null}],"pad":"abc"}`, "", "", true},
		{"another pad", `{"id":"x","d":[{"t":"two","n":null}],"pad":"z"}`, "two", "", false},
		{"another pad, left out", `{"id":"x","d":[{"t":"two","n":null}],"pad":"z"}`, "two", "pad", true},
		{"left out in front", `{"id":"yy","d":[{"t":"two","n":null}],"pad":"abc"}`, "two", "id", true},
		{"another in front", `{"id":"y","d":[{"t":"one","n":null}],"pad":"abc"}`, "", "", false},
		{"more behind", `{"id":"x","d":[{"t":"one","n":null}],"pad":"abc"} `, "", "", false},
		{"a member more", `{"id":"x","d":[{"t":"one","n":null}],"pad":"abc","o":1}`, "", "", false},
		{"no string", `{"id":"x","d":[{"t":[12],"n":null}],"pad":"abc"}`, "", "", false},
		{"not as long", `{}`, "", "", false},
		{"a quote as text", `{"id":"x","d":[{"t":"one\",\"n\":null}],\"pad\":\"abc","n":null}],"pad":"abc"}`, `one\",\"n\":null}],\"pad\":\"abc`, "", true},
	} {
		m := doc(model)
		var p Pattern
		p.Keep(m.Root().Get("d").At(0).Get("t"), m.Root().Get(c.other))
		clear(m.Src)
		v := p.Match(doc(c.text))
		if v.Exists() != c.want || string(v.Head()) != c.main && c.want {
			t.Errorf("%s: got %v %q", c.name, v.Exists(), v.Head())
		}
		if p.Forget(); p.Match(doc(model)).Exists() {
			t.Errorf("%s: forgotten, but it matches", c.name)
		}
	}
	m := doc(`{"n":1,"s":"x"}`)
	var p Pattern
	for _, v := range [][2]Value{{}, {m.Root().Get("n")}, {m.Root().Get("s"), m.Root().Get("n")}, {m.Root().Get("s"), m.Root().Get("s")},
		{m.Root().Get("s"), doc(`{"s":""}`).Root().Get("s")}} {
		if p.Keep(v[0], v[1]); p.Match(m).Exists() {
			t.Errorf("%v is no pattern", v)
		}
	}
	large := doc(`{"s":"` + string(bytes.Repeat([]byte("x"), maxPattern)) + `"}`)
	if p.Keep(large.Root().Get("s"), Value{}); p.Match(large).Exists() {
		t.Error("a large document was kept")
	}
}

func TestSameWords(t *testing.T) {
	for n := range 100 {
		a := bytes.Repeat([]byte("abc"), n)[:n]
		b := bytes.Clone(a)
		if !sameWords(a, b) || sameWords(a, append(bytes.Clone(a), 'x')) {
			t.Errorf("%d bytes", n)
		}
		for i := range b {
			if b[i] ^= 1; sameWords(a, b) {
				t.Errorf("%d bytes, of which number %d differs", n, i)
			}
			b[i] ^= 1
		}
	}
}

// What matches is the same document but for the strings that were left out, whatever they hold.
func FuzzPattern(f *testing.F) {
	f.Add(`{"a":"b","c":"d"}`, `{"a":"e","c":"f"}`, uint32(2), uint32(4))
	f.Fuzz(func(t *testing.T, a, b string, i, j uint32) {
		d, err := Parse([]byte(a), UpstreamMode())
		if err != nil || d.Repaired {
			return
		}
		e, err := Parse([]byte(b), UpstreamMode())
		if err != nil || e.Repaired {
			return
		}
		var p Pattern
		p.Keep(d.Value(i), d.Value(j))
		v := p.Match(e)
		if !v.Exists() {
			return
		}
		if v.Entry() != i || len(d.Ents) != len(e.Ents) {
			t.Fatalf("entry %d instead of %d, %d entries instead of %d", v.Entry(), i, len(e.Ents), len(d.Ents))
		}
		for k := range d.Ents {
			x, y := d.Value(uint32(k)), e.Value(uint32(k))
			if k == int(i) || k == int(j) {
				if !x.IsString() || !y.IsString() {
					t.Fatalf("entry %d is no string", k)
				}
			} else if kind := x.Kind(); kind != y.Kind() || kind != Array && kind != Object && !bytes.Equal(x.text(), y.text()) {
				t.Fatalf("entry %d differs", k)
			}
		}
	})
}
