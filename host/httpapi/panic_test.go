package httpapi

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/admission"
	"github.com/claude-proxy/claude-proxy/host/auth"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/limits"
	"github.com/claude-proxy/claude-proxy/host/relay"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// panics is a relay with a mistake in it, before or after its first byte.
type panics struct{ late bool }

func (p panics) Serve(_ context.Context, _ *relay.Call, w relay.Writer) {
	if p.late {
		w.Head(200, []adapter.Header{{Name: "content-type", Value: "text/event-stream"}})
		if w.Write([]byte("event: message_start\n")) != nil {
			return
		}
	}
	panic("a mistake with canary-secret in it")
}

// O03: a panic ends one request, with 500 or with a broken connection where an answer had begun. The client hears nothing of
// what it was, the log hears all, and the next request is served.
func TestPanicIsContained(t *testing.T) {
	const key = "canary-client-key-8d1f0a5c"
	for _, late := range []bool{false, true} {
		cfg := config.Default()
		table, err := auth.New([]config.ClientKey{{Name: "a", Key: config.NewSecret(key), Enabled: true}}, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		snap := &Snapshot{Config: cfg, Principals: table}
		told := 0
		gate := admission.New(1, 0, 0)
		srv := httptest.NewServer(New(Options{
			Snapshot: func() *Snapshot { return snap }, Relay: panics{late}, Limits: limits.New(time.Now), Strangers: limits.NewStrangers(time.Now), Gate: gate,
			Panicked: func(id string, value any, stack []byte) {
				told++
				if !strings.HasPrefix(id, "req_") || value == nil || !strings.Contains(string(stack), "panic_test.go") {
					t.Errorf("told of %q %v\n%s", id, value, stack)
				}
			},
		}))
		for range 3 {
			req, err := http.NewRequest("POST", srv.URL+"/v1/messages", strings.NewReader(`{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"hi"}]}`))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("x-api-key", key)
			resp, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				if !late {
					t.Fatal(err)
				}
				continue
			}
			b, cut := io.ReadAll(resp.Body)
			resp.Body.Close()
			if late && cut == nil || !late && (resp.StatusCode != 500 || !strings.Contains(string(b), `"type":"api_error"`)) || strings.Contains(string(b), "canary") {
				t.Errorf("late %v: %d %s, %v", late, resp.StatusCode, string(b), cut)
			}
		}
		srv.Close()
		if taken, _, _ := gate.Load(); told != 3 || taken != 0 {
			t.Errorf("late %v: told %d times, %d slots are taken", late, told, taken)
		}
	}
}
