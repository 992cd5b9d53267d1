package jsonindex

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

// sameAsBuilder indexes texts one after the other and wants what a Builder makes of each.
func sameAsBuilder(t *testing.T, s *Series, d *Doc, texts ...[]byte) {
	t.Helper()
	for _, src := range texts {
		err := s.Index(d, src, UpstreamMode())
		want, wantErr := Parse(src, UpstreamMode())
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Fatalf("%q: error %v, want %v", src, err, wantErr)
		}
		if err == nil && (!bytes.Equal(d.Src, want.Src) || !reflect.DeepEqual(d.Ents, want.Ents) || d.Resident != want.Resident || d.Repaired != want.Repaired || d.Client != want.Client || len(d.Ext) != 0) {
			t.Fatalf("%q: entries %v, want %v", src, d.Ents, want.Ents)
		}
	}
}

func TestSeries(t *testing.T) {
	f := func(texts ...string) {
		t.Helper()
		var s Series
		var d Doc
		for _, text := range texts {
			sameAsBuilder(t, &s, &d, []byte(text))
		}
	}
	const a, b = `{"id":"x","choices":[{"delta":{"content":"`, `"},"n":0}],"u":null}`
	// one string changes: longer, shorter, empty, escaped, beyond ASCII
	f(a+"one"+b, a+"three"+b, a+b, a+`a\nb`+b, a+"日本"+b, a+"one"+b, a+"one"+b)
	// a quote or an escape at the edge of what is the same
	f(a+`x`+b, a+`x\"`+b, a+`x\\`+b, a+`x"`+b, a+`\`+b, a+`x\u00e9`+b, a+`x\u00`+b)
	// what is added looks like structure
	f(a+`x`+b, a+`x","y":"z`+b, a+`"},"n":0}],"u":null}`+b)
	// something else changes too, or only something else
	f(a+"one"+b, a+"two"+strings.Replace(b, "0", "1", 1), a+"two"+b, strings.Replace(a, "x", "y", 1)+"z"+b, `[1,2]`, `[1,3]`, `"s"`, `"t"`, `""`)
	// a key, more behind the end, less than all, bad UTF-8, control characters
	f(`{"a":1,"b":2}`, `{"a":1,"c":2}`, `{"a":1,"c":2}}`, `{"a":1,"c":2`, `{"a":1,"`+"\xff"+`":2}`, `{"a":1,"`+"\x01"+`":2}`, ``)
	f(a+"one"+b, a+"\xff\xfe"+b, a+"two"+b)
	// too large for a model
	f(a+strings.Repeat("x", maxModel)+b, a+"one"+b, a+strings.Repeat("y", maxModel)+b)
}

// A Series finds what a Builder finds, whatever comes after whatever.
func FuzzSeries(f *testing.F) {
	f.Add([]byte(chunk), 20, 3, []byte("new"))
	f.Add([]byte(`{"a":"b","c":["d"]}`), 6, 1, []byte(`x\"`))
	f.Fuzz(func(t *testing.T, src []byte, at, less int, more []byte) {
		at = max(0, min(at, len(src)))
		rest := max(at, min(at+max(0, min(less, len(src))), len(src)))
		other := append(append(append([]byte(nil), src[:at]...), more...), src[rest:]...)
		var s Series
		var d Doc
		sameAsBuilder(t, &s, &d, src, other, src, other)
	})
}

// Events of a stream, as they come.
func BenchmarkSeries(b *testing.B) {
	first, second := []byte(chunk), bytes.Replace([]byte(chunk), []byte(`"content":"`), []byte(`"content":"more `), 1)
	if bytes.Equal(first, second) {
		b.Fatal("the chunk has no content")
	}
	b.Run("series", func(b *testing.B) {
		var s Series
		var d Doc
		for b.Loop() {
			s.Index(&d, first, UpstreamMode())
			s.Index(&d, second, UpstreamMode())
		}
	})
	b.Run("builder", func(b *testing.B) {
		var s Builder
		var d Doc
		for b.Loop() {
			s.Index(&d, first, UpstreamMode())
			s.Index(&d, second, UpstreamMode())
		}
	})
}
