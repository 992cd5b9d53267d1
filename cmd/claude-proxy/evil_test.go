package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/hosttest"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/render/grammar"
)

// evil is an adapter that emits whatever a test tells it to.
type evil struct {
	emit func(out *ops.Emitter)
	// begin may spoil the upstream request.
	begin func(up *adapter.UpstreamRequest)
}

func (evil) Manifest() adapter.Manifest {
	return adapter.Manifest{Name: "evil", Version: "1", Auth: "bearer"}
}
func (e evil) New(jsonindex.Value) (adapter.Adapter, error)     { return e, nil }
func (e evil) Whole(_ jsonindex.Value, out *ops.Emitter) error  { e.emit(out); return nil }
func (e evil) Event(_ adapter.Event, out *ops.Emitter) error    { e.emit(out); return nil }
func (evil) End(adapter.EndReason, *ops.Emitter) error          { return nil }
func (evil) Failure(*adapter.UpstreamResponse) *adapter.Failure { return nil }

func (e evil) Begin(call *adapter.Call, up *adapter.UpstreamRequest) (adapter.Exchange, error) {
	up.Path, up.Stream = "/v1/chat/completions", call.Stream
	up.Body.Lit(`{"model":"gpt-5.6","stream":true,"messages":[{"role":"user","content":"hi"}]}`)
	if e.begin != nil {
		e.begin(up)
	}
	return e, nil
}

// op writes an op by hand, with any payload.
func op(out *ops.Emitter, code, flags byte, block uint16, payload string) {
	out.Buf = append(out.Buf, code, flags, byte(block), byte(block>>8))
	out.Buf = binary.LittleEndian.AppendUint32(out.Buf, uint32(len(payload)))
	out.Buf = append(out.Buf, payload...)
}

// hello is a good beginning, so that content is out when the trouble starts.
func hello(out *ops.Emitter) { out.TextString(0, "hello") }

func finish(out *ops.Emitter) {
	out.Stop(ops.EndTurn, "", nil)
	out.Done()
}

const smuggled = "\"}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"

var evils = []struct {
	name string
	emit func(out *ops.Emitter)
}{
	{"bare quote in an escaped payload", func(o *ops.Emitter) { op(o, byte(ops.Text), ops.FlagEscaped, 0, `a"b`); finish(o) }},
	{"raw frame in an escaped payload", func(o *ops.Emitter) { op(o, byte(ops.Text), ops.FlagEscaped, 0, smuggled); finish(o) }},
	{"bad escape", func(o *ops.Emitter) { op(o, byte(ops.Text), ops.FlagEscaped, 0, `\q`); finish(o) }},
	{"half an escape", func(o *ops.Emitter) { op(o, byte(ops.Text), ops.FlagEscaped, 0, `\u12`); finish(o) }},
	{"backslash at the end", func(o *ops.Emitter) { op(o, byte(ops.Text), ops.FlagEscaped, 0, `a\`); finish(o) }},
	{"control byte", func(o *ops.Emitter) { op(o, byte(ops.Text), ops.FlagEscaped, 0, "a\nb"); finish(o) }},
	{"not UTF-8", func(o *ops.Emitter) { op(o, byte(ops.Text), 0, 0, "\xff"); finish(o) }},
	{"unclosed arguments", func(o *ops.Emitter) {
		o.ToolStart(1, "toolu_1", "rm")
		o.ToolArgsString(1, `{"path":"/`)
		o.BlockEnd(1)
		o.Stop(ops.ToolUse, "", nil)
		o.Done()
	}},
	{"arguments that are no object", func(o *ops.Emitter) { o.ToolStart(1, "toolu_1", "rm"); o.ToolArgsString(1, `[1]`); finish(o) }},
	{"bytes after the arguments", func(o *ops.Emitter) { o.ToolStart(1, "toolu_1", "rm"); o.ToolArgsString(1, `{}{}`); finish(o) }},
	{"arguments of nothing", func(o *ops.Emitter) { o.ToolArgsString(3, `{}`); finish(o) }},
	{"arguments for a text", func(o *ops.Emitter) { o.ToolArgsString(0, `{}`); finish(o) }},
	{"text for a tool", func(o *ops.Emitter) { o.ToolStart(1, "toolu_1", "rm"); o.TextString(1, "x"); finish(o) }},
	{"two tools of one id", func(o *ops.Emitter) { o.ToolStart(1, "toolu_1", "rm"); o.ToolStart(2, "toolu_1", "rm"); finish(o) }},
	{"a tool without a name", func(o *ops.Emitter) { o.ToolStart(1, "toolu_1", ""); finish(o) }},
	{"end of a block that never was", func(o *ops.Emitter) { o.BlockEnd(9); finish(o) }},
	{"a block that is no object", func(o *ops.Emitter) { o.Block(1, []byte(`"text"`)); finish(o) }},
	{"a block that is not JSON", func(o *ops.Emitter) { o.Block(1, []byte(smuggled)); finish(o) }},
	{"two signatures", func(o *ops.Emitter) {
		o.ThinkingString(1, "x")
		o.SignatureString(1, "a")
		o.SignatureString(1, "b")
		o.BlockEnd(1)
		finish(o)
	}},
	{"done without a stop", func(o *ops.Emitter) { o.Done() }},
	{"done twice", func(o *ops.Emitter) { finish(o); finish(o) }},
	{"text after done", func(o *ops.Emitter) { finish(o); o.TextString(0, "more") }},
	{"an op that does not exist", func(o *ops.Emitter) { op(o, 99, 0, 0, "x"); finish(o) }},
	{"an unknown flag", func(o *ops.Emitter) { op(o, byte(ops.Text), 0x80, 0, "x"); finish(o) }},
	{"a lying length", func(o *ops.Emitter) { o.Buf = append(o.Buf, byte(ops.Text), 0, 0, 0, 0xff, 0xff, 0xff, 0x7f, 'x') }},
	{"half a head", func(o *ops.Emitter) { o.Buf = append(o.Buf, byte(ops.Text), 0) }},
	{"a model in a message", func(o *ops.Emitter) { o.Model([]byte(`{"id":"x"}`)); finish(o) }},
	{"a panic", func(*ops.Emitter) { panic("evil " + upstreamKey) }},
	{"nothing at all", func(*ops.Emitter) {}},
	{"random bytes", func(o *ops.Emitter) {
		r := rand.New(rand.NewPCG(1, 2))
		for range 300 {
			o.Buf = append(o.Buf, byte(r.Uint32()))
		}
	}},
}

// Whatever an adapter emits, clients get a well-formed stream: complete where everything up to done was right, else with
// an error event at its end, or an error in place of an answer.
func TestEvilAdapters(t *testing.T) {
	for _, e := range evils {
		for _, early := range []bool{false, true} {
			for _, stream := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/after content=%v/stream=%v", e.name, early, stream), func(t *testing.T) {
					emit := e.emit
					if early {
						emit = func(o *ops.Emitter) { hello(o); e.emit(o) }
					}
					step := hosttest.Step{Times: -1, Raw: &hosttest.Raw{Frames: []string{"data: {}\n\n"}}}
					if !stream {
						step.Raw = &hosttest.Raw{Body: "{}"}
					}
					p := startWith(t, []adapter.Module{evil{emit: emit}}, channel("main", "evil", upstreamOf(t, step).URL))
					got := p.post("/v1/messages", ask("m", "hi", stream))
					switch {
					case got.status != 200:
						if !strings.HasPrefix(got.body, `{"type":"error","error":{`) || got.status < 500 {
							t.Errorf("%d %s", got.status, got.body)
						}
					case stream:
						if how := ends(got.body); how != "complete" && how != "error" {
							t.Errorf("%s\n%s", how, got.body)
						}
						if strings.Contains(got.body, `"name":"rm"`) && strings.Contains(got.body, "path") && strings.Contains(got.body, "content_block_stop\",\"index\":1") {
							t.Errorf("half a tool call was closed:\n%s", got.body)
						}
					default:
						if err := grammar.CheckWhole([]byte(got.body)); err != nil {
							t.Errorf("%v\n%s", err, got.body)
						}
					}
				})
			}
		}
	}
}

// P19, P20: an adapter cannot send the key elsewhere or choose the credentials.
func TestEvilRequests(t *testing.T) {
	ok := func(o *ops.Emitter) { hello(o); finish(o) }
	for _, c := range []struct {
		name  string
		begin func(up *adapter.UpstreamRequest)
	}{
		{"absolute URL", func(up *adapter.UpstreamRequest) { up.Path = "http://127.0.0.1:1/steal" }},
		{"other host by //", func(up *adapter.UpstreamRequest) { up.Path = "//127.0.0.1:1/steal" }},
		{"user in the path", func(up *adapter.UpstreamRequest) { up.Path = "@127.0.0.1:1/steal" }},
		{"up the tree", func(up *adapter.UpstreamRequest) { up.Path = "/v1/../../steal" }},
		{"CR LF in the path", func(up *adapter.UpstreamRequest) { up.Path = "/v1/x\r\nHost: evil" }},
		{"no path", func(up *adapter.UpstreamRequest) { up.Path = "" }},
		{"Authorization", func(up *adapter.UpstreamRequest) { up.Header("authorization", "Bearer mine") }},
		{"Host", func(up *adapter.UpstreamRequest) { up.Header("Host", "evil.invalid") }},
		{"Cookie", func(up *adapter.UpstreamRequest) { up.Header("cookie", "a=b") }},
		{"length", func(up *adapter.UpstreamRequest) { up.Header("content-length", "3") }},
		{"hop by hop", func(up *adapter.UpstreamRequest) { up.Header("connection", "x-api-key") }},
		{"broken value", func(up *adapter.UpstreamRequest) { up.Header("x-a", "b\r\nauthorization: c") }},
		{"pass-through without the right", func(up *adapter.UpstreamRequest) { up.PassThrough = true }},
		{"method", func(up *adapter.UpstreamRequest) { up.Method = "POST /x HTTP/1.1\r\nA:" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			up := hosttest.New(t, &hosttest.Script{Keys: []string{upstreamKey}, Lenient: true})
			p := startWith(t, []adapter.Module{evil{emit: ok, begin: c.begin}}, channel("main", "evil", up.URL))
			refused(t, p.post("/v1/messages", ask("m", "hi", false)), 502, "api_error", "main", "false")
			if n := len(up.Requests()); n != 0 {
				t.Errorf("%d requests went out", n)
			}
		})
	}
}

// An adapter sees neither the client's credentials nor the channel's key.
func TestAdaptersSeeNoKey(t *testing.T) {
	var seen bytes.Buffer
	m := spy{evil{emit: func(o *ops.Emitter) { hello(o); finish(o) }}, &seen}
	up := hosttest.New(t, &hosttest.Script{Keys: []string{upstreamKey}, Lenient: true, Steps: []hosttest.Step{{Error: &hosttest.Error{Status: 400, EchoKey: true}}}})
	p := startWith(t, []adapter.Module{m}, channel("main", "evil", up.URL))
	p.post("/v1/messages", ask("m", "hi", false), "cookie: canary-cookie", "authorization: Bearer "+clientKey)
	if strings.Contains(seen.String(), "canary") || !strings.Contains(seen.String(), "anthropic-version") {
		t.Errorf("the adapter saw %s", seen.String())
	}
}

// spy asks for every header and writes down what it gets.
type spy struct {
	evil
	seen *bytes.Buffer
}

func (s spy) Manifest() adapter.Manifest {
	m := s.evil.Manifest()
	m.Headers = []string{"anthropic-version", "authorization", "x-api-key", "cookie", "host"}
	return m
}
func (s spy) New(jsonindex.Value) (adapter.Adapter, error) { return s, nil }
func (s spy) Begin(call *adapter.Call, up *adapter.UpstreamRequest) (adapter.Exchange, error) {
	fmt.Fprintf(s.seen, "%+v", *call)
	if _, err := s.evil.Begin(call, up); err != nil {
		return nil, err
	}
	return s, nil
}
func (s spy) Failure(r *adapter.UpstreamResponse) *adapter.Failure {
	fmt.Fprintf(s.seen, "%d %v %s", r.Status, r.Headers, r.Data)
	return adapter.Fail(adapter.Invalid, "", "refused: %s", r.Data)
}
