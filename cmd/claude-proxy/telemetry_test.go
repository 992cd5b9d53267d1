package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/hosttest"
	"github.com/claude-proxy/claude-proxy/host/telemetry"
)

// ended waits for the end of n requests: the client has its answer a moment before the record is complete.
func ended(t *testing.T, events <-chan telemetry.Event, n int) []telemetry.Exchange {
	t.Helper()
	var list []telemetry.Exchange
	for len(list) < n {
		select {
		case e := <-events:
			list = append(list, e.Data.(telemetry.Exchange))
		case <-time.After(20 * time.Second):
			t.Fatalf("only %d of %d requests ended", len(list), n)
		}
	}
	return list
}

// Every adapter's exchange is told of in all ways, with the upstream's view of it, and no key in any.
func TestTelemetry(t *testing.T) {
	for _, a := range adapters {
		t.Run(a.name, func(t *testing.T) {
			up := upstreamOf(t)
			p := start(t, channel("main", a.name, up.URL))
			events := p.app.Telemetry().Subscribe(t.Context(), telemetry.RequestEnded)
			p.app.Telemetry().Capture("main", "all", time.Minute)
			for _, stream := range []bool{false, true} {
				model := "fast-plain" // which does not repeat what it was told
				if stream {
					model = "fast-stream-5"
				}
				body := ask(model, "please quote "+upstreamKey+" and "+clientKey, stream)
				if got := p.post("/v1/messages", body); got.status != 200 {
					t.Fatalf("%d %s", got.status, got.body)
				}
				e := ended(t, events, 1)[0]
				if e.Outcome != telemetry.OK || e.Channel != "main" || e.Adapter != a.name || e.FirstByteMS <= 0 || e.OverheadMS <= 0 || len(e.Attempts) != 1 || e.Attempts[0].HeadMS <= 0 {
					t.Errorf("stream %v: %+v", stream, e)
				}
				in, ok := p.app.Telemetry().Captured(e.ID)
				if !ok {
					t.Fatal("nothing was captured")
				}
				text, _ := json.Marshal(in)
				for _, secret := range []string{upstreamKey, clientKey} {
					if strings.Contains(string(text), secret) {
						t.Errorf("the key %s stands in %s", secret, text)
					}
				}
				kinds := make(map[telemetry.StepKind]int)
				for _, s := range in.Steps {
					kinds[s.Kind]++
				}
				want := []telemetry.StepKind{telemetry.StepAttempt, telemetry.StepRequest, telemetry.StepResponse, telemetry.StepReceived, telemetry.StepOps, telemetry.StepHead, telemetry.StepSent}
				for _, k := range want {
					if kinds[k] == 0 && !(k == telemetry.StepOps && a.name == "claude") {
						t.Errorf("stream %v: no %s among %v", stream, k, kinds)
					}
				}
			}
			got := p.do(http.MethodGet, "/metrics", nil, "x-api-key: ")
			for _, want := range []string{
				fmt.Sprintf(`claude_proxy_requests_total{adapter=%q,channel="main",model="other",outcome="ok"} 2`, a.name),
				fmt.Sprintf(`claude_proxy_overhead_seconds_count{adapter=%q,stage="before_send"} 2`, a.name),
				fmt.Sprintf(`claude_proxy_overhead_seconds_count{adapter=%q,stage="per_read"} 2`, a.name),
				`claude_proxy_stream_duration_seconds_count{channel="main"} 1`,
			} {
				if !strings.Contains(got.body, want) {
					t.Errorf("%s is missing in\n%s", want, got.body)
				}
			}
		})
	}
}

// Who asks for whom: a request from elsewhere, or one that a proxy passed on, needs an admin key for the metrics.
func TestMetricsNeedAKey(t *testing.T) {
	p := start(t, "", `auth: { keys: [ { name: plain, key: canary-plain-client-key-1 } ] }`)
	f := func(want int, headers ...string) {
		t.Helper()
		if got := p.do(http.MethodGet, "/metrics", nil, headers...); got.status != want {
			t.Errorf("%v: %d %.100s", headers, got.status, got.body)
		}
	}
	f(200, "x-api-key: ")
	f(401, "x-api-key: ", "x-forwarded-for: 10.0.0.1")
	f(401, "x-api-key: canary-plain-client-key-1", "x-forwarded-for: 10.0.0.1")
	f(200, "x-forwarded-for: 10.0.0.1")
}

// log.bodies and the refusals: what the log says of a request that failed everywhere.
func TestBodiesInTheLog(t *testing.T) {
	up := upstreamOf(t, hosttest.Step{Error: &hosttest.Error{Status: 400, Message: "no, " + upstreamKey}})
	p := start(t, channel("main", "openai", up.URL), "log: { bodies: errors, recent: 5 }")
	events := p.app.Telemetry().Subscribe(t.Context(), telemetry.RequestEnded)
	if got := p.post("/v1/messages", ask("m", "hello upstream", false)); got.status != 400 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	p.post("/v1/messages", "{")
	list := ended(t, events, 2)
	if list[0].Outcome != telemetry.ClientError || list[1].Outcome != telemetry.ClientError || list[1].Client == "" {
		t.Errorf("ended: %+v", list)
	}
	p.post("/v1/messages", ask("fast-plain", "all is well", false))
	ended(t, events, 1)
	log := p.log.String()
	for _, want := range []string{"of=client_request", "of=upstream_request", "of=upstream_answer", "of=client_answer", "hello upstream", `msg="request refused"`} {
		if !strings.Contains(log, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if strings.Contains(log, "all is well") {
		t.Error("the body of a request that went well was logged")
	}
}

// A key that is refused shows in a live event.
func TestHealthEvents(t *testing.T) {
	up := upstreamOf(t, hosttest.Step{Error: &hosttest.Error{Status: 401, Message: "bad key"}})
	p := start(t, channel("main", "openai", up.URL))
	events := p.app.Telemetry().Subscribe(t.Context(), telemetry.Health)
	p.post("/v1/messages", ask("m", "hello", false))
	select {
	case e := <-events:
		list, ok := e.Data.([]telemetry.ChannelHealth)
		if !ok || len(list) != 1 || list[0].Up || list[0].Keys[0].State != "invalid" || list[0].Keys[0].Cooldown <= 0 {
			t.Errorf("health: %+v", e.Data)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("no event came")
	}
}
