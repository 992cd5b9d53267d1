package wasm

import (
	"github.com/claude-proxy/claude-proxy/sdk/abi"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// section is one section of a frame for a guest.
type section struct {
	tag  abi.Tag
	data []byte
}

// frame is a frame for a guest: small sections, and a document in the form for guests, or none.
type frame struct {
	small []section
	doc   *jsonindex.Doc
}

// size is how many bytes put needs.
func (f *frame) size() int {
	var l abi.Layout
	f.place(&l, nil)
	return l.Size()
}

// put writes the frame.
func (f *frame) put(dst []byte) {
	var l abi.Layout
	f.place(&l, dst)
	l.Put(dst)
}

// place finds the places of all sections and, where there is a destination, writes them.
func (f *frame) place(l *abi.Layout, dst []byte) {
	add := func(tag abi.Tag, length int, data []byte) {
		if off := l.Add(tag, length); dst != nil {
			copy(dst[off:], data)
		}
	}
	for _, s := range f.small {
		add(s.tag, len(s.data), s.data)
	}
	if f.doc == nil {
		return
	}
	index := f.doc.IndexBytes()
	add(abi.TagBody, len(f.doc.Src), f.doc.Src)
	add(abi.TagIndex, len(index), index)
	if len(f.doc.Ext) > 0 {
		ext := f.doc.ExtBytes()
		add(abi.TagExtern, len(ext), ext)
	}
}

// write puts a frame into the guest's arena and returns its length.
func (i *instance) write(f *frame) (int, error) {
	n := f.size()
	dst, err := i.input(n)
	if err != nil {
		return 0, err
	}
	f.put(dst)
	return n, nil
}
