package jsonindex

import "strconv"

// Track begins to record which values are read. It is for test kits: reading then writes to the document, so that only
// one goroutine may use it. Index ends it.
func (d *Doc) Track() { d.touched = make([]uint64, (len(d.Ents)+63)/64) }

// Untouched is the paths, in document order, of the strings, numbers, booleans, nulls and empty containers that nobody
// read since Track; nil when Track was not called. Reading is taking the content in any way: text, raw bytes, passing it
// to a Writer, a comparison, an answer other than "of another kind". Asking for the kind is not, but learning from IsNull
// that a value is null is, and iterating an empty container is.
func (d *Doc) Untouched() []string {
	if d.touched == nil {
		return nil
	}
	var out []string
	d.walk(0, nil, func(i uint32, path []byte) {
		if d.touched[i/64]>>(i%64)&1 == 0 {
			out = append(out, string(path))
		}
	})
	return out
}

// walk calls f for each leaf and empty container under entry i.
func (d *Doc) walk(i uint32, path []byte, f func(i uint32, path []byte)) {
	if i >= uint32(len(d.Ents)) {
		return
	}
	e := d.Ents[i]
	k := e.Kind()
	if k != Array && k != Object || e.Next() == i+1 {
		f(i, path)
		return
	}
	for n, j := 0, i+1; j < e.Next(); n++ {
		p := path
		if k == Object {
			p = d.appendKey(p, j)
			j++
		} else {
			p = appendIndex(p, n)
		}
		d.walk(j, p, f)
		j = d.Ents[j].Next()
	}
}

func (v Value) touch() {
	if v.d.touched != nil {
		v.d.mark(v.i, v.i+1)
	}
}

// touchAll marks the value and everything in it.
func (v Value) touchAll() {
	if v.d.touched != nil {
		v.d.mark(v.i, v.d.Ents[v.i].Next())
	}
}

func (d *Doc) mark(from, to uint32) {
	for i := from; i < to; i++ {
		d.touched[i/64] |= 1 << (i % 64)
	}
}

func appendIndex(p []byte, n int) []byte {
	p = append(p, '[')
	p = strconv.AppendInt(p, int64(n), 10)
	return append(p, ']')
}
