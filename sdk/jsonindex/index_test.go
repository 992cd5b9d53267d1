package jsonindex

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func mustParse(t testing.TB, src string, m Mode) *Doc {
	t.Helper()
	d, err := Parse([]byte(src), m)
	if err != nil {
		t.Fatalf("%.80q: %v", src, err)
	}
	return d
}

// TestIndexFaults has one line for each way a body can be wrong. The codes are those of the fault list.
func TestIndexFaults(t *testing.T) {
	client := ClientMode()
	small := ClientMode()
	small.MaxEntries, small.MaxBytes = 6, 40
	shallow := Mode{MaxDepth: 3}
	f := func(name, src string, m Mode, kind ErrorKind, offset int, path, msg string) {
		t.Helper()
		d := Doc{Ents: make([]Entry, 3), Ext: make([]Ext, 1), Client: true, Resident: true}
		err := new(Builder).Index(&d, []byte(src), m)
		var e *SyntaxError
		if !errors.As(err, &e) {
			t.Errorf("%s: error is %v, want a *SyntaxError", name, err)
			return
		}
		if e.Kind != kind || e.Offset != offset || e.Path != path || !strings.Contains(e.Msg, msg) {
			t.Errorf("%s: got kind %d, %q\nwant kind %d, %q at byte %d (%s)", name, e.Kind, e, kind, msg, offset, path)
		}
		if d.Root().Exists() || len(d.Ents)+len(d.Ext) != 0 || d.Src != nil || d.Client {
			t.Errorf("%s: the document is not empty after the error", name)
		}
	}

	// C04: malformed JSON
	f("C04 nothing", ``, client, Syntax, 0, "", "text ends where a value is expected")
	f("C04 only white space", " \n\t\r", client, Syntax, 4, "", "text ends")
	f("C04 cut in an object", `{"a":1`, client, Syntax, 6, "", "text ends inside an object")
	f("C04 cut in an array", `{"a":[1`, client, Syntax, 7, "a", "text ends inside an array")
	f("C04 cut before a value", `{"a":`, client, Syntax, 5, "a", "text ends where a value")
	f("C04 cut before a key", `{"a":1,`, client, Syntax, 7, "", "text ends where a key")
	f("C04 cut in a string", `{"a":"bc`, client, Syntax, 8, "a", "string without an end")
	f("C04 cut in a long string", `{"a":"bcdefghijklmnopqrstuvwxyz0123456789`, client, Syntax, 41, "a", "string without an end")
	f("C04 cut in a key", `{"abc`, client, Syntax, 5, "", "string without an end")
	f("C04 cut in an escape", `["\u00`, client, Syntax, 2, "[0]", "illegal escape")
	f("C04 second value", `{} {}`, client, Syntax, 3, "", "something follows")
	f("C04 comma before the end of an array", `[1,]`, client, Syntax, 3, "[1]", "expected a value")
	f("C04 comma before the end of an object", `{"a":1,}`, client, Syntax, 7, "", "expected a key")
	f("C04 missing comma", `{"m":[{"a":1 "b":2}]}`, client, Syntax, 13, "m[0]", "expected a comma or the end of an object")
	f("C04 missing comma in an array", `[1 2]`, client, Syntax, 3, "", "expected a comma or the end of an array")
	f("C04 missing colon", `{"a" 1}`, client, Syntax, 5, "a", "expected a colon")
	f("C04 wrong bracket", `[1}`, client, Syntax, 2, "", "expected a comma or the end of an array")
	f("C04 wrong brace", `{"a":1]`, client, Syntax, 6, "", "expected a comma or the end of an object")
	f("C04 key without quotes", `{a:1}`, client, Syntax, 1, "", "expected a key in quotes")
	f("C04 single quotes", `{"a":'b'}`, client, Syntax, 5, "a", "expected a value")
	f("C04 unknown word", `[nul]`, client, Syntax, 1, "[0]", "expected a value")
	f("C04 capital word", `[True]`, client, Syntax, 1, "[0]", "expected a value")
	f("C04 cut word", `fals`, client, Syntax, 0, "", "expected a value")
	f("C04 word with a tail", `[truex]`, client, Syntax, 5, "", "expected a comma")
	f("C04 illegal escape", `["a\x"]`, client, Syntax, 3, "[0]", "illegal escape")
	f("C04 illegal hex digits", `["\u12g4"]`, client, Syntax, 2, "[0]", "illegal escape")
	f("C04 newline in a string", "[\"a\nb\"]", client, Syntax, 3, "[0]", "control character")
	f("C04 NUL in a string", "[\"aaaaaaaaaaaaaaaaaaaaaaaa\x00\"]", client, Syntax, 26, "[0]", "control character")
	f("C04 comment", `{"a":1/**/}`, client, Syntax, 6, "", "expected a comma")
	f("C04 vertical tab as white space", "[1,\v2]", client, Syntax, 3, "[1]", "expected a value")
	f("C04 byte order mark", "\xef\xbb\xbf{}", client, Syntax, 0, "", "byte order mark")
	f("C04 second byte order mark", "\xef\xbb\xbf\xef\xbb\xbf{}", UpstreamMode(), Syntax, 3, "", "expected a value")
	// C05: nesting bomb
	f("C05 one too deep", strings.Repeat("[", 201), client, Depth, 200, strings.Repeat("[0]", 81)[:240]+"…", "nested too deeply")
	f("C05 a megabyte of brackets", strings.Repeat("[", 1<<20), client, Depth, 200, strings.Repeat("[0]", 81)[:240]+"…", "nested too deeply")
	f("C05 objects", `{"a":{"b":{"c":{}}}}`, shallow, Depth, 15, "a.b.c", "nested too deeply")
	// C06: duplicate keys
	f("C06 model twice", `{"model":"a","x":1,"model":"b"}`, client, Duplicate, 19, "model", "duplicate key")
	f("C06 far inside", `{"messages":[{},{"role":"user","role":"user"}]}`, client, Duplicate, 31, "messages[1].role", "duplicate key")
	f("C06 spelled with an escape", `{"model":1,"m\u006fdel":2}`, client, Duplicate, 11, `["m\u006fdel"]`, "duplicate key")
	f("C06 both spelled with escapes", `{"\u0061":1,"\u0061":2}`, client, Duplicate, 12, `["\u0061"]`, "duplicate key")
	f("C06 empty key", `{"":1,"":2}`, client, Duplicate, 6, `[""]`, "duplicate key")
	f("C06 long key", `{"a_key_longer_than_two_words":1,"a_key_longer_than_two_words":2}`, client, Duplicate, 33, "a_key_longer_than_two_words", "duplicate key")
	f("C06 keys of eight bytes", `{"a":{"12345678":1,"12345678":2}}`, client, Duplicate, 19, "a.12345678", "duplicate key")
	f("C06 among many", "{"+members(0, 1000)+`,"k17":0,"after":[]}`, client, Duplicate, 2+len(members(0, 1000)), "k17", "duplicate key")
	f("C06 among many, with an escape", `{"o":{`+members(0, 500)+`,"\u006b17":0}}`, client, Duplicate, 7+len(members(0, 500)), `o["\u006b17"]`, "duplicate key")
	// C07: invalid UTF-8
	f("C07 a byte that begins nothing", "{\"a\":\"b\xff\"}", client, UTF8, 7, "a", "invalid UTF-8")
	f("C07 in a long string", "[\"é"+strings.Repeat("x", 100)+"\xc3\"]", client, UTF8, 104, "[0]", "invalid UTF-8")
	f("C07 in a key", "{\"\xc0\xaf\":1}", client, UTF8, 2, "", "invalid UTF-8")
	f("C07 a surrogate in UTF-8", "[\"\xed\xa0\x80\"]", client, UTF8, 2, "[0]", "invalid UTF-8")
	f("C07 outside a string", "[\xff]", client, Syntax, 1, "[0]", "expected a value")
	f("C07 outside a string, tolerant", "[\xff]", UpstreamMode(), Syntax, 1, "[0]", "expected a value")
	// C09: numbers that are none
	f("C09 leading zero", `[01]`, client, Syntax, 1, "[0]", "malformed number")
	f("C09 plus", `[+1]`, client, Syntax, 1, "[0]", "expected a value")
	f("C09 minus alone", `[-]`, client, Syntax, 1, "[0]", "malformed number")
	f("C09 no digit before the point", `[.5]`, client, Syntax, 1, "[0]", "expected a value")
	f("C09 no digit behind the point", `{"n":[1.]}`, client, Syntax, 6, "n[0]", "malformed number")
	f("C09 no digit in the exponent", `[1e+]`, client, Syntax, 1, "[0]", "malformed number")
	f("C09 hexadecimal", `[0x10]`, client, Syntax, 2, "", "expected a comma")
	f("C09 not a number", `[NaN]`, client, Syntax, 1, "[0]", "expected a value")
	// limits
	f("too many entries", `[1,2,3,4,5,6]`, small, Entries, 11, "[5]", "too many values")
	f("too many entries, keys count", `{"a":1,"b":2,"c":3}`, small, Entries, 17, "c", "too many values")
	f("too many entries at a key", `[0,{"a":1,"b":2}]`, small, Entries, 14, "[1].b", "too many values")
	f("too many bytes", strings.Repeat(" ", 39)+"{}", small, Size, 40, "", "larger than the limit")
	// paths with odd keys
	f("key that is no name", `{"a.b":{"x y":[1,{"":*}]}}`, client, Syntax, 21, `["a.b"]["x y"][1][""]`, "expected a value")
	f("very long key", `{"`+strings.Repeat("é", 100)+`":*}`, client, Syntax, 204, `["`+strings.Repeat("é", 32)+`…"]`, "expected a value")
}

// members is the inside of an object with the keys k<from> to k<to-1>.
func members(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		if i > from {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"k%d":%d`, i, i)
	}
	return b.String()
}

func TestErrorRepeatsNoValue(t *testing.T) {
	_, err := Parse([]byte(`{"messages":[{"content":"canary-secret-text","x":canary}]}`), ClientMode())
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Fatalf("error %v", err)
	}
	if want := "expected a value at byte 49 (messages[0].x)"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestIndexAccepts(t *testing.T) {
	f := func(name, src string, m Mode) {
		t.Helper()
		if _, err := Parse([]byte(src), m); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	client, upstream := ClientMode(), UpstreamMode()
	f("a scalar", `1`, client)
	f("a scalar at the end of the text", `-0.5E-7`, client)
	f("an empty string", `""`, client)
	f("white space everywhere", " { \"a\"\t:\n[ ] ,\r\"b\" : { } } ", client)
	f("C05 as deep as allowed", strings.Repeat("[", 200)+strings.Repeat("]", 200), client)
	f("C05 a megabyte of brackets side by side", "["+strings.Repeat("[[]],", 200_000)+"[]]", client)
	f("C06 the same key in different objects", `{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}`, client)
	f("C06 other case is another key", `{"model":1,"MODEL":2,"Model":3}`, client)
	f("C06 twice from an upstream", `{"a":1,"a":2}`, upstream)
	f("C08 lone surrogates and NUL", `["\ud800","\udc00\ud800","\u0000","`+"\u202e"+`"]`, client)
	f("C08 a lone surrogate as key", `{"\ud800":1}`, client)
	f("C09 numbers beyond every type", `[1e999,-1e-999,9223372036854775808,`+strings.Repeat("9", 5000)+`]`, client)
	f("C10 unknown fields", `{"brand_new":{"x":[null]}}`, client)
	f("byte order mark from an upstream", "\xef\xbb\xbf{}", upstream)
	f("DEL is no control byte", "[\"\x7f\"]", client)
	f("every escape", `["\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00"]`, client)
}

// TestLayout fixes the bytes of the INDEX section: they are part of the plugin ABI.
func TestLayout(t *testing.T) {
	d := mustParse(t, `{"a":[1,"x\n"], "bc":true,"d":{},"e":null}`, ClientMode())
	want := []Entry{
		{0, 42, 11 | 6<<29},
		{2, 3, 2 | 3<<29}, {5, 14, 5 | 5<<29}, {6, 7, 4 | 2<<29}, {9, 12, 5 | 4<<29},
		{17, 19, 6 | 3<<29}, {21, 25, 7 | 1<<29},
		{27, 28, 8 | 3<<29}, {30, 32, 9 | 6<<29},
		{34, 35, 10 | 3<<29}, {37, 41, 11},
	}
	if !slices.Equal(d.Ents, want) {
		t.Fatalf("entries\n%v\nwant\n%v", d.Ents, want)
	}
	var bytes []byte
	for _, e := range want {
		for _, w := range []uint32{e.Start, e.End, e.NK} {
			bytes = binary.LittleEndian.AppendUint32(bytes, w)
		}
	}
	if !slices.Equal(d.IndexBytes(), bytes) {
		t.Error("IndexBytes is not the entries as little-endian words")
	}
	for shift := range 4 { // an unaligned section is copied, not viewed
		moved := append(make([]byte, shift, shift+len(bytes)), bytes...)[shift:]
		if !slices.Equal(EntriesOf(moved), want) {
			t.Errorf("EntriesOf differs at alignment %d", shift)
		}
	}
	if EntriesOf(bytes[:13]) != nil || EntriesOf(nil) != nil || ExtsOf(bytes[:17]) != nil {
		t.Error("a part of an entry was accepted")
	}
}

func TestExtsRoundTrip(t *testing.T) {
	d := Doc{Ext: []Ext{{1, 2, 3, 4}, {5, 6, 7, 1 << 31}}}
	b := d.ExtBytes()
	if len(b) != 2*ExtSize || b[0] != 1 || b[31] != 0x80 {
		t.Fatalf("bytes % x", b)
	}
	if !slices.Equal(ExtsOf(b), d.Ext) {
		t.Errorf("got %v", ExtsOf(b))
	}
}

func TestKindNames(t *testing.T) {
	var got []string
	for k := Null; k <= Extern+1; k++ {
		got = append(got, k.String())
	}
	if s := strings.Join(got, ","); s != "null,bool,number,string,escaped string,array,object,extern string,kind 8" {
		t.Error(s)
	}
}

func TestBuilderReuse(t *testing.T) {
	var b Builder
	var d Doc
	for i, src := range []string{`{"a":[1,2,{"b":3}]}`, `[`, `"x"`, `{"a":1,"a":2}`, "{" + members(0, 100) + "}", `[[[[1]]]]`} {
		err := b.Index(&d, []byte(src), ClientMode())
		fresh, freshErr := Parse([]byte(src), ClientMode())
		if (err == nil) != (freshErr == nil) {
			t.Fatalf("%d: %v, fresh %v", i, err, freshErr)
		}
		if err == nil && !slices.Equal(d.Ents, fresh.Ents) {
			t.Errorf("%d: entries differ from those of a fresh Builder", i)
		}
	}
}

func TestTolerantRepairs(t *testing.T) {
	src := "\xef\xbb\xbf{\"a\":\"x\xff\xfey\",\"a\":\"\xe6\x97\",\"k\xc3\":1}"
	d := mustParse(t, src, UpstreamMode())
	if !d.Repaired || !EscapedOK([]byte(strings.ReplaceAll(string(d.Src), `"`, ""))) {
		t.Errorf("Repaired is %v, Src %q", d.Repaired, d.Src)
	}
	it := d.Root().Iter()
	it.Next()
	if s, _ := it.Val.Text(); s != "x\ufffd\ufffdy" {
		t.Errorf("first a is %q", s)
	}
	if s, _ := d.Root().Get("a").Text(); s != "\ufffd\ufffd" {
		t.Errorf("last a is %q", s)
	}
	if n, ok := d.Root().Get("k\ufffd").Int(); n != 1 || !ok {
		t.Error("repaired key not found")
	}
	clean := mustParse(t, `{"a":"日本"}`, UpstreamMode())
	if clean.Repaired || clean.Client || !clean.Resident {
		t.Errorf("a clean answer has the marks %v %v %v", clean.Repaired, clean.Client, clean.Resident)
	}
	if _, err := Parse([]byte("[\"\xff\",]"), UpstreamMode()); err == nil {
		t.Error("a repaired text escaped the grammar")
	}
}

// TestManyKeys would run for minutes if keys were compared in pairs. The second set of keys meets in one hash bit.
func TestManyKeys(t *testing.T) {
	var b strings.Builder
	b.WriteByte('{')
	b.WriteString(members(0, 100_000))
	for i, n := 0, 0; n < 100_000; i++ {
		if key := fmt.Sprintf("%08x", i); (word([]byte(key))*2)*hashFactor>>58 == 0 {
			fmt.Fprintf(&b, `,"%s":0`, key)
			n++
		}
	}
	mustParse(t, b.String()+"}", ClientMode())
	_, err := Parse([]byte(b.String()+`,"k50000":0}`), ClientMode())
	var e *SyntaxError
	if !errors.As(err, &e) || e.Kind != Duplicate || e.Path != "k50000" {
		t.Errorf("error %v", err)
	}
	// many objects just above and below the limit of comparing in pairs
	for _, n := range []int{pairwise, pairwise + 1} {
		one := "{" + members(0, n) + "}"
		mustParse(t, "["+strings.Repeat(one+",", 2000)+one+"]", ClientMode())
		if _, err := Parse([]byte("["+one+",{"+members(0, n)+`,"k0":1}]`), ClientMode()); err == nil {
			t.Errorf("duplicate after %d keys not found", n)
		}
	}
}
