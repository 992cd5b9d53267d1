package jsonindex

// Value is a cursor into a document: two words, copied freely, reading without allocation. The zero Value is absent: it
// answers every question with nothing. A Value lives as long as its document stays unchanged.
type Value struct {
	d *Doc
	i uint32
}

// Exists says whether there is a value, null included.
func (v Value) Exists() bool { return v.d != nil }

// Kind is the value's kind, Null when absent.
func (v Value) Kind() Kind {
	if v.d == nil {
		return Null
	}
	return v.d.Ents[v.i].Kind()
}

// IsString says whether the value is a string of any of the three kinds.
func (v Value) IsString() bool {
	k := v.Kind()
	return k == String || k == Escaped || k == Extern
}

// IsNull says whether the value is null or absent.
func (v Value) IsNull() bool {
	if v.d == nil {
		return true
	}
	return v.is(Null)
}

// IsExtern says whether the value is a string of which only the head can be read.
func (v Value) IsExtern() bool { return v.Kind() == Extern }

// Entry is the value's number in the index, 0 when absent; Doc.Value leads back.
func (v Value) Entry() uint32 { return v.i }

// Doc is the document the value belongs to, nil when absent.
func (v Value) Doc() *Doc { return v.d }

// is compares the kind and counts as reading when it fits.
func (v Value) is(k Kind) bool {
	if v.d == nil || v.d.Ents[v.i].Kind() != k {
		return false
	}
	v.touch()
	return true
}

// text is the bytes of the entry: between the quotes of a string, brackets included of a container.
func (v Value) text() []byte {
	e := &v.d.Ents[v.i]
	return v.d.Src[e.Start:e.End]
}

// Get is the value under the key, compared unescaped; the last one where a tolerant document has several; absent when
// there is none or v is no object. It looks at every member: to read several, use Iter.
func (v Value) Get(key string) (r Value) {
	if !v.is(Object) {
		return Value{}
	}
	ents, b := v.d.Ents, view(key)
	for k, end := v.i+1, ents[v.i].Next(); k < end; k = ents[k+1].Next() {
		if v.d.keyIs(int(k), b) {
			r = Value{v.d, k + 1}
		}
	}
	return r
}

// At is the nth element of an array, counted from 0; absent when there is none. It walks the elements before it.
func (v Value) At(n int) Value {
	if n < 0 || !v.is(Array) {
		return Value{}
	}
	ents := v.d.Ents
	for k, end := v.i+1, ents[v.i].Next(); k < end; k = ents[k].Next() {
		if n == 0 {
			return Value{v.d, k}
		}
		n--
	}
	return Value{}
}

// Len is the number of elements of an array or members of an object, 0 for anything else. It walks them.
func (v Value) Len() (n int) {
	for it := v.Iter(); it.Next(); {
		n++
	}
	return n
}

// Raw is the value's JSON text as it stands, white space inside included; false when it is absent or a part of it is
// Extern. The slice belongs to the document.
func (v Value) Raw() ([]byte, bool) {
	if v.d == nil {
		return nil, false
	}
	s, e := v.span()
	if x := v.d.Ext; len(x) > 0 {
		if k := v.d.extFrom(s); k < len(x) && x[k].At < e {
			return nil, false
		}
	}
	v.touchAll()
	return v.d.Src[s:e], true
}

// span is the value's extent in Src, quotes included. Of an Extern it ends behind its rest where that lies in Src.
func (v Value) span() (s, e uint32) {
	x := v.d.Ents[v.i]
	switch x.Kind() {
	case Extern:
		if v.d.Resident {
			x.End += v.d.Ext[v.d.extFrom(x.End)].Len
		}
		fallthrough
	case String, Escaped:
		return x.Start - 1, x.End + 1
	}
	return x.Start, x.End
}

// Inner is what stands between a string's quotes, still escaped; false when v is no string or Extern. The slice belongs
// to the document.
func (v Value) Inner() ([]byte, bool) {
	if v.is(String) || v.is(Escaped) {
		return v.text(), true
	}
	return nil, false
}

// Head is what stands between a string's quotes, still escaped, of an Extern only its readable head; nil when v is no
// string. The slice belongs to the document.
func (v Value) Head() []byte {
	if !v.IsString() {
		return nil
	}
	v.touch()
	return v.text()
}

// Text is what a string means, as a copy; false when v is no string or Extern. Half a surrogate pair reads as U+FFFD.
func (v Value) Text() (string, bool) {
	if v.is(String) {
		return string(v.text()), true
	}
	if v.is(Escaped) {
		return string(AppendUnescaped(nil, v.text())), true
	}
	return "", false
}

// AppendText appends what a string means to dst; false, with dst as it was, when v is no string or Extern.
func (v Value) AppendText(dst []byte) ([]byte, bool) {
	if v.is(String) {
		return append(dst, v.text()...), true
	}
	if v.is(Escaped) {
		return AppendUnescaped(dst, v.text()), true
	}
	return dst, false
}

// Is says whether v is a string that means s. An Extern is never equal to anything.
func (v Value) Is(s string) bool {
	if v.is(String) {
		return string(v.text()) == s
	}
	return v.is(Escaped) && unescapedIs(v.text(), view(s))
}

// Bool is the value of true or false; ok is false for anything else.
func (v Value) Bool() (value, ok bool) {
	if !v.is(Bool) {
		return false, false
	}
	return v.text()[0] == 't', true
}

// True says whether v is true.
func (v Value) True() bool {
	b, _ := v.Bool()
	return b
}
