package openairesponses

import (
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// maxItems is the most items in one answer.
const maxItems = 512

// itemKind says what an item of the output is.
type itemKind uint8

const (
	itemOther itemKind = iota
	itemMessage
	itemCall
	itemReasoning
)

// item is one item of the answer's output.
type item struct {
	index int64 // the upstream's, -1 where it gives none
	kind  itemKind
	ended bool
	block int   // the block it speaks in, 0 until it has begun
	place int64 // the part that block belongs to
	next  int64 // the first part of which nothing was said yet
	args  ops.Args
	id    string // of a call, the upstream's
}

// outputItem is an item as it stands in the output of an answer, taken apart.
// https://platform.openai.com/docs/api-reference/responses/object#responses-object-output
type outputItem struct {
	kind, id, callID, name, arguments, content, summary, encrypted, phase, status jsonindex.Value
}

func (o *outputItem) read(v jsonindex.Value) {
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "type":
			o.kind = it.Val
		case "id":
			o.id = it.Val
		case "call_id":
			o.callID = it.Val
		case "name":
			o.name = it.Val
		case "arguments":
			o.arguments = it.Val
		case "content":
			o.content = it.Val
		case "summary":
			o.summary = it.Val
		case "encrypted_content":
			o.encrypted = it.Val
		case "phase":
			o.phase = it.Val
		case "status":
			o.status = it.Val
		}
	}
}

func (o *outputItem) itemKind() itemKind {
	switch {
	case o.kind.Is("message"):
		return itemMessage
	case o.kind.Is("function_call"):
		return itemCall
	case o.kind.Is("reasoning"):
		return itemReasoning
	}
	return itemOther
}

// find is the item that an event is about. Where the upstream never announced it, the event's kind says what it is; nil
// when there are too many items, or when the item is of another kind than the event.
func (x *exchange) find(e *event, kind itemKind) *item {
	index := indexOf(e)
	t := x.at(index)
	if t == nil || index < 0 && (t.kind != kind || t.ended) {
		t = x.add(index, kind)
	}
	if t == nil || t.kind != kind || t.ended {
		return nil
	}
	return t
}

// indexOf is the upstream's number of the item that an event is about, -1 where it gives none.
func indexOf(e *event) int64 {
	if n, ok := e.index.Int(); ok && n >= 0 {
		return n
	}
	return -1
}

// at is the last item with the upstream's number, nil when there is none. Without a number it is the last item.
func (x *exchange) at(index int64) *item {
	n := len(x.items)
	if x.current < n && x.items[x.current].index == index && !x.items[x.current].ended {
		return &x.items[x.current]
	}
	for i := n - 1; i >= 0; i-- {
		if x.items[i].index == index || index < 0 {
			x.current = i
			return &x.items[i]
		}
	}
	return nil
}

// add notes another item; nil when there are too many.
func (x *exchange) add(index int64, kind itemKind) *item {
	if len(x.items) >= maxItems {
		x.full = true
		return nil
	}
	x.current = len(x.items)
	x.items = append(x.items, item{index: index, kind: kind})
	return &x.items[x.current]
}

// added begins an item.
func (x *exchange) added(e *event, out *ops.Emitter) error {
	var o outputItem
	o.read(e.item)
	_, err := x.open(&o, indexOf(e), out)
	return err
}

// open begins an item of the output. Reasoning in front of it now knows what it led to.
func (x *exchange) open(o *outputItem, index int64, out *ops.Emitter) (*item, error) {
	t := x.add(index, o.itemKind())
	if t == nil {
		return nil, protocol("more than %d items in one answer", maxItems)
	}
	if t.kind == itemCall {
		t.id, _ = o.callID.Text()
	}
	if t.kind == itemMessage && x.held.block == 0 && len(o.phase.Head()) > 0 && !x.noted.phase {
		x.noted.phase = true
		out.Loss("content.phase", ops.Tuned, "no reasoning in front of the message carries its phase")
	}
	x.settle(x.nextOf(t, o), out)
	switch {
	case t.kind == itemCall && len(o.name.Head()) > 0:
		x.start(t, o.name, out)
	case t.kind == itemOther && !x.noted.kinds:
		x.noted.kinds = true
		out.Loss("content", ops.Dropped, "items that are neither text, calls nor reasoning are left out")
	}
	return t, nil
}

// ended completes an item with what of it did not come in pieces.
func (x *exchange) ended(e *event, out *ops.Emitter) error {
	var o outputItem
	o.read(e.item)
	t := x.at(indexOf(e))
	if t == nil || t.ended || t.kind != o.itemKind() {
		var err error
		if t, err = x.open(&o, indexOf(e), out); err != nil {
			return err
		}
	}
	return x.close(t, &o, out)
}

// output reads the items of a complete answer: all of them where none came in pieces, else the ends of those that have
// none yet.
func (x *exchange) output(v jsonindex.Value, out *ops.Emitter) error {
	streamed := len(x.items) > 0
	n := int64(0)
	for it := v.Iter(); it.Next(); n++ {
		var o outputItem
		o.read(it.Val)
		var t *item
		if streamed {
			if t = x.at(n); t == nil || t.ended || t.kind != o.itemKind() {
				continue
			}
		} else {
			var err error
			if t, err = x.open(&o, n, out); err != nil {
				return err
			}
		}
		if err := x.close(t, &o, out); err != nil {
			return err
		}
	}
	return nil
}

// close ends an item.
func (x *exchange) close(t *item, o *outputItem, out *ops.Emitter) error {
	t.ended = true
	switch t.kind {
	case itemMessage:
		x.parts(t, o.content, out)
		if t.block != 0 {
			out.BlockEnd(t.block)
		}
	case itemCall:
		return x.closeCall(t, o, out)
	case itemReasoning:
		x.closeReasoning(t, o, out)
	}
	return nil
}

// parts emits the parts of a message that were not said in pieces.
func (x *exchange) parts(t *item, content jsonindex.Value, out *ops.Emitter) {
	n := int64(0)
	for it := content.Iter(); it.Next(); n++ {
		var kind, text, refusal, annotations jsonindex.Value
		for jt := it.Val.Iter(); jt.Next(); {
			switch string(jt.Key()) {
			case "type":
				kind = jt.Val
			case "text":
				text = jt.Val
			case "refusal":
				refusal = jt.Val
			case "annotations":
				annotations = jt.Val
			}
		}
		if kind.Is("refusal") {
			x.refused = true
			text = refusal
		}
		x.restOfText(t, n, text, out)
		if annotations.At(0).Exists() {
			x.annotations(out)
		}
	}
}

// text emits a piece of a message. Each part is a block of its own.
func (x *exchange) text(t *item, place int64, v jsonindex.Value, out *ops.Emitter) {
	if t == nil || len(v.Head()) == 0 {
		return
	}
	if t.block == 0 || t.place != place {
		x.blocks++
		t.block, t.place = x.blocks, place
	}
	t.next = max(t.next, place+1)
	out.Text(t.block, v)
}

// refuse emits a piece of a refusal, which is text.
func (x *exchange) refuse(t *item, place int64, v jsonindex.Value, out *ops.Emitter) {
	x.refused = true
	x.text(t, place, v, out)
}

// restOfText emits a whole part where no piece of it came before.
func (x *exchange) restOfText(t *item, place int64, v jsonindex.Value, out *ops.Emitter) {
	if t != nil && place >= t.next {
		x.text(t, place, v, out)
	}
}
