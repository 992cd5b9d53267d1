package openaicompat

import (
	"time"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// Whole reads an answer in one piece. https://platform.openai.com/docs/api-reference/chat/object
func (x *exchange) Whole(body jsonindex.Value, out *ops.Emitter) error {
	if e := body.Get("error"); !e.IsNull() {
		return inside(e)
	}
	choice := body.Get("choices").At(0)
	if choice.Get("message").Kind() != jsonindex.Object {
		return adapter.Fail(adapter.Protocol, "", "the answer holds no message")
	}
	x.told(body.Get("id"), body.Get("model"), out)
	if err := x.message(choice.Get("message"), out); err != nil {
		return err
	}
	x.finishReason(choice.Get("finish_reason"), out)
	x.usage(body.Get("usage"), out)
	return x.finish(out)
}

// modelList reads the list of models.
type modelList struct{ exchange }

// Event refuses a stream: the list is one document. So does End.
func (*modelList) Event(adapter.Event, *ops.Emitter) error {
	return adapter.Fail(adapter.Protocol, "", "the list of models is a stream")
}

func (*modelList) End(adapter.EndReason, *ops.Emitter) error {
	return adapter.Fail(adapter.Protocol, "", "the list of models is a stream")
}

// Whole reads the list. https://platform.openai.com/docs/api-reference/models/list
func (*modelList) Whole(body jsonindex.Value, out *ops.Emitter) error {
	if e := body.Get("error"); !e.IsNull() {
		return inside(e)
	}
	data := body.Get("data")
	if data.Kind() != jsonindex.Array {
		return adapter.Fail(adapter.Protocol, "", "the list of models has no data")
	}
	var w jsonindex.Writer
	for it := data.Iter(); it.Next(); {
		id := it.Val.Get("id")
		if len(id.Head()) == 0 {
			continue
		}
		w.Reset(w.Buf[:0])
		w.Lit(`{"type":"model","id":`)
		w.Raw(id)
		w.Lit(`,"display_name":`)
		w.Raw(id)
		w.Lit(`,"created_at":`)
		w.Quote(created(it.Val.Get("created")))
		w.Byte('}')
		out.Model(w.Literal())
	}
	out.Done()
	return nil
}

// created is a time as Claude writes it; the beginning of 1970 stands for an unknown one.
func created(seconds jsonindex.Value) string {
	n, ok := seconds.Int()
	if !ok || n < 0 || n > 253402300799 { // the end of the year 9999
		n = 0
	}
	return time.Unix(n, 0).UTC().Format(time.RFC3339)
}
