package abi

import (
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// The input of cp_event has a layout of its own, since it is the one that counts: count u32; for each event the length of
// its name, the length of its data and the number of its index entries, u32 each; then the entries of all events; then name
// and data of each event, one behind the other. Entries of an event count from its own data.

const eventHead = 12

// EventText is the data of an event as a guest gets it: the text that its index belongs to, or the bytes as they came
// where they are not JSON.
func EventText(e *runner.RawEvent) []byte {
	if e.Doc != nil {
		return e.Doc.Src
	}
	return e.Data
}

// EventsSize is how many bytes PutEvents needs.
func EventsSize(evs []runner.RawEvent) int {
	n := 4 + eventHead*len(evs)
	for i := range evs {
		e := &evs[i]
		n += len(e.Name) + len(EventText(e))
		if e.Doc != nil {
			n += len(e.Doc.Ents) * jsonindex.EntrySize
		}
	}
	return n
}

// PutEvents writes the input of cp_event to dst, which has EventsSize bytes.
func PutEvents(dst []byte, evs []runner.RawEvent) {
	le.PutUint32(dst, uint32(len(evs)))
	at := 4 + eventHead*len(evs)
	for i := range evs {
		e, head := &evs[i], dst[4+eventHead*i:]
		entries := 0
		if e.Doc != nil {
			entries = len(e.Doc.Ents)
			at += copy(dst[at:], e.Doc.IndexBytes())
		}
		le.PutUint32(head, uint32(len(e.Name)))
		le.PutUint32(head[4:], uint32(len(EventText(e))))
		le.PutUint32(head[8:], uint32(entries))
	}
	for i := range evs {
		at += copy(dst[at:], evs[i].Name)
		at += copy(dst[at:], EventText(&evs[i]))
	}
}

// EventReader walks the input of cp_event. Everything it gives is a view of that input.
type EventReader struct {
	// Name and Data of the event at hand; Entries is its index, nil when Data is not JSON.
	Name, Data []byte
	Entries    []jsonindex.Entry

	heads, index, texts []byte
}

// ReadEvents checks the input of cp_event as a whole.
func ReadEvents(b []byte) (EventReader, error) {
	if len(b) < 4 {
		return EventReader{}, malformed("%d bytes are too few for events", len(b))
	}
	count := uint64(le.Uint32(b))
	rest := b[4:]
	if count*eventHead > uint64(len(rest)) {
		return EventReader{}, malformed("%d events do not fit into %d bytes", count, len(b))
	}
	heads, rest := rest[:count*eventHead], rest[count*eventHead:]
	texts, entries := uint64(0), uint64(0)
	for h := heads; len(h) > 0; h = h[eventHead:] {
		texts += uint64(le.Uint32(h)) + uint64(le.Uint32(h[4:]))
		entries += uint64(le.Uint32(h[8:]))
	}
	// The number of events is bounded by the memory that their heads stand in, so that neither sum overflows.
	index := entries * jsonindex.EntrySize
	if index > uint64(len(rest)) || texts != uint64(len(rest))-index {
		return EventReader{}, malformed("%d bytes of events and %d entries do not fill %d bytes", texts, entries, len(rest))
	}
	return EventReader{heads: heads, index: rest[:index], texts: rest[index:]}, nil
}

// Next moves to the next event and says whether there is one.
func (r *EventReader) Next() bool {
	if len(r.heads) == 0 {
		return false
	}
	name, data, entries := le.Uint32(r.heads), le.Uint32(r.heads[4:]), le.Uint32(r.heads[8:])*jsonindex.EntrySize
	r.heads = r.heads[eventHead:]
	r.Name, r.texts = r.texts[:name:name], r.texts[name:]
	r.Data, r.texts = r.texts[:data:data], r.texts[data:]
	r.Entries = jsonindex.EntriesOf(r.index[:entries])
	r.index = r.index[entries:]
	return true
}
