package jsonindex

// Iter walks an array or an object in document order:
//
//	for it := v.Iter(); it.Next(); {
//		switch string(it.Key()) {
//		case "model":
//			model = it.Val
//		}
//	}
//
// It allocates nothing but the copy of a key that has escapes. Copying it copies the place.
type Iter struct {
	Val    Value // the element or member value; valid after Next said true
	i, end uint32
	object uint32 // 1 in objects, where a key stands before each value
}

// Iter begins before the first element or member. Of anything but an array or object it has none.
func (v Value) Iter() (it Iter) {
	if v.d == nil {
		return it
	}
	e := &v.d.Ents[v.i]
	switch e.Kind() {
	case Object:
		it.object = 1
	case Array:
	default:
		return it
	}
	v.touch()
	it.Val.d, it.i, it.end = v.d, v.i+1, e.Next()
	return it
}

// Next moves to the next element or member and says whether there is one.
func (it *Iter) Next() bool {
	i := it.i
	if i >= it.end {
		return false
	}
	i += it.object
	it.Val.i = i
	it.i = it.Val.d.Ents[i].Next()
	return true
}

// Key is the unescaped key of the member at hand, nil in an array. It is a view of the document unless it has escapes.
func (it *Iter) Key() []byte {
	if it.object == 0 || it.Val.i == 0 {
		return nil
	}
	e := &it.Val.d.Ents[it.Val.i-1]
	raw := it.Val.d.Src[e.Start:e.End]
	if e.Kind() == Escaped {
		return AppendUnescaped(nil, raw)
	}
	return raw
}

// RawKey is the key as it stands between its quotes, still escaped, nil in an array.
func (it *Iter) RawKey() []byte {
	if it.object == 0 || it.Val.i == 0 {
		return nil
	}
	e := &it.Val.d.Ents[it.Val.i-1]
	return it.Val.d.Src[e.Start:e.End]
}
