package passthrough

import (
	"fmt"
	"io"
	"net"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// Plan is an upstream body made of the client's body and a few edits. It copies nothing: the pieces alias the client's
// body, which must not change while they are in use. It is immutable and safe for concurrent use.
type Plan struct {
	src   []byte
	edits []edit // ascending, not overlapping
	size  int
}

// edit replaces src[lo:hi] by with.
type edit struct {
	lo, hi int
	with   string
}

// NewPlan checks the splices of one request and plans the body that they give. doc is the client's body, indexed on the
// host. The only edits allowed are
//
//   - replacing the value of the top-level member model by a JSON string, and
//   - removing whole thinking or redacted_thinking blocks of assistant messages, of which, unless the adapter was called
//     with a remedy, signature or data carries an issuer's tag (see package signature): untagged ones are Claude's own.
//
// Commas and the white space that belongs to a removed block go with it. A message all of whose blocks are removed goes
// too, since the API takes no empty one and merges the turns around it.
//
// The order of splices does not matter. An error means that the adapter is at fault; its text continues a sentence that
// begins with the adapter's name.
func NewPlan(doc *jsonindex.Doc, splices []adapter.Splice, remedies ...adapter.Remedy) (*Plan, error) {
	p := &Plan{src: doc.Src, size: len(doc.Src)}
	if len(splices) == 0 {
		return p, nil
	}
	if !doc.Resident {
		panic("BUG: passthrough: the document holds a part of the body only")
	}
	edits, err := check(doc, splices, len(remedies) > 0)
	if err != nil {
		return nil, err
	}
	p.edits = edits
	for _, e := range edits {
		p.size += len(e.with) - (e.hi - e.lo)
	}
	return p, nil
}

// Len is the length of the body in bytes.
func (p *Plan) Len() int { return p.size }

// Pieces appends the body to dst as slices in order. None is empty. They are read-only and alias the client's body.
func (p *Plan) Pieces(dst [][]byte) [][]byte {
	at := 0
	for _, e := range p.edits {
		if e.lo > at {
			dst = append(dst, p.src[at:e.lo])
		}
		if e.with != "" {
			dst = append(dst, []byte(e.with))
		}
		at = e.hi
	}
	if at < len(p.src) {
		dst = append(dst, p.src[at:])
	}
	return dst
}

// AppendTo appends the body to dst.
func (p *Plan) AppendTo(dst []byte) []byte {
	at := 0
	for _, e := range p.edits {
		dst = append(dst, p.src[at:e.lo]...)
		dst = append(dst, e.with...)
		at = e.hi
	}
	return append(dst, p.src[at:]...)
}

// WriteTo writes the body to w.
func (p *Plan) WriteTo(w io.Writer) (int64, error) {
	pieces := net.Buffers(p.Pieces(nil))
	return pieces.WriteTo(w)
}

// Reader is a new reader of the whole body, for one use by one goroutine. It is an io.WriterTo too.
func (p *Plan) Reader() io.Reader {
	pieces := net.Buffers(p.Pieces(nil))
	return &pieces
}

// Splice appends the client's body with the splices applied to dst; see NewPlan for what is allowed. On an error dst comes
// back as it was.
func Splice(dst []byte, doc *jsonindex.Doc, splices []adapter.Splice, remedies ...adapter.Remedy) ([]byte, error) {
	p, err := NewPlan(doc, splices, remedies...)
	if err != nil {
		return dst, fmt.Errorf("adapter %w", err)
	}
	return p.AppendTo(dst), nil
}
