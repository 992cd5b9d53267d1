package failure

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

func on(channel string, f Fault) Fault {
	f.Channel = channel
	return f
}

func TestFinalChoosesWhatPromisesMost(t *testing.T) {
	limited, overloaded := status(429, adapter.RateLimited), status(529, adapter.Overloaded)
	refused, spent := status(401, adapter.Auth), status(402, adapter.Quota)
	broken, unknown := status(500, adapter.Overloaded), status(404, adapter.NotFound)
	unsupported, invalid := status(400, adapter.Unsupported), status(400, adapter.Invalid)
	f := func(want int, retry Tristate, wait time.Duration, faults ...Fault) {
		t.Helper()
		a := Final(faults, 0)
		if a.Status != want || a.ShouldRetry != retry || a.RetryAfter != wait {
			t.Errorf("Final(%v) = %d retry %v after %v, want %d retry %v after %v", faults, a.Status, a.ShouldRetry, a.RetryAfter, want, retry, wait)
		}
	}
	// All credentials refused is the operator's trouble; one other fault makes it a matter of time.
	f(502, No, 0, refused, spent, status(403, adapter.Auth))
	f(529, Unset, 0, refused, overloaded)
	// A rate limit promises most, at the soonest of all times named.
	f(429, Unset, 20*time.Second, after(limited, 40*time.Second), broken, after(limited, 20*time.Second))
	f(429, Unset, 7*time.Second, after(limited, 40*time.Second), after(overloaded, 7*time.Second))
	// But not one that clients do not sit out while another upstream may heal.
	f(529, Unset, 10*time.Minute, after(limited, time.Hour), overloaded)
	f(502, Unset, 0, after(limited, time.Hour), broken)
	// Alone it goes out as it is.
	f(429, Unset, 10*time.Minute, after(limited, time.Hour))
	f(429, Unset, 5*time.Minute, after(limited, 5*time.Minute), refused)
	// An unknown model is final only when no channel knows it.
	f(404, No, 0, unknown, unknown)
	f(502, Unset, 0, unknown, broken)
	f(400, No, 0, unknown, unsupported)
	f(502, No, 0, refused, unknown)
	// What stopped the attempts is what the client hears.
	f(400, No, 0, limited, invalid)
	f(502, No, 0, byAdapter(KindNone), refused)
	f(504, Unset, 0, kind(KindTimeout), broken)
}

func TestFinalWithoutFaults(t *testing.T) {
	if a := Final(nil, 7*time.Second); a.Status != 429 || a.RetryAfter != 7*time.Second {
		t.Errorf("Final(nil, 7s) = %+v", a)
	}
	if a := Final(nil, 0); a.Status != 502 || a.Type != "api_error" || a.ShouldRetry != No {
		t.Errorf("Final(nil, 0) = %+v", a)
	}
	if a := Final(nil, time.Hour); a.RetryAfter != time.Minute {
		t.Errorf("retry-after of a local refusal is clamped to a minute: %v", a.RetryAfter)
	}
	cooling := after(Fault{Kind: KindCooling, Message: "all wait"}, 30*time.Second)
	if a := Final([]Fault{cooling}, 0); a.Status != 429 || a.RetryAfter != 30*time.Second {
		t.Errorf("Final(cooling) = %+v", a)
	}
}

func TestFinalOverloadedWaits(t *testing.T) {
	f := func(wait, want time.Duration) {
		t.Helper()
		if a := Final([]Fault{status(529, adapter.Overloaded)}, wait); a.RetryAfter != want {
			t.Errorf("Final(529, %v).RetryAfter = %v, want %v", wait, a.RetryAfter, want)
		}
	}
	f(0, 0)
	f(300*time.Millisecond, time.Second)
	f(3*time.Second, 3*time.Second)
	f(40*time.Second, 5*time.Second)
}

func TestFinalMessages(t *testing.T) {
	f := func(want string, faults ...Fault) {
		t.Helper()
		if got := Final(faults, 0).Message; got != want {
			t.Errorf("message %q\n   want %q", got, want)
		}
	}
	limited := status(429, adapter.RateLimited)
	limited.Message = "slow down"
	f(`channel "main" answered 429: slow down`, limited)
	f(`channel "b" answered 429: slow down (3 attempts: main connect, b 429, c cut)`,
		kind(KindConnect), on("b", limited), on("c", kind(KindCut)))
	silent := kind(KindTimeout)
	silent.Message = "sent no response head within 60s"
	f(`channel "main" sent no response head within 60s`, silent)
	// What the upstream says about a credential stays inside.
	refused := status(401, adapter.Auth)
	refused.Message = "Incorrect API key provided: canary-upstream-key"
	f(`upstream credentials of channel "main" refused; whoever runs this proxy must check them`, refused)
	f(`upstream credentials of channels "main", "b" refused; whoever runs this proxy must check them`, refused, on("b", refused), refused)
	// A client fault is the message as it came, since clients look for words such as these.
	long := status(400, adapter.Invalid)
	long.Message = "prompt is too long: 250000 tokens > 200000 maximum"
	f("prompt is too long: 250000 tokens > 200000 maximum", long)
	long.Field, long.Message = "messages[0].role", "must be user or assistant"
	f("messages[0].role: must be user or assistant", long)
	long.Message = "messages[0].role: must be user or assistant"
	f("messages[0].role: must be user or assistant", long)
	f(`tools[0]: no server tools here (channel "main")`,
		Fault{Source: Client, Class: adapter.Unsupported, Channel: "main", Field: "tools[0]", Message: "no server tools here"})
	f(`the adapter of channel "main" failed: did something`, byAdapter(KindNone))
	f(`the adapter of channel "main" did something`, byAdapter(KindProtocol))
	f(`channel "main": did something`, byAdapter(KindAbsent))
	f("no time left", Fault{Kind: KindDeadline, Message: "no time left"})
}

func TestFinalPassesTypeAndDetails(t *testing.T) {
	bad := status(400, adapter.Invalid)
	bad.Type, bad.Details = "invalid_request_error", []byte(`{"error_code":"x"}`)
	if a := Final([]Fault{bad}, 0); a.Type != "invalid_request_error" || string(a.Details) != `{"error_code":"x"}` {
		t.Errorf("%+v", a)
	}
	bad.Type = "brand_new_error"
	if a := Final([]Fault{bad}, 0); a.Type != "brand_new_error" {
		t.Errorf("a type from the future is lost: %q", a.Type)
	}
	// A type that belongs to another status, or is no type at all, does not pass.
	for _, typ := range []string{"authentication_error", "Bad\"Type", strings.Repeat("x", 65)} {
		bad.Type = typ
		if a := Final([]Fault{bad}, 0); a.Type != "invalid_request_error" {
			t.Errorf("type %q passed", a.Type)
		}
	}
	refused := status(401, adapter.Auth)
	refused.Details = []byte(`{"key":"canary-upstream-key"}`)
	if a := Final([]Fault{refused}, 0); a.Details != nil {
		t.Errorf("details of a refused credential passed: %s", a.Details)
	}
}

func TestFinalClipsMessages(t *testing.T) {
	bad := status(400, adapter.Invalid)
	bad.Message = "x" + strings.Repeat("界", 5000)
	a := Final([]Fault{bad}, 0)
	if len(a.Message) > maxMessage+len("…") || !utf8.ValidString(a.Message) {
		t.Errorf("message of %d bytes, valid %v", len(a.Message), utf8.ValidString(a.Message))
	}
}

func TestAppendJSON(t *testing.T) {
	f := func(a Answer, want string) {
		t.Helper()
		got := a.AppendJSON([]byte("x"), "req_1")
		if string(got) != "x"+want {
			t.Errorf("got  %s\nwant x%s", got, want)
		}
		if !json.Valid(got[1:]) {
			t.Errorf("not JSON: %s", got[1:])
		}
	}
	f(Answer{Type: "api_error", Message: "a \"quoted\"\nline \xff"},
		`{"type":"error","error":{"type":"api_error","message":"a \"quoted\"\nline �"},"request_id":"req_1"}`)
	f(Answer{Type: "api_error", Details: []byte("{ \"a b\" :\r\n [ 1,\t\"\\\" x\" ] }")},
		`{"type":"error","error":{"type":"api_error","message":"","details":{"a b":[1,"\" x"]}},"request_id":"req_1"}`)
	for _, junk := range []string{`[1]`, `"x"`, `{"a":1`, `{}}`, `null`, ``, `{"a":1}{"b":2}`} {
		f(Answer{Type: "api_error", Details: []byte(junk)}, `{"type":"error","error":{"type":"api_error","message":""},"request_id":"req_1"}`)
	}
}

func TestRefusals(t *testing.T) {
	f := func(a *Answer, status int, typ string, retry Tristate, wait time.Duration, closes bool) {
		t.Helper()
		if a.Status != status || a.Type != typ || a.ShouldRetry != retry || a.RetryAfter != wait || a.Close != closes || a.Message == "" {
			t.Errorf("%+v", a)
		}
	}
	f(BadRequest("model", "is missing"), 400, "invalid_request_error", No, 0, false)
	f(Unauthorized(), 401, "authentication_error", No, 0, false)
	f(Forbidden("no"), 403, "permission_error", No, 0, false)
	f(NotFound("no"), 404, "not_found_error", No, 0, false)
	f(MethodNotAllowed("POST"), 405, "invalid_request_error", No, 0, false)
	f(TooLarge(32<<20), 413, "request_too_large", No, 0, true)
	f(SlowBody(), 400, "invalid_request_error", No, 0, true)
	f(Limited("rpm", 90*time.Second), 429, "rate_limit_error", Unset, time.Minute, false)
	f(Unusable(), 502, "api_error", No, 0, false)
	f(AllCooling(0), 429, "rate_limit_error", Unset, time.Second, false)
	f(Overloaded(3*time.Second), 529, "overloaded_error", Unset, 3*time.Second, false)
	f(Draining(), 529, "overloaded_error", Unset, 5*time.Second, true)
	f(Internal(), 500, "api_error", Unset, 0, false)
	if got := BadRequest("model", "is missing").Message; got != "model: is missing" {
		t.Errorf("BadRequest message %q", got)
	}
	if got := TooLarge(32 << 20).Message; !strings.Contains(got, "32 MiB") {
		t.Errorf("TooLarge message %q", got)
	}
	if a := MethodNotAllowed("POST"); a.Allow != "POST" {
		t.Errorf("Allow %q", a.Allow)
	}
}
