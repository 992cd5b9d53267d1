package adaptertest_test

import (
	"errors"
	"strconv"
	"time"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

type miniExchange struct {
	mini
	id       string
	call     *adapter.Call
	kept     jsonindex.Value
	counting bool
	block    int
	calls    int
	why      string
	buffered []jsonindex.Value
}

func (x *miniExchange) Event(ev adapter.Event, out *ops.Emitter) error {
	switch {
	case x.wrong == "plain error":
		return errors.New("something is wrong")
	case x.wrong == "bad ops":
		out.TextString(-1, "nowhere")
	case x.wrong == "panic on garbage" && ev.JSON.Kind() != jsonindex.Object:
		panic("no object")
	case x.wrong == "internal on garbage" && ev.JSON.Get("say").Kind() == jsonindex.Number:
		return adapter.Fail(adapter.Internal, "", "never seen")
	}
	if ev.JSON.Get("end").True() {
		return x.finish(out)
	}
	if p := ev.JSON.Get("problem"); p.Exists() {
		return adapter.Fail(adapter.Overloaded, "", "the upstream has a problem")
	}
	x.parts(ev.JSON, out)
	if x.wrong == "early done" && x.why != "" || x.wrong == "done at first" {
		out.Stop(ops.EndTurn, "", nil)
		out.Done()
		x.wrong = ""
	}
	if x.wrong == "talks behind done" && x.why == "" && x.calls == 0 {
		x.wrong = "behind"
	}
	return nil
}

// parts emits the members in their order.
func (x *miniExchange) parts(v jsonindex.Value, out *ops.Emitter) {
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "say":
			if x.wrong == "keeps values" {
				x.buffered = append(x.buffered, it.Val)
				continue
			}
			if x.wrong == "counts events" {
				x.block++
			}
			out.Text(x.block, it.Val)
		case "call":
			x.tool(it.Val, out)
		case "why":
			x.why, _ = it.Val.Text()
		case "in", "out":
			n, ok := it.Val.Int()
			if !ok {
				continue
			}
			t := ops.Unknown()
			if string(it.Key()) == "in" {
				t.Input = max(n, 0)
			} else {
				t.Output = max(n, 0)
			}
			out.Usage(t)
		}
	}
}

func (x *miniExchange) tool(v jsonindex.Value, out *ops.Emitter) {
	name, ok := v.Get("name").Text()
	if !ok || name == "" || v.Get("args").Kind() != jsonindex.Object {
		return
	}
	x.calls++
	x.block++
	id := adapter.NewID(x.id, "toolu_", x.calls)
	if x.wrong == "ids from call" {
		id = "toolu_" + x.call.ID + strconv.Itoa(x.calls)
	}
	out.ToolStart(x.block, id, name)
	raw, _ := v.Get("args").Raw()
	if x.wrong == "unclosed args" {
		raw = raw[:len(raw)-1]
	}
	out.ToolArgsRaw(x.block, raw)
	out.BlockEnd(x.block)
	x.block++
}

func (x *miniExchange) finish(out *ops.Emitter) error {
	for _, v := range x.buffered {
		out.Text(0, v)
	}
	if x.wrong == "no done" {
		return nil
	}
	switch {
	case x.counting:
	case x.why == "":
		return adapter.Fail(adapter.Protocol, "", "the upstream does not say why it stopped")
	case x.calls > 0:
		out.Stop(ops.ToolUse, "", nil)
	default:
		out.Stop(ops.EndTurn, "", nil)
	}
	out.Done()
	if x.wrong == "talks behind done" || x.wrong == "behind" {
		out.TextString(0, "and another thing")
	}
	return nil
}

func (x *miniExchange) Whole(v jsonindex.Value, out *ops.Emitter) error {
	if list := v.Get("models"); list.Kind() == jsonindex.Array {
		for it := list.Iter(); it.Next(); {
			if raw, ok := it.Val.Raw(); ok && it.Val.Get("id").IsString() && !it.Val.Get("id").Is("") {
				out.Model(raw)
			}
		}
		out.Done()
		return nil
	}
	if p := v.Get("problem"); p.Exists() {
		return adapter.Fail(adapter.Protocol, "", "the upstream has a problem")
	}
	x.parts(v, out)
	return x.finish(out)
}

func (x *miniExchange) Failure(resp *adapter.UpstreamResponse) *adapter.Failure {
	if x.wrong == "nil failure" && resp.Status == 503 {
		return nil
	}
	f := &adapter.Failure{Class: adapter.Invalid, Message: "the upstream says no"}
	if text, ok := resp.JSON.Get("problem").Text(); ok && text != "" {
		f.Message = text
	}
	switch {
	case resp.Status == 401 && x.wrong != "wrong class":
		f.Class = adapter.Auth
	case resp.Status == 429:
		f.Class = adapter.RateLimited
	case resp.Status >= 500:
		f.Class = adapter.Overloaded
	}
	switch x.wrong {
	case "details alias":
		f.Details, _ = resp.JSON.Raw()
	case "broken details":
		f.Details = []byte("[]")
	case "nameless remedy":
		f.Remedy = &adapter.Remedy{Value: "x"}
	case "past retry":
		f.RetryAfter = -time.Second
	case "silent failure":
		f.Message = ""
	case "repeats the body":
		f.Message = string(resp.Data)
	case "blames the client":
		f.Class = adapter.Invalid
	case "internal":
		f.Class = adapter.Internal
	}
	return f
}

func (x *miniExchange) End(reason adapter.EndReason, out *ops.Emitter) error {
	if x.wrong == "end is done" {
		out.Stop(ops.EndTurn, "", nil)
		out.Done()
		return nil
	}
	if x.why != "" && reason == adapter.EOF {
		return x.finish(out)
	}
	return adapter.Fail(adapter.Protocol, "", "the upstream's stream broke off")
}
