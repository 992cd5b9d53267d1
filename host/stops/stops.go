// Package stops ends an answer at a stop sequence where the upstream cannot do so itself.
//
// It stands between the adapter's ops and the renderer. Text is held back only as long as it may be the beginning of a
// sequence; at the first match the text before it goes out, followed by the stop and done, and the caller cancels the
// upstream. Sequences are looked for in text blocks only, each block by itself, as Claude does.
package stops

import (
	"bytes"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// Filter watches one answer. One goroutine uses it.
type Filter struct {
	sequences [][]byte
	reader    ops.Reader
	began     bool
	out       ops.Emitter
	// held is text of block that may begin a sequence.
	held  []byte
	block int
	cut   bool
}

// New returns a filter for these sequences; empty ones are ignored.
func New(sequences []string) *Filter {
	f := &Filter{}
	for _, s := range sequences {
		if s != "" {
			f.sequences = append(f.sequences, []byte(s))
		}
	}
	return f
}

// Cut says whether a sequence came up: the answer is complete and nothing more is wanted from the upstream.
func (f *Filter) Cut() bool { return f.cut }

// Apply takes whole ops and returns those to render; the slice lives until the next call. Ill-formed ops are passed on,
// with all that follows, for the renderer to refuse.
func (f *Filter) Apply(b []byte) []byte {
	f.out.Reset()
	if f.cut {
		return nil
	}
	if !f.began {
		f.began = true
		f.reader.Reset(b)
	} else {
		f.reader.Continue(b)
	}
	for rest := b; f.reader.More() && !f.cut; {
		o, err := f.reader.Next()
		if err != nil {
			f.flush()
			f.out.Buf = append(f.out.Buf, rest...)
			break
		}
		_, rest, _ = ops.Split(rest)
		f.op(o)
	}
	return f.out.Buf
}

func (f *Filter) op(o ops.Op) {
	switch o.Code {
	case ops.Text:
		if f.block != int(o.Block) {
			f.flush()
			f.block = int(o.Block)
		}
		if o.Escaped {
			f.held = jsonindex.AppendUnescaped(f.held, o.Data)
		} else {
			f.held = append(f.held, o.Data...)
		}
		f.look()
		return
	case ops.Usage, ops.Message, ops.Loss, ops.Stop:
		// They belong to no block and may pass text that waits.
	default:
		f.flush()
	}
	f.out.Buf = ops.Append(f.out.Buf, o)
}

// look ends the answer at the first sequence in the held text, or lets go of what cannot belong to one.
func (f *Filter) look() {
	at, found := -1, []byte(nil)
	for _, s := range f.sequences {
		if i := bytes.Index(f.held, s); i >= 0 && (at < 0 || i < at) {
			at, found = i, s
		}
	}
	if at >= 0 {
		f.cut = true
		f.out.TextBytes(f.block, f.held[:at])
		f.out.Stop(ops.StopSequence, string(found), nil)
		f.out.Done()
		f.held = nil
		return
	}
	keep := 0
	for _, s := range f.sequences {
		for n := min(len(s)-1, len(f.held)); n > keep; n-- {
			if bytes.HasSuffix(f.held, s[:n]) {
				keep = n
			}
		}
	}
	free := len(f.held) - keep
	f.out.TextBytes(f.block, f.held[:free])
	f.held = append(f.held[:0], f.held[free:]...)
}

// flush lets the held text go: no sequence can go on across it.
func (f *Filter) flush() {
	if len(f.held) > 0 {
		f.out.TextBytes(f.block, f.held)
		f.held = f.held[:0]
	}
}
