package jsonindex

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzIndex compares acceptance, kinds, order, keys, strings and numbers with encoding/json.
func FuzzIndex(f *testing.F) {
	f.Add([]byte(chunk))
	f.Fuzz(func(t *testing.T, src []byte) {
		before := bytes.Clone(src)
		strict := Mode{MaxDepth: 10_000} // the depth of encoding/json
		d, err := Parse(src, strict)
		if want := json.Valid(src) && utf8.Valid(src); (err == nil) != want {
			t.Fatalf("error %v, want acceptance %v", err, want)
		}
		checkError(t, src, err)
		if err == nil {
			compare(t, d)
			checkStructure(t, d)
		}

		unique := strict
		unique.Unique = true
		_, uniqueErr := Parse(src, unique)
		checkError(t, src, uniqueErr)
		if err == nil {
			var e *SyntaxError
			twice := hasDuplicate(t, src)
			if twice != errors.As(uniqueErr, &e) || twice && e.Kind != Duplicate {
				t.Fatalf("error %v, duplicate keys %v", uniqueErr, twice)
			}
		} else if uniqueErr == nil {
			t.Fatal("accepted because keys must be unique")
		}

		tolerant := strict
		tolerant.Tolerant = true
		d, err = Parse(src, tolerant)
		text := bytes.TrimPrefix(src, []byte(byteOrderMark))
		if want := json.Valid(text); (err == nil) != want {
			t.Fatalf("tolerant: error %v, want acceptance %v", err, want)
		}
		if err == nil {
			if d.Repaired == utf8.Valid(src) || !utf8.Valid(d.Src) {
				t.Fatalf("Repaired is %v, Src %q", d.Repaired, d.Src)
			}
			compare(t, d)
			checkStructure(t, d)
		}
		if !bytes.Equal(src, before) {
			t.Fatal("the text was changed")
		}
	})
}

// TestMutations compares acceptance with encoding/json on texts that are nearly right.
func TestMutations(t *testing.T) {
	r := rand.New(rand.NewSource(7))
	seeds := [][]byte{[]byte(chunk), toolRequest()[:700], []byte(`{"a":[1,-0.5e+7,true,null,"x\u00e9日"],"b":{"c":[],"d":{}}} `)}
	const bytesOfJSON = "{}[]:,\"\\ \nu0123456789-+.eEtrufalsn\x00\x7f\xc3\xa9\xff"
	var b Builder
	var d Doc
	accepted := 0
	for range 60_000 {
		src := bytes.Clone(seeds[r.Intn(len(seeds))])
		for n := r.Intn(3); n >= 0 && len(src) > 0; n-- {
			switch i := r.Intn(len(src)); r.Intn(4) {
			case 0:
				src = append(src[:i], src[i+1:]...)
			case 1:
				src[i] = bytesOfJSON[r.Intn(len(bytesOfJSON))]
			case 2:
				src = append(src[:i], append([]byte{bytesOfJSON[r.Intn(len(bytesOfJSON))]}, src[i:]...)...)
			case 3:
				src = src[:i+1]
			}
		}
		err := b.Index(&d, src, Mode{})
		if want := json.Valid(src) && utf8.Valid(src); (err == nil) != want {
			t.Fatalf("%q: error %v, want acceptance %v", src, err, want)
		}
		if err == nil {
			accepted++
		}
	}
	if accepted < 1000 {
		t.Errorf("only %d texts were accepted", accepted)
	}
}

func checkError(t *testing.T, src []byte, err error) {
	if err == nil {
		return
	}
	var e *SyntaxError
	if !errors.As(err, &e) || e.Offset < 0 || e.Offset > len(src) || e.Msg == "" || len(e.Path) > maxPath+maxPathKey+8 {
		t.Fatalf("error %#v", err)
	}
}

// compare walks the tokens of encoding/json and the index side by side.
func compare(t *testing.T, d *Doc) {
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(d.Src, []byte(byteOrderMark))))
	dec.UseNumber()
	next := func() json.Token {
		tok, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		return tok
	}
	var walk func(v Value)
	walk = func(v Value) {
		switch tok := next().(type) {
		case nil:
			if v.Kind() != Null || !v.IsNull() {
				t.Fatalf("%v for null", v.Kind())
			}
		case bool:
			if b, ok := v.Bool(); !ok || b != tok || v.True() != tok {
				t.Fatalf("%v for %v", v.Kind(), tok)
			}
		case json.Number:
			raw, ok := v.Num()
			if !ok || string(raw) != tok.String() {
				t.Fatalf("number %q, want %q", raw, tok)
			}
			checkInt(t, tok.String())
			float, inRange := v.Float()
			if want, err := tok.Float64(); (err == nil) != inRange || inRange && float != want {
				t.Fatalf("float of %s is %v %v", tok, float, inRange)
			}
		case string:
			text, ok := v.Text()
			raw, _ := v.Inner()
			if !ok || text != tok || !v.Is(tok) || v.Is(tok+"x") || (v.Kind() == Escaped) != bytes.ContainsRune(raw, '\\') {
				t.Fatalf("%v %q, want %q", v.Kind(), text, tok)
			}
		case json.Delim:
			n := 0
			last := map[string]Value{}
			for it := v.Iter(); it.Next(); n++ {
				if tok == '{' {
					if key := next(); key != string(it.Key()) {
						t.Fatalf("key %q, want %q", it.Key(), key)
					}
					last[string(it.Key())] = it.Val
				} else if n < 100 && v.At(n) != it.Val {
					t.Fatalf("At(%d) is not the element", n)
				}
				walk(it.Val)
			}
			if len(last) < 100 {
				for key, val := range last {
					if v.Get(key) != val {
						t.Fatalf("Get(%q) is not the last member of that name", key)
					}
				}
			}
			if end := next(); v.Len() != n || tok == '{' && (v.Kind() != Object || end != json.Delim('}')) || tok == '[' && (v.Kind() != Array || end != json.Delim(']')) {
				t.Fatalf("%v with %d of %d, ends with %v", v.Kind(), n, v.Len(), end)
			}
		}
	}
	walk(d.Root())
	if _, err := dec.Token(); err != io.EOF {
		t.Fatalf("something follows: %v", err)
	}
}

// checkStructure checks the promises of the index and of tracking that hold for every document.
func checkStructure(t *testing.T, d *Doc) {
	d.Track()
	leaves := 0
	d.walk(0, nil, func(i uint32, path []byte) {
		leaves++
		if i < 200 && d.PathOf(i) != string(path) {
			t.Fatalf("PathOf(%d) is %q, want %q", i, d.PathOf(i), path)
		}
		raw, ok := d.Value(i).Raw()
		if !ok || !json.Valid(raw) {
			t.Fatalf("entry %d is %q", i, raw)
		}
	})
	if left := d.Untouched(); len(left) != 0 || leaves == 0 {
		t.Fatalf("%d leaves, untouched after reading all: %q", leaves, left)
	}
	for i, e := range d.Ents {
		if e.Next() <= uint32(i) || e.Next() > uint32(len(d.Ents)) || e.Start > e.End || int(e.End) > len(d.Src) || i > 0 && e.Start < d.Ents[i-1].Start {
			t.Fatalf("entry %d is %v", i, e)
		}
	}
	if !slices.Equal(EntriesOf(d.IndexBytes()), d.Ents) {
		t.Fatal("IndexBytes does not come back")
	}
}

func hasDuplicate(t *testing.T, src []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.UseNumber()
	type level struct {
		keys map[string]bool // nil in arrays
		key  bool            // a key is next
	}
	var stack []level
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			return false
		}
		if err != nil {
			t.Fatal(err)
		}
		top := len(stack) - 1
		if top >= 0 && stack[top].keys != nil {
			if key, ok := tok.(string); ok && stack[top].key {
				if stack[top].keys[key] {
					return true
				}
				stack[top].keys[key], stack[top].key = true, false
				continue
			}
			stack[top].key = true
		}
		switch tok {
		case json.Delim('{'):
			stack = append(stack, level{map[string]bool{}, true})
		case json.Delim('['):
			stack = append(stack, level{})
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:top]
		}
	}
}

// fillings replace one byte of a fuzzed text, so that strings become long enough to be extern or named.
var fillings = []string{"a", `\n`, `\"`, `\\`, "é", "日", `\ud83d\ude00`, `\ud83d`, "\U0001F600", `x\u00e9`}

// FuzzWriter passes every value of a client's body on in every way, natively and as a guest would, with long strings wherever
// the text has a tilde.
func FuzzWriter(f *testing.F) {
	f.Add([]byte(`{"a":"~","b":["x~",{"c":"~~"}],"d":[]}`), uint8(3), uint16(17000))
	f.Add([]byte(`["short ~"," ~ ",{"k":"~","~":1}]`), uint8(14), uint16(300))
	f.Fuzz(func(t *testing.T, src []byte, filling uint8, size uint16) {
		if len(src) > 4096 || bytes.Count(src, []byte("~")) > 6 {
			return
		}
		fill := fillings[int(filling)%len(fillings)]
		src = bytes.ReplaceAll(src, []byte("~"), []byte(strings.Repeat(fill, int(size)/len(fill)%20000+1)))
		d, err := Parse(src, ClientMode())
		if err != nil {
			return
		}
		sameSegments(t, d)
	})
}

// FuzzEscape compares what is done with the insides of strings with encoding/json.
func FuzzEscape(f *testing.F) {
	f.Add([]byte("plain"))
	f.Add([]byte(`a\"b\ud83d\ude00` + "\x00\xff日"))
	f.Fuzz(func(t *testing.T, s []byte) { checkEscaping(t, s) })
}
