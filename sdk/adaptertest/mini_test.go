package adaptertest_test

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// mini is a small correct adapter for an invented protocol. Each of its wrongs breaks one rule of the contract, so that a
// test can see the kit find it.
//
// Upstream, whole: {"say":"text","call":{"id","name","args"},"why":"end","in":1,"out":2}; streamed: the same members, one
// or several in an event, then {"end":true}; errors: {"problem":"text"}.
type mini struct {
	wrong string
	count *int // shared state, for the wrong "impure"
}

func (m mini) Manifest() adapter.Manifest {
	a := adapter.Manifest{Name: "mini", Auth: "bearer", Headers: []string{"x-trace"}, Native: []string{adapter.NativeClaude}, Options: `{"type":"object"}`,
		Operations: []adapter.Operation{adapter.CountTokens, adapter.Models}}
	switch m.wrong {
	case "manifest":
		a.Name = "Mini Adapter"
	case "not native":
		a.Native = nil
	case "credentials":
		a.Headers = append(a.Headers, "x-api-key")
	}
	return a
}

func (m mini) New(options jsonindex.Value) (adapter.Adapter, error) {
	for it := options.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "greeting", "framing", "native":
		default:
			if m.wrong != "any option" {
				return nil, adapter.Fail(adapter.Invalid, string(it.Key()), "there is no such option")
			}
		}
	}
	greeting, _ := options.Get("greeting").Text()
	framing := adapter.SSE
	if options.Get("framing").Is("lines") {
		framing = adapter.JSONLines
	}
	return &miniChannel{m, greeting, framing, options.Get("native").True()}, nil
}

type miniChannel struct {
	mini
	greeting string
	framing  adapter.Framing
	native   bool // pass-through
}

func (m *miniChannel) Begin(call *adapter.Call, up *adapter.UpstreamRequest) (adapter.Exchange, error) {
	x := &miniExchange{mini: m.mini, id: call.ID, call: call}
	switch call.Op {
	case adapter.Models:
		up.Method, up.Path = "GET", "/models"
		return x, nil
	case adapter.CountTokens:
		x.counting = true
		if m.wrong == "refuses to count" {
			return nil, adapter.Fail(adapter.Unsupported, "", "cannot count")
		}
	}
	up.Path = "/talk"
	if v := call.Header("x-trace"); v != "" {
		up.Header("x-trace", v)
	}
	up.Stream, up.Framing = call.Stream, m.framing
	if m.native {
		m.pass(call, up)
		return x, nil
	}
	if err := m.request(call, up); err != nil {
		return nil, err
	}
	if n := call.Body.Root().Get("max_tokens"); isZero(n) {
		m.local(up)
		return nil, nil
	}
	m.misbehave(call, up)
	x.kept = call.Body.Root().Get("model")
	return x, nil
}

func isZero(v jsonindex.Value) bool {
	n, ok := v.Int()
	return ok && n == 0
}

// local answers at once.
func (m *miniChannel) local(up *adapter.UpstreamRequest) {
	up.Local = true
	if m.wrong == "half a local answer" {
		return
	}
	up.Answer.Stop(ops.MaxTokens, "", nil)
	up.Answer.Done()
}

// pass sends the client's own body: with the channel's model and without redacted thinking.
func (m *miniChannel) pass(call *adapter.Call, up *adapter.UpstreamRequest) {
	up.PassThrough = true
	root := call.Body.Root()
	if call.Model != call.ClientModel {
		up.Splices = append(up.Splices, adapter.Splice{Entry: root.Get("model").Entry(), With: `"` + call.Model + `"`})
	}
	unwanted := "redacted_thinking"
	if m.wrong == "removes text" {
		unwanted = "text"
	}
	for it := root.Get("messages").Iter(); it.Next(); {
		for blocks := it.Val.Get("content").Iter(); blocks.Next(); {
			if blocks.Val.Get("type").Is(unwanted) {
				up.Splices = append(up.Splices, adapter.Splice{Entry: blocks.Val.Entry(), Remove: true})
			}
		}
	}
}

func (m *miniChannel) misbehave(call *adapter.Call, up *adapter.UpstreamRequest) {
	switch m.wrong {
	case "header":
		up.Header("authorization", "Bearer x")
	case "framing":
		up.Framing = adapter.SSE
	case "shouts":
		up.Header("X-Trace", "1")
	case "host header":
		up.Header("content-length", "1")
	case "foreign stop":
		up.StopSequences = append(up.StopSequences, "STOP")
	case "no body":
		up.Body.Reset(nil)
	case "query key":
		up.Path += "?key=abc"
	case "path":
		up.Path = "https://example.com/talk"
	case "broken body":
		up.Body.Lit("}")
	case "splice":
		up.Splices = append(up.Splices, adapter.Splice{Entry: call.Body.Root().Entry(), With: "{}"})
	case "loss path":
		up.Loss("messages[0].content", adapter.Dropped, "")
	}
}

func (m *miniChannel) request(call *adapter.Call, up *adapter.UpstreamRequest) error {
	var r messages.Request
	if err := messages.Decode(call.Body.Root(), &r); err != nil {
		return err
	}
	w := &up.Body
	w.Lit(`{"model":`)
	w.Quote(call.Model)
	if m.wrong == "impure" {
		*m.count++
		w.Lit(`,"nonce":`)
		w.Int(int64(*m.count))
	}
	if m.wrong == "unstable prefix" {
		w.Lit(`,"turns":`)
		w.Int(int64(r.Messages.Len()))
	}
	if m.wrong == "refuses tool turns" {
		for it := r.Iter(); it.Next(); {
			for blocks := it.Message.Blocks(); blocks.Next(); {
				if blocks.Block.Type == messages.BlockToolUse {
					return adapter.Fail(adapter.Unsupported, blocks.Block.Path(), "no tools")
				}
			}
		}
	}
	switch {
	case m.wrong == "refuses streams" && call.Stream:
		return adapter.Fail(adapter.Unsupported, "stream", "no streams")
	case m.wrong == "blames the client for tools" && r.Tools.Exists():
		return adapter.Fail(adapter.Invalid, "tools", "no tools")
	case m.wrong == "refuses without a field" && r.Tools.Exists():
		return adapter.Fail(adapter.Unsupported, "", "no tools")
	case m.wrong == "refuses tools" && r.Tools.Exists():
		return adapter.Fail(adapter.Unsupported, "tools", "no tools")
	}
	if r.MaxTokens.Exists() {
		n, err := r.Limit()
		if err != nil {
			return err
		}
		w.Lit(`,"limit":`)
		w.Int(n)
	}
	for it := r.V.Iter(); it.Next(); {
		switch name := string(it.Key()); name {
		case "tools", "tool_choice", "top_p", "top_k", "stop_sequences", "service_tier", "output_config", "thinking":
			if name != "tools" || m.wrong != "silent tools" {
				up.Loss(name, adapter.Dropped, "no such thing")
			}
		}
	}
	if r.Temperature.Exists() && m.wrong != "silent drop" {
		up.Loss("temperature", adapter.Dropped, "no such thing")
	}
	if !r.System.IsNull() {
		up.Loss("system", adapter.Dropped, "nobody listens")
	}
	if r.Metadata.Exists() {
		up.Loss("metadata", adapter.Noop, "")
	}
	if m.wrong == "panic on garbage" && r.System.Kind() == jsonindex.Number {
		panic("a number!")
	}
	if m.greeting != "" {
		w.Lit(`,"greeting":`)
		w.Quote(m.greeting)
	}
	for _, o := range r.Others() {
		up.Loss(lossName(o.Name), adapter.Dropped, "")
	}
	w.Lit(`,"turns":[`)
	it := r.Iter()
	for it.Next() {
		if it.Message.Index > 0 {
			w.Byte(',')
		}
		if err := m.turn(&it.Message, up); err != nil {
			return err
		}
	}
	w.Lit("]}")
	return it.Err()
}

func lossName(name string) string {
	for _, c := range name {
		if c <= ' ' || c == '[' || c == ']' {
			return "unknown"
		}
	}
	if name == "" {
		return "unknown"
	}
	return name
}

func (m *miniChannel) turn(msg *messages.Message, up *adapter.UpstreamRequest) error {
	w := &up.Body
	w.Lit(`["`)
	w.Lit(msg.Role.String())
	w.Lit(`"`)
	for _, o := range msg.Others() {
		up.Loss("messages."+lossName(o.Name), adapter.Dropped, "")
	}
	it := msg.Blocks()
	for it.Next() {
		b := &it.Block
		w.Byte(',')
		switch b.Type {
		case messages.BlockText:
			if m.wrong == "read extern" {
				text, _ := b.Text.Text()
				w.Quote(text)
			} else {
				w.Raw(b.Text)
			}
		default:
			w.Raw(b.V)
		}
		for _, o := range b.Others() {
			up.Loss("messages.content."+lossName(o.Name), adapter.Dropped, "")
		}
		if b.CacheControl.Exists() && b.Type == messages.BlockText {
			up.Loss("messages.content.cache_control", adapter.Noop, "")
		}
	}
	w.Byte(']')
	return it.Err()
}
