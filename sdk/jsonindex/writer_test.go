package jsonindex

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// guestForm is the document as a guest sees it.
func guestForm(d *Doc) *Doc {
	src, ents, ext := d.AppendCut(nil, nil, nil)
	return &Doc{Src: src, Ents: ents, Ext: ext, Client: d.Client}
}

func TestWriterPieces(t *testing.T) {
	d := mustParse(t, `{"text":"a\"b\n","in":{"k": [1, "x\\"]},"n":null}`, ClientMode())
	r := d.Root()
	f := func(write func(w *Writer), want string) {
		t.Helper()
		var w Writer
		w.Reset([]byte("before"))
		write(&w)
		if w.Len() != len(want) || w.Size(d.Src) != len(want) {
			t.Errorf("Len %d, Size %d, want %d", w.Len(), w.Size(d.Src), len(want))
		}
		if got := w.AppendTo([]byte("dst:"), d.Src); string(got) != "dst:"+want {
			t.Errorf("got %s, want %s", got, want)
		}
		if !bytes.HasPrefix(w.Buf, []byte("before")) || string(w.Literal()) != want {
			t.Errorf("Buf is %q, Literal %q", w.Buf, w.Literal())
		}
		segs := len(w.Segs)
		if w.Finish(); len(w.Segs) != segs {
			t.Error("a second Finish adds a segment")
		}
	}
	f(func(*Writer) {}, "")
	f(func(w *Writer) { w.Lit("{"); w.Bytes([]byte(`"a":`)); w.Int(-7); w.Byte('}') }, `{"a":-7}`)
	f(func(w *Writer) { w.Quote("a\"\x00日"); w.QuoteBytes([]byte("\xffb\\")) }, `"a\"\u0000日"`+"\"\ufffdb\\\\\"")
	f(func(w *Writer) { w.EscapeBytes([]byte("\n")) }, `\n`)
	f(func(w *Writer) { w.Raw(r.Get("text")) }, `"a\"b\n"`)
	f(func(w *Writer) { w.Inner(r.Get("text")) }, `a\"b\n`)
	f(func(w *Writer) { w.InnerFrom(r.Get("text"), 3) }, `b\n`)
	f(func(w *Writer) { w.InnerFrom(r.Get("text"), 99) }, ``)
	f(func(w *Writer) { w.InnerFrom(r.Get("text"), -1) }, `a\"b\n`)
	f(func(w *Writer) { w.Raw(r.Get("in")) }, `{"k": [1, "x\\"]}`)
	f(func(w *Writer) { w.Escape(r.Get("in")) }, `{\"k\": [1, \"x\\\\\"]}`)
	f(func(w *Writer) { w.Escape(r.Get("text")) }, `\"a\\\"b\\n\"`)
	f(func(w *Writer) { w.Inner(r.Get("in")); w.Inner(r.Get("none")) }, ``)
	f(func(w *Writer) { w.Raw(r.Get("none")); w.Escape(r.Get("n")); w.Escape(r.Get("none")) }, `nullnullnull`)
	f(func(w *Writer) { w.Lit("a"); w.Finish(); w.Lit("b") }, `ab`)
}

// TestExtern fixes what stays readable of a long string, in both forms.
func TestExtern(t *testing.T) {
	f := func(name, inner, head string, flags uint32) {
		t.Helper()
		src := `{"a":["` + inner + `",2],"b":3}`
		d := mustParse(t, src, ClientMode())
		if len(d.Ext) != 1 {
			t.Fatalf("%s: %d extern strings", name, len(d.Ext))
		}
		at := uint32(7 + len(head))
		want := Ext{At: at, Off: at, Len: uint32(len(inner) - len(head)), Flags: flags}
		if d.Ext[0] != want {
			t.Errorf("%s: got %v, want %v", name, d.Ext[0], want)
		}
		guest := guestForm(d)
		if string(guest.Src) != `{"a":["`+head+`",2],"b":3}` || guest.Ext[0] != want || d.CutLen() != len(guest.Src) || guest.CutLen() != len(guest.Src) {
			t.Errorf("%s: guest form %s %v", name, guest.Src, guest.Ext)
		}
		for _, doc := range []*Doc{d, guest} {
			a := doc.Root().Get("a")
			v := a.At(0)
			_, text := v.Text()
			_, appended := v.AppendText(nil)
			_, in := v.Inner()
			_, raw := v.Raw()
			_, rawAround := a.Raw()
			_, rawRoot := doc.Root().Raw()
			if text || appended || in || raw || rawAround || rawRoot || v.Is(inner) || v.Is(head) {
				t.Errorf("%s: an extern string was read", name)
			}
			if !v.IsExtern() || !v.IsString() || string(v.Head()) != head {
				t.Errorf("%s: kind %v, head %q", name, v.Kind(), v.Head())
			}
			if n, ok := a.At(1).Int(); n != 2 || !ok {
				t.Errorf("%s: the value behind reads %d %v", name, n, ok)
			}
			if raw, ok := doc.Root().Get("b").Raw(); string(raw) != "3" || !ok {
				t.Errorf("%s: the member behind reads %s %v", name, raw, ok)
			}
		}
		sameSegments(t, d)
	}
	long := strings.Repeat("x", ExternOver)
	x := func(n int) string { return strings.Repeat("x", n) }
	f("plain", long+"x", x(256), 0)
	f("escape in the rest", long+`\n`, x(256), FlagEscaped)
	f("escape in the head only", `\n`+long, `\n`+x(254), 0)
	f("escape ends at the cut", x(254)+`\n`+long, x(254)+`\n`, 0)
	f("escape over the cut", x(255)+`\n`+long, x(255), FlagEscaped)
	f("long escape over the cut", x(251)+`\u00e9`+long, x(251), FlagEscaped)
	f("pair over the cut", x(250)+`\ud83d\ude00`+long, x(250), FlagEscaped)
	f("pair ends at the cut", x(244)+`\ud83d\ude00`+long, x(244)+`\ud83d\ude00`, 0)
	f("lone surrogate before the cut", x(250)+`\ud83d`+long, x(250)+`\ud83d`, 0)
	f("rune over the cut", x(254)+"日"+long, x(254), 0)
	f("rune ends at the cut", x(253)+"日"+long, x(253)+"日", 0)

	if d := mustParse(t, `"`+long+`"`, ClientMode()); len(d.Ext) != 0 || d.Root().Kind() != String {
		t.Error("a string of exactly the limit is extern")
	}
	if d := mustParse(t, `{"`+long+`x":1}`, ClientMode()); len(d.Ext) != 0 {
		t.Error("a key is extern")
	}
	if d := mustParse(t, `"`+long+`x"`, UpstreamMode()); len(d.Ext) != 0 {
		t.Error("an upstream's string is extern")
	}
}

// sameSegments passes every value of a client's document on in every way, from the resident and from the guest form: the
// segments must be equal, and what they make up must be JSON that means the same.
func sameSegments(t testing.TB, d *Doc) {
	t.Helper()
	guest := guestForm(d)
	if len(guest.Ents) != len(d.Ents) {
		t.Fatalf("%d entries were cut to %d", len(d.Ents), len(guest.Ents))
	}
	type way struct {
		name  string
		write func(w *Writer, v Value)
	}
	ways := []way{
		{"Raw", func(w *Writer, v Value) { w.Raw(v) }},
		{"Escape", func(w *Writer, v Value) { w.Lit(`"`); w.Escape(v); w.Lit(`"`) }},
		{"Inner", func(w *Writer, v Value) { w.Lit(`"`); w.Inner(v); w.Lit(`"`) }},
		{"InnerFrom", func(w *Writer, v Value) { w.Lit(`"`); w.InnerFrom(v, len(v.Head())); w.Lit(`"`) }},
	}
	step := max(1, len(d.Ents)/50)
	for i := 0; i < len(d.Ents); i += step {
		v, g := d.Value(uint32(i)), guest.Value(uint32(i))
		s, e := v.span()
		raw := d.Src[s:e]
		for _, way := range ways {
			var w, wg Writer
			way.write(&w, v)
			way.write(&wg, g)
			got, gotGuest := w.AppendTo(nil, d.Src), wg.AppendTo(nil, d.Src)
			if !slices.Equal(w.Segs, wg.Segs) || !bytes.Equal(w.Buf, wg.Buf) || !bytes.Equal(got, gotGuest) {
				t.Fatalf("%s of entry %d: segments %v, in the guest %v", way.name, i, w.Segs, wg.Segs)
			}
			if w.Size(d.Src) != len(got) {
				t.Fatalf("%s of entry %d: Size is %d of %d", way.name, i, w.Size(d.Src), len(got))
			}
			for _, seg := range w.Segs {
				if seg.Kind == SegLiteral && len(w.Segs) == 1 && seg.Len > 2*SegOver+2 {
					t.Fatalf("%s of entry %d copied %d bytes", way.name, i, seg.Len)
				}
			}
			if !json.Valid(got) || !utf8.Valid(got) {
				t.Fatalf("%s of entry %d is not JSON: %.200q", way.name, i, got)
			}
			want := raw
			switch {
			case way.name == "Escape":
				var inside string
				if err := json.Unmarshal(got, &inside); err != nil {
					t.Fatal(err)
				}
				got = []byte(inside)
			case way.name == "Raw":
			case !v.IsString():
				want = []byte(`""`)
			case way.name == "InnerFrom":
				want = append([]byte(`"`), raw[1+len(v.Head()):]...)
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("%s of entry %d: got %.200q, want %.200q", way.name, i, got, want)
			}
		}
	}
}

// TestCut moves several long strings through all places of a document.
func TestCut(t *testing.T) {
	fat := `"` + strings.Repeat(`a\"é`, 6000) + `"`
	for _, src := range []string{
		fat,
		`[` + fat + `]`,
		`[` + fat + `,` + fat + `]`,
		`{"a":` + fat + `,"b":{"c":[` + fat + `],"d":1},"e":` + fat + `}`,
		`[[[` + fat + `]],[],{},"x",[[` + fat + ` ] ] ]`,
		`{"messages":[{"content":[{"text":` + fat + `},{"text":"short"}]},{"content":` + fat + `}],"n":5}`,
	} {
		d := mustParse(t, src, ClientMode())
		sameSegments(t, d)
		guest := guestForm(d)
		for i := range d.Ents {
			v, g := d.Value(uint32(i)), guest.Value(uint32(i))
			raw, ok := v.Raw()
			rawGuest, okGuest := g.Raw()
			if ok != okGuest || !bytes.Equal(raw, rawGuest) || v.Kind() != g.Kind() || v.d.Ents[i].Next() != g.d.Ents[i].Next() || !bytes.Equal(v.Head(), g.Head()) {
				t.Fatalf("entry %d reads differently in the guest form of %.60s", i, src)
			}
		}
	}
	plain := mustParse(t, `{"a":[1]}`, ClientMode())
	src, ents, ext := plain.AppendCut([]byte("x"), nil, nil)
	if string(src) != `x{"a":[1]}` || !slices.Equal(ents, plain.Ents) || ext != nil {
		t.Error("a document without long strings was changed")
	}
}

// TestNamedOver512 shows where copying ends and naming begins; the segment covers the whole value in one.
func TestNamedOver512(t *testing.T) {
	f := func(n int, want ...Seg) {
		t.Helper()
		d := mustParse(t, `["`+strings.Repeat("y", n)+`",`+`{"z":"`+strings.Repeat("z", ExternOver+1)+`"}]`, ClientMode())
		var w Writer
		w.Lit("<")
		w.Raw(d.Root().At(0))
		w.Lit(">")
		w.Finish()
		if !slices.Equal(w.Segs, want) {
			t.Errorf("%d: got %v, want %v", n, w.Segs, want)
		}
	}
	f(510, Seg{SegLiteral, 0, 514})
	f(511, Seg{SegLiteral, 0, 1}, Seg{SegRange, 1, 513}, Seg{SegLiteral, 1, 1})

	// an upstream's document is never named
	d := mustParse(t, `"`+strings.Repeat("y", 5000)+`"`, UpstreamMode())
	var w Writer
	w.Raw(d.Root())
	w.Escape(d.Root())
	w.Finish()
	if len(w.Segs) != 1 || w.Segs[0].Kind != SegLiteral || w.Len() != 5002+5004 {
		t.Errorf("got %v", w.Segs)
	}
}

func TestSetSegs(t *testing.T) {
	lit, client := []byte("abc"), []byte(`0123"56789`)
	f := func(want, fault string, segs ...Seg) {
		t.Helper()
		var w Writer
		err := w.SetSegs(lit, segs, len(client))
		if fault != "" {
			if err == nil || !strings.Contains(err.Error(), fault) || len(w.Segs) != 0 {
				t.Errorf("%v: got %v, want %q", segs, err, fault)
			}
			return
		}
		if err != nil {
			t.Errorf("%v: %v", segs, err)
			return
		}
		if got := w.AppendTo(nil, client); string(got) != want || w.Size(client) != len(want) {
			t.Errorf("%v: got %s of %d, want %s", segs, got, w.Size(client), want)
		}
	}
	f("", "")
	f("abc", "", Seg{SegLiteral, 0, 3})
	f(`c3"5\"56a`, "", Seg{SegLiteral, 2, 1}, Seg{SegRange, 3, 3}, Seg{SegEscape, 4, 1}, Seg{SegRange, 5, 2}, Seg{SegLiteral, 0, 1})
	f(`\"\"`, "", Seg{SegEscape, 4, 1}, Seg{SegEscape, 4, 1}, Seg{SegEscape, 10, 0})
	f("", "segment 0: bytes 0 to 4 lie beyond the end at 3", Seg{SegLiteral, 0, 4})
	f("", "segment 1: bytes 4294967295 to 8589934590", Seg{SegRange, 0, 1}, Seg{SegRange, 1<<32 - 1, 1<<32 - 1})
	f("", "segment 0: bytes 10 to 11", Seg{SegEscape, 10, 1})
	f("", "segment 0: unknown kind 3", Seg{3, 0, 0})
}
