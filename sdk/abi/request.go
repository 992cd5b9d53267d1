package abi

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// The fields of section REQUEST. Method, path, headers, body, losses and the local answer are sections of their own.
const (
	RequestFlags   uint16 = iota + 1 // u32: RequestStream, RequestPassThrough, RequestLocal
	RequestFraming                   // u32: adapter.Framing
	RequestSplice                    // entry u32, flags u32 (SpliceRemove), then the text that replaces the value; repeated
	RequestStop                      // text: a stop sequence that the host watches for; repeated
)

// Bits of RequestFlags.
const (
	RequestStream      uint32 = 1 << iota // a streamed answer was asked for
	RequestPassThrough                    // the client's body goes out, changed by splices only
	RequestLocal                          // the answer stands in section OPS
)

// segSize is the length of one entry of section SEGMENTS.
const segSize = 12

// SpliceRemove takes an array element out.
const SpliceRemove uint32 = 1

// AppendRequest adds to a frame everything that Begin filled: sections METHOD, PATH, REQUEST, HEADERS, LOSS, BODY,
// SEGMENTS and OPS, those that are not empty. A body without SEGMENTS is BODY as it stands. It finishes the body.
func AppendRequest(b *Builder, up *adapter.UpstreamRequest) {
	b.Text(TagMethod, up.Method)
	b.Text(TagPath, up.Path)
	b.Open(TagRequest)
	b.Buf = appendRequestFields(b.Buf, up)
	b.Close()
	if len(up.Headers) > 0 {
		b.Open(TagHeaders)
		b.Buf = AppendHeaders(b.Buf, up.Headers)
		b.Close()
	}
	if len(up.Losses) > 0 {
		b.Open(TagLoss)
		b.Buf = appendLosses(b.Buf, up.Losses)
		b.Close()
	}
	up.Body.Finish()
	if lit := up.Body.Literal(); len(lit) > 0 {
		b.Section(TagBody, lit)
	}
	if segs := up.Body.Segs; len(segs) > 1 || len(segs) == 1 && segs[0].Kind != jsonindex.SegLiteral {
		b.Open(TagSegments)
		for _, s := range segs {
			b.Buf = le.AppendUint32(b.Buf, s.Kind)
			b.Buf = le.AppendUint32(b.Buf, s.Off)
			b.Buf = le.AppendUint32(b.Buf, s.Len)
		}
		b.Close()
	}
	if up.Local {
		b.Section(TagOps, up.Answer.Buf)
	}
}

func appendRequestFields(dst []byte, up *adapter.UpstreamRequest) []byte {
	flags := uint32(0)
	for _, f := range [...]struct {
		on  bool
		bit uint32
	}{{up.Stream, RequestStream}, {up.PassThrough, RequestPassThrough}, {up.Local, RequestLocal}} {
		if f.on {
			flags |= f.bit
		}
	}
	dst = appendU32(dst, RequestFlags, flags)
	dst = appendU32(dst, RequestFraming, uint32(up.Framing))
	for _, s := range up.Splices {
		dst = appendHead(dst, RequestSplice, 8+len(s.With))
		dst = le.AppendUint32(dst, s.Entry)
		flags := uint32(0)
		if s.Remove {
			flags = SpliceRemove
		}
		dst = append(le.AppendUint32(dst, flags), s.With...)
	}
	for _, s := range up.StopSequences {
		// An empty one is written too: leaving it out would hide it from the host's checks.
		dst = append(appendHead(dst, RequestStop, len(s)), s...)
	}
	return dst
}

// ReadRequest reads what AppendRequest wrote into up, which was Reset. Everything in up is a copy in the memory that up
// had. client is the length of the client's body, which segments may name.
func ReadRequest(f Frame, up *adapter.UpstreamRequest, client int) error {
	up.Method, up.Path = string(f.Section(TagMethod)), string(f.Section(TagPath))
	if err := readRequestFields(f.Section(TagRequest), up); err != nil {
		return err
	}
	var err error
	if up.Headers, err = ReadHeaders(f.Section(TagHeaders), up.Headers); err != nil {
		return err
	}
	if up.Losses, err = readLosses(f.Section(TagLoss), up.Losses); err != nil {
		return err
	}
	if up.Local {
		up.Answer.Buf = append(up.Answer.Buf, f.Section(TagOps)...)
	}
	literal := append(up.Body.Buf[:0], f.Section(TagBody)...)
	segs := up.Body.Segs[:0]
	raw, ok := f.Get(TagSegments)
	if len(raw)%segSize != 0 {
		return malformed("section SEGMENTS has %d bytes", len(raw))
	}
	if !ok && len(literal) > 0 {
		segs = append(segs, jsonindex.Seg{Kind: jsonindex.SegLiteral, Len: uint32(len(literal))})
	}
	for ; len(raw) > 0; raw = raw[segSize:] {
		segs = append(segs, jsonindex.Seg{Kind: le.Uint32(raw), Off: le.Uint32(raw[4:]), Len: le.Uint32(raw[8:])})
	}
	if err := up.Body.SetSegs(literal, segs, client); err != nil {
		return malformed("section SEGMENTS: %v", err)
	}
	return nil
}

func readRequestFields(b []byte, up *adapter.UpstreamRequest) error {
	f := fields{rest: b}
	for f.next() {
		switch f.number {
		case RequestFlags:
			bits := f.u32()
			up.Stream, up.PassThrough, up.Local = bits&RequestStream != 0, bits&RequestPassThrough != 0, bits&RequestLocal != 0
		case RequestFraming:
			n := f.u32()
			if n > uint32(adapter.JSONLines) {
				f.fail("framing %d is unknown", n)
			}
			up.Framing = adapter.Framing(n)
		case RequestSplice:
			if len(f.value) < 8 {
				f.fail("a splice has %d bytes", len(f.value))
				break
			}
			up.Splices = append(up.Splices, adapter.Splice{
				Entry: le.Uint32(f.value), Remove: le.Uint32(f.value[4:])&SpliceRemove != 0, With: string(f.value[8:]),
			})
		case RequestStop:
			up.StopSequences = append(up.StopSequences, f.text())
		}
	}
	return f.err
}

// appendLosses appends section LOSS: for each loss its kind and the lengths of path and note, u32 each, then both.
func appendLosses(dst []byte, losses []adapter.Loss) []byte {
	for _, l := range losses {
		dst = le.AppendUint32(dst, uint32(l.Kind))
		dst = le.AppendUint32(dst, uint32(len(l.Path)))
		dst = le.AppendUint32(dst, uint32(len(l.Note)))
		dst = append(append(dst, l.Path...), l.Note...)
	}
	return dst
}

func readLosses(b []byte, losses []adapter.Loss) ([]adapter.Loss, error) {
	l := items{what: "LOSS", rest: b}
	for l.more() {
		kind, path, note := l.u32(), l.u32(), l.u32()
		loss := adapter.Loss{Kind: adapter.LossKind(kind), Path: l.text(path), Note: l.text(note)}
		if l.err == nil && kind > uint32(adapter.Dropped) {
			l.err = malformed("a loss is of unknown kind %d", kind)
		}
		if l.err == nil {
			losses = append(losses, loss)
		}
	}
	return losses, l.err
}
