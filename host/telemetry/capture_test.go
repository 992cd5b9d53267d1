package telemetry

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/relay"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// whole is everything that can be seen of an exchange, an upstream that quotes keys included.
func whole(trace relay.Trace) {
	trace.Attempt("main", "openai", "label", "up", []string{upstreamKey})
	trace.Asked("POST", "/v1/chat/completions", []adapter.Header{{Name: "x-a", Value: "1"}}, [][]byte{[]byte(`{"a":`), []byte(`1}`)},
		[]adapter.Loss{{Kind: adapter.Dropped, Path: "top_k"}})
	trace.Answered(200, []adapter.Header{{Name: "content-type", Value: "text/event-stream"}})
	trace.Received([]byte("data: your key " + upstreamKey[:12]))
	trace.Received([]byte(upstreamKey[12:] + " is fine\n\n"))
	trace.Emitted(emitted(func(e *ops.Emitter) { e.TextBytes(0, []byte("plain "+upstreamKey)) }), errors.New("refused "+clientKey))
	trace.Head(200, []adapter.Header{{Name: "request-id", Value: "r"}})
	trace.Sent([]byte("event: x\ndata: " + clientKey + "\n\n"))
}

func TestCapture(t *testing.T) {
	b := newBench(t, nil)
	if trace := b.run("r0", "named", "ok", whole); trace != nil {
		t.Fatal("a request is watched although nothing is switched on")
	}
	b.Capture("main", "all", time.Minute)
	b.run("r1", "named", "ok", whole)
	b.run("r2", "named", "ok", whole, nil) // served by another channel
	in, ok := b.Captured("r1")
	if !ok {
		t.Fatal("r1 was not captured")
	}
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{clientKey, upstreamKey, upstreamKey[:12], upstreamKey[12:]} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%q stands in %s", secret, text)
		}
	}
	for _, want := range []string{
		`"method":"POST","path":"/v1/messages?beta=true\u0026key=[redacted]"`, `"request":"{\"model\":\"named\"}"`, `{"name":"user-agent","value":"sdk"}`, `"kind":"attempt","at_ms":0,"channel":"main","adapter":"openai","key":"label","model":"up"`,
		`"method":"POST","path":"/v1/chat/completions"`, `"data":"{\"a\":1}"`, `"losses":[{"kind":"dropped","path":"top_k"}]`,
		`data: your key `, ` is fine\n\n`, `"ops":["text 0 plain \"plain [redacted]\""]`, `"error":"refused [redacted]"`, `"kind":"client_bytes"`, `"status":200`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is missing in %s", want, text)
		}
	}
	if _, ok := b.Captured("r2"); ok {
		t.Error("r2 was captured although its channel is not watched")
	}
	if e, _ := b.Get("r1"); !e.Captured {
		t.Error("r1 does not say that it was captured")
	}
	if c := b.Captures(); len(c) != 1 || c[0].Channel != "main" {
		t.Errorf("switched on: %v", c)
	}
	// it ends by itself, and may be ended
	b.now = b.now.Add(2 * time.Minute)
	if b.run("r3", "named", "ok", whole) != nil || len(b.Captures()) != 0 {
		t.Error("the capture did not end")
	}
	b.Capture("", "all", time.Hour)
	b.run("r4", "named", "ok", whole, nil)
	b.Capture("", "all", 0)
	if _, ok := b.Captured("r4"); !ok || len(b.Captures()) != 0 {
		t.Error("a capture of all channels")
	}
}

// log.bodies writes what was said into the log, and never a key.
func TestLogBodies(t *testing.T) {
	f := func(bodies config.Bodies, outcome string, logged bool) {
		t.Helper()
		b := newBench(t, func(c *config.Config) { c.Log.Bodies = bodies })
		fault := &failure.Fault{Source: failure.Channel, Kind: failure.KindCut, Class: adapter.Overloaded}
		if outcome == "ok" {
			fault = nil
		}
		b.run("r1", "named", outcome, whole, fault)
		_, kept := b.Captured("r1")
		if got := strings.Count(b.log.String(), "msg=body"); (got == 4) != logged || kept != logged {
			t.Errorf("%s, %s: %d lines, kept %v:\n%s", bodies, outcome, got, kept, b.log.String())
		}
		if strings.Contains(b.log.String(), "canary") {
			t.Errorf("a key stands in the log:\n%s", b.log.String())
		}
	}
	f("off", "error", false)
	f("errors", "ok", false)
	f("errors", "error", true)
	f("all", "ok", true)
}

// What captures hold is bounded, for each exchange and for all.
func TestCaptureBounds(t *testing.T) {
	b := newBench(t, nil)
	b.Capture("", "all", time.Hour)
	piece := make([]byte, 1<<20)
	for i := range 40 {
		b.run("r"+string(rune('0'+i)), "named", "ok", func(trace relay.Trace) {
			for range 6 {
				trace.Received(piece)
			}
		})
	}
	if b.captures.bytes > maxCaptured || len(b.captures.kept) != maxCaptured/maxCapture {
		t.Errorf("%d exchanges with %d bytes are kept", len(b.captures.kept), b.captures.bytes)
	}
	in, ok := b.Captured("r" + string(rune('0'+39)))
	if !ok || in.Cut < 2<<20 || in.Steps[5].Cut != 1<<20 {
		t.Errorf("kept %v, cut %d", ok, in.Cut)
	}
	trace := b.run("many", "named", "ok", func(trace relay.Trace) {
		for range maxSteps + 10 {
			trace.Sent([]byte("x"))
		}
	})
	if in, _ := b.Captured("many"); len(in.Steps) != maxSteps || in.Cut != 10 {
		t.Errorf("%d steps, cut %d", len(in.Steps), in.Cut)
	}
	// what is drained after the end belongs to nobody
	trace.Received(piece)
	if in, _ := b.Captured("many"); len(in.Steps) != maxSteps {
		t.Error("a step came after the end")
	}
}
