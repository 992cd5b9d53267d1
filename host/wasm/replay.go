package wasm

import (
	"encoding/binary"
	"hash/maphash"
	"sync/atomic"

	"github.com/claude-proxy/claude-proxy/sdk/abi"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// An adapter is a pure function of its inputs. So when an instance dies of one exchange's fault, the other exchanges in it
// are opened again elsewhere and given everything they were given before; the ops that come back must be those that the
// host has used already.

// allowance bounds what the histories of all exchanges hold together.
type allowance struct {
	limit int64
	used  atomic.Int64
}

func (a *allowance) take(n int64) bool {
	if a.used.Add(n) <= a.limit {
		return true
	}
	a.used.Add(-n)
	return false
}

// maxHistory is the most bytes that one exchange keeps.
const maxHistory = 1 << 20

// history is what an exchange was given: the input of cp_begin without its index, and the events, which are indexed again
// when they are needed. Once it was too much, nothing is kept.
type history struct {
	quota  *allowance
	begin  []byte
	events []byte // for each: length of name u32, length of data u32 with bit 31 for indexed, name, data
	held   int64
	gone   bool
}

const indexedBit = 1 << 31

// complete says whether the exchange can be rebuilt.
func (h *history) complete() bool { return !h.gone }

// hold pays for n more bytes. It says no once, when it gives everything up.
func (h *history) hold(n int) bool {
	if h.held+int64(n) <= maxHistory && h.quota.take(int64(n)) {
		h.held += int64(n)
		return true
	}
	h.free()
	return false
}

// free gives up what is kept.
func (h *history) free() {
	if !h.gone {
		h.quota.used.Add(-h.held)
		*h = history{quota: h.quota, gone: true}
	}
}

// keepBegin keeps the input of cp_begin; false when it is too much.
func (h *history) keepBegin(f *frame) bool {
	small := frame{small: f.small}
	if f.doc != nil {
		small.small = append(small.small[:len(small.small):len(small.small)], section{abi.TagBody, f.doc.Src})
		if len(f.doc.Ext) > 0 {
			small.small = append(small.small, section{abi.TagExtern, f.doc.ExtBytes()})
		}
	}
	n := small.size()
	if !h.hold(n) {
		return false
	}
	h.begin = make([]byte, n)
	small.put(h.begin)
	return true
}

// keepEvents keeps events that the guest has taken; false when they are what makes the history too much.
func (h *history) keepEvents(evs []runner.RawEvent) bool {
	if h.gone {
		return true
	}
	n := 0
	for i := range evs {
		n += 8 + len(evs[i].Name) + len(abi.EventText(&evs[i]))
	}
	if grow := len(h.events) + n - cap(h.events); grow > 0 {
		// The memory grows by doubling; what is paid for is what is held.
		grow = max(grow, cap(h.events), 1<<10)
		if !h.hold(grow) {
			return false
		}
		h.events = append(make([]byte, 0, cap(h.events)+grow), h.events...)
	}
	for i := range evs {
		e, text := &evs[i], abi.EventText(&evs[i])
		size := uint32(len(text))
		if e.Doc != nil {
			size |= indexedBit
		}
		h.events = binary.LittleEndian.AppendUint32(h.events, uint32(len(e.Name)))
		h.events = binary.LittleEndian.AppendUint32(h.events, size)
		h.events = append(append(h.events, e.Name...), text...)
	}
	return true
}

// nextEvent takes the first event off what is kept. It is indexed in doc where it was.
func nextEvent(kept []byte, b *jsonindex.Builder, doc *jsonindex.Doc) (e runner.RawEvent, rest []byte, err error) {
	name, size := binary.LittleEndian.Uint32(kept), binary.LittleEndian.Uint32(kept[4:])
	kept = kept[8:]
	e.Name, kept = string(kept[:name]), kept[name:]
	n := size &^ indexedBit
	e.Data, rest = kept[:n:n], kept[n:]
	if size&indexedBit != 0 {
		err = b.Index(doc, e.Data, jsonindex.UpstreamMode())
		e.Doc = doc
	}
	return e, rest, err
}

// frame makes the input of cp_begin anew.
func (h *history) frame(b *jsonindex.Builder) (f frame, err error) {
	kept, err := abi.Open(h.begin)
	if err != nil {
		return f, err
	}
	f.small = []section{{abi.TagCall, kept.Section(abi.TagCall)}}
	if headers, ok := kept.Get(abi.TagHeaders); ok {
		f.small = append(f.small, section{abi.TagHeaders, headers})
	}
	body, ok := kept.Get(abi.TagBody)
	if !ok {
		return f, nil
	}
	f.doc = new(jsonindex.Doc)
	if err := b.Index(f.doc, body, jsonindex.Mode{}); err != nil {
		return f, err
	}
	f.doc.Resident, f.doc.Ext = false, jsonindex.ExtsOf(kept.Section(abi.TagExtern))
	markExtern(f.doc)
	return f, nil
}

// markExtern gives the heads of long strings their kind again: they end where something is missing.
func markExtern(d *jsonindex.Doc) {
	const kindShift = 29
	k := 0
	for i := range d.Ents {
		e := &d.Ents[i]
		if k < len(d.Ext) && e.End == d.Ext[k].At && e.Kind() != jsonindex.Object && e.Kind() != jsonindex.Array {
			e.NK = e.Next() | uint32(jsonindex.Extern)<<kindShift
			k++
		}
	}
}

// rebuild opens the exchange in another instance, which it leaves locked.
func (r *run) rebuild(private bool) error {
	p := r.ch.p
	lost := func(detail string) error {
		e := &Error{Plugin: p.name, Reason: Lost, Detail: detail}
		p.counts.lost.Add(1)
		p.log.logger.Error("plugin exchange lost", "detail", detail)
		return e
	}
	if !r.history.complete() {
		return lost("its inputs were too much to be kept")
	}
	var b jsonindex.Builder
	f, err := r.history.frame(&b)
	if err != nil {
		return lost(err.Error())
	}
	i, err := p.enter(private)
	if err != nil {
		return err
	}
	r.i, r.handle = i, 0
	if _, err = r.open(&f); err == nil && r.handle == 0 {
		err = lost("it has no exchange this time")
	}
	if err == nil {
		err = r.repeat(&b, lost)
	}
	if err == nil {
		p.counts.replays.Add(1)
		return nil
	}
	if i.dead == nil && r.handle != 0 {
		i.closeExchange(r.handle)
	}
	r.i = nil
	i.mu.Unlock()
	p.release(i)
	return err
}

// repeat gives the guest all events again and compares what comes back with what was handed out.
func (r *run) repeat(b *jsonindex.Builder, lost func(string) error) error {
	const batch = 32
	var (
		out  ops.Emitter
		sum  maphash.Hash
		n    int
		docs [batch]jsonindex.Doc
		evs  []runner.RawEvent
	)
	sum.SetSeed(r.sum.Seed())
	for kept := r.history.events; len(kept) > 0; {
		evs = evs[:0]
		for len(kept) > 0 && len(evs) < batch {
			e, rest, err := nextEvent(kept, b, &docs[len(evs)])
			if err != nil {
				return lost(err.Error())
			}
			evs, kept = append(evs, e), rest
		}
		out.Reset()
		if _, err := r.i.events(r.handle, evs, &out); err != nil {
			return err
		}
		n += len(out.Buf)
		// It never fails.
		_, _ = sum.Write(out.Buf)
	}
	if n != r.handed || sum.Sum64() != r.sum.Sum64() {
		return lost("the same inputs gave other ops this time: the adapter is not pure")
	}
	return nil
}
