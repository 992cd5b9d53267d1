package jsonindex

import "math"

// Builder makes indexes. The zero value is ready. It keeps its scratch space between calls and must not be used by two
// goroutines at a time; documents do not depend on it once made.
type Builder struct {
	stack []frame
	keys  keyTable
}

// frame is an open container while a scan is inside one within it.
type frame struct {
	seen   uint64
	open   uint32
	keys   int32
	object bool
}

// fault is what stopped the scan; the zero value means nothing did.
type fault struct {
	msg    string
	off    int
	kind   ErrorKind
	behind bool // the value before off is complete and the container around it at fault
}

// Parse indexes src with a Builder of its own.
func Parse(src []byte, m Mode) (*Doc, error) {
	d := new(Doc)
	if err := new(Builder).Index(d, src, m); err != nil {
		return nil, err
	}
	return d, nil
}

// Index validates src and fills d, which keeps src and whose slices are used again. After an error, always a *SyntaxError,
// the document is empty.
func (b *Builder) Index(d *Doc, src []byte, m Mode) error {
	if m.MaxDepth <= 0 {
		m.MaxDepth = MaxDepth
	}
	if m.MaxEntries <= 0 {
		m.MaxEntries = MaxEntries
	}
	m.MaxEntries = min(m.MaxEntries, nextMask)
	d.Src, d.Ents, d.Ext = src, d.Ents[:0], d.Ext[:0]
	d.Resident, d.Client, d.Repaired, d.touched = true, m.Extern, false, nil

	f := b.tooLarge(src, m)
	if f.msg == "" {
		f = b.scan(d, src, &m)
	}
	if f.kind == UTF8 && f.msg != "" && m.Tolerant {
		d.Repaired = true
		src = appendRepaired(make([]byte, 0, repairedSize(src)), src)
		d.Src, d.Ents, d.Ext = src, d.Ents[:0], d.Ext[:0]
		if f = b.tooLarge(src, Mode{}); f.msg == "" {
			f = b.scan(d, src, &m)
		}
	}
	if f.msg == "" {
		return nil
	}
	err := &SyntaxError{Offset: f.off, Path: openPath(d, f.behind), Msg: f.msg, Kind: f.kind}
	*d = Doc{Ents: d.Ents[:0], Ext: d.Ext[:0]}
	return err
}

func (b *Builder) tooLarge(src []byte, m Mode) fault {
	if m.MaxBytes > 0 && len(src) > m.MaxBytes {
		return fault{msg: "larger than the limit", off: m.MaxBytes, kind: Size}
	}
	if uint64(len(src)) > math.MaxUint32 {
		return fault{msg: "larger than 4 GiB", off: math.MaxInt32, kind: Size}
	}
	return fault{}
}
