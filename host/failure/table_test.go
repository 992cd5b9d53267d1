package failure

import (
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// status is a fault as the relay makes it of an upstream's status and the adapter's class.
func status(code int, class adapter.Class) Fault {
	f := Fault{Source: Channel, Kind: KindStatus, Class: class, Status: code, Channel: "main", Message: "upstream text"}
	if class == adapter.Invalid || class == adapter.Unsupported {
		f.Source = Client
	}
	return f
}

func kind(k Kind) Fault {
	return Fault{Source: Channel, Kind: k, Class: adapter.Protocol, Channel: "main", Message: "did something"}
}

func byAdapter(k Kind) Fault {
	return Fault{Source: Adapter, Kind: k, Class: adapter.Internal, Channel: "main", Message: "did something"}
}

func after(f Fault, d time.Duration) Fault {
	f.RetryAfter, f.HasRetryAfter = d, true
	return f
}

func TestRuleAndFinal(t *testing.T) {
	const s, m = time.Second, time.Minute
	f := func(number string, fault Fault, move Move, scope Scope, state State, first, limit time.Duration, answer int, typ string, retry Tristate) {
		t.Helper()
		r := Rule(&fault)
		if r.Move != move || r.Scope != scope || r.State != state || r.Cooldown != first || r.Limit != limit {
			t.Errorf("%s: Rule(%v) = %v %v %v %v up to %v; want %v %v %v %v up to %v", number, &fault,
				r.Move, r.Scope, r.State, r.Cooldown, r.Limit, move, scope, state, first, limit)
		}
		a := Final([]Fault{fault}, 0)
		if a.Status != answer || a.Type != typ || a.ShouldRetry != retry {
			t.Errorf("%s: Final(%v) = %d %s retry %v; want %d %s retry %v", number, &fault, a.Status, a.Type, a.ShouldRetry, answer, typ, retry)
		}
	}
	f("U01", after(status(429, adapter.RateLimited), 20*s), Elsewhere, KeyModel, Cooling, 20*s, 0, 429, "rate_limit_error", Unset)
	f("U02", status(429, adapter.RateLimited), Elsewhere, KeyModel, Cooling, 30*s, 5*m, 429, "rate_limit_error", Unset)
	f("U03 529", status(529, adapter.Overloaded), Elsewhere, ChannelModel, Cooling, 10*s, m, 529, "overloaded_error", Unset)
	f("U03 503", status(503, adapter.Overloaded), Elsewhere, ChannelModel, Cooling, 10*s, m, 529, "overloaded_error", Unset)
	f("U03 inside a 200", Fault{Source: Channel, Class: adapter.Overloaded, Channel: "main"}, Elsewhere, ChannelModel, Cooling, 10*s, m, 529, "overloaded_error", Unset)
	f("U04 500", status(500, adapter.Overloaded), Again, WholeChannel, Cooling, 2*s, m, 502, "api_error", Unset)
	f("U04 502", status(502, adapter.Overloaded), Again, WholeChannel, Cooling, 2*s, m, 502, "api_error", Unset)
	f("U04 504", status(504, adapter.Overloaded), Again, WholeChannel, Cooling, 2*s, m, 502, "api_error", Unset)
	f("U05 401", status(401, adapter.Auth), Elsewhere, Key, Invalid, 10*m, 0, 502, "api_error", No)
	f("U05 403", status(403, adapter.Auth), Elsewhere, KeyModel, Invalid, 10*m, 0, 502, "api_error", No)
	f("U05 Gemini's 400", status(400, adapter.Auth), Elsewhere, Key, Invalid, 10*m, 0, 502, "api_error", No)
	f("U06 402", status(402, adapter.Quota), Elsewhere, Key, Quota, 30*m, 0, 502, "api_error", No)
	f("U06 renewed soon", after(status(402, adapter.Quota), m), Elsewhere, Key, Quota, m, 0, 502, "api_error", No)
	f("U06 renewed next month", after(status(402, adapter.Quota), 700*time.Hour), Elsewhere, Key, Quota, 30*m, 0, 502, "api_error", No)
	f("U06 under 429", status(429, adapter.Quota), Elsewhere, Key, Quota, 30*m, 0, 502, "api_error", No)
	f("U07", status(400, adapter.Invalid), Stop, Request, OK, 0, 0, 400, "invalid_request_error", No)
	f("U07 422", status(422, adapter.Invalid), Stop, Request, OK, 0, 0, 400, "invalid_request_error", No)
	f("U08", status(404, adapter.NotFound), Elsewhere, ChannelModel, Cooling, 10*m, 0, 404, "not_found_error", No)
	f("U09 413", status(413, adapter.Invalid), Stop, Request, OK, 0, 0, 413, "request_too_large", No)
	f("404 of something else", status(404, adapter.Invalid), Stop, Request, OK, 0, 0, 404, "not_found_error", No)
	f("U10 dns", kind(KindDNS), Elsewhere, WholeChannel, Cooling, 2*s, m, 502, "api_error", Unset)
	f("U10 offline", Fault{Kind: KindOffline, Message: "no network"}, Elsewhere, WholeChannel, Cooling, s, 5*s, 502, "api_error", Unset)
	f("O04", Fault{Kind: KindLocal, Message: "too many open files"}, Elsewhere, Request, OK, 0, 0, 502, "api_error", Unset)
	f("U10 connect", kind(KindConnect), Elsewhere, WholeChannel, Cooling, s, m, 502, "api_error", Unset)
	f("U11–U13", kind(KindTimeout), Elsewhere, ChannelModel, Cooling, 5*s, m, 504, "timeout_error", Unset)
	f("U14, U15", kind(KindCut), Elsewhere, WholeChannel, Cooling, s, 30*s, 502, "api_error", Unset)
	f("U16, U18", kind(KindProtocol), Elsewhere, WholeChannel, Cooling, 5*s, 2*m, 502, "api_error", Unset)
	f("U16 by class", Fault{Source: Channel, Class: adapter.Protocol}, Elsewhere, WholeChannel, Cooling, 5*s, 2*m, 502, "api_error", Unset)
	f("U17", kind(KindTooLarge), Elsewhere, Request, OK, 0, 0, 502, "api_error", Unset)
	f("U20", kind(KindHTML), Elsewhere, WholeChannel, Cooling, 10*s, 2*m, 502, "api_error", Unset)
	f("U22", kind(KindEmpty), Elsewhere, WholeChannel, Cooling, s, 30*s, 502, "api_error", Unset)
	f("U23", kind(KindEncoding), Elsewhere, WholeChannel, Cooling, 5*s, m, 502, "api_error", Unset)
	f("U24", kind(KindRedirect), Elsewhere, WholeChannel, Cooling, 30*s, 5*m, 502, "api_error", Unset)
	f("U25", kind(KindBlocked), Elsewhere, WholeChannel, Cooling, 30*s, 5*m, 502, "api_error", Unset)
	f("U26", kind(KindTLS), Elsewhere, WholeChannel, Cooling, 10*s, 5*m, 502, "api_error", Unset)
	f("U31 far", after(status(429, adapter.RateLimited), 80000*time.Hour), Elsewhere, KeyModel, Cooling, 10*m, 0, 429, "rate_limit_error", Unset)
	f("U31 negative", after(status(429, adapter.RateLimited), -m), Elsewhere, KeyModel, Cooling, s, 0, 429, "rate_limit_error", Unset)
	f("U36", Fault{Kind: KindDeadline, Message: "no time left"}, Stop, Request, OK, 0, 0, 504, "timeout_error", Unset)
	f("U37", after(Fault{Kind: KindCooling}, 5*m), Stop, Request, OK, 10*m/2, 0, 429, "rate_limit_error", Unset)
	f("C21", Fault{Source: Client, Kind: KindGone}, Stop, Request, OK, 0, 0, 499, "api_error", Unset)
	f("P01", byAdapter(KindNone), Elsewhere, Request, OK, 0, 0, 502, "api_error", No)
	f("P12, P19, P20", byAdapter(KindProtocol), Elsewhere, Request, OK, 0, 0, 502, "api_error", No)
	f("P14", byAdapter(KindAbsent), Elsewhere, Request, OK, 0, 0, 502, "api_error", Unset)
	f("P05", byAdapter(KindBusy), Elsewhere, Request, OK, 0, 0, 529, "overloaded_error", Unset)
	f("lost replay", byAdapter(KindLost), Elsewhere, Request, OK, 0, 0, 502, "api_error", Unset)
	f("unsupported", Fault{Source: Client, Class: adapter.Unsupported, Field: "tools[0]"}, Elsewhere, Request, OK, 0, 0, 400, "invalid_request_error", No)
	f("a class from the future", Fault{Source: Channel, Class: 99}, Elsewhere, Request, OK, 0, 0, 502, "api_error", No)
}

func TestRuleExplicit(t *testing.T) {
	limited, refused := status(429, adapter.RateLimited), status(401, adapter.Auth)
	if Rule(&limited).Explicit {
		t.Error("a 429 without Retry-After is not explicit")
	}
	if limited = after(limited, 3*time.Second); !Rule(&limited).Explicit {
		t.Error("a 429 with Retry-After is explicit")
	}
	// A refused key does not become good because the answer carried the header.
	if refused = after(refused, 3*time.Second); Rule(&refused).Explicit || Rule(&refused).Cooldown != 10*time.Minute {
		t.Errorf("a 401 with Retry-After: %+v", Rule(&refused))
	}
}

func TestRuleSkip(t *testing.T) {
	f := func(fault Fault, want Skip) {
		t.Helper()
		if got := Rule(&fault).Skip; got != want {
			t.Errorf("Skip of %v = %v, want %v", &fault, got, want)
		}
	}
	f(status(429, adapter.RateLimited), SkipKey)
	f(status(500, adapter.Overloaded), SkipKey)
	f(kind(KindConnect), SkipChannel)
	f(status(404, adapter.NotFound), SkipChannel)
	f(Fault{Class: adapter.Unsupported}, SkipChannel)
	f(byAdapter(KindNone), SkipAdapter)
}

// Every row is whole: the answer fits the error contract, cooldowns are bounded, and x-should-retry is false only where
// the contract allows it.
func TestTableIsWhole(t *testing.T) {
	statusOf := map[string][]int{
		"invalid_request_error": {400}, "not_found_error": {404}, "rate_limit_error": {429}, "api_error": {499, 502},
		"timeout_error": {504}, "overloaded_error": {529},
	}
	for id := range rows {
		r := &table[id]
		if r.name == "" || r.when == "" {
			t.Errorf("row %d has no words", id)
		}
		fits := false
		for _, s := range statusOf[r.typ] {
			fits = fits || s == r.status
		}
		if !fits {
			t.Errorf("%s: status %d does not go with %s", r.name, r.status, r.typ)
		}
		if r.ruling.Cooldown > 30*time.Minute || r.ruling.Limit > 10*time.Minute || r.ruling.Limit != 0 && r.ruling.Limit < r.ruling.Cooldown {
			t.Errorf("%s: cooldown %v up to %v", r.name, r.ruling.Cooldown, r.ruling.Limit)
		}
		if (r.ruling.Cooldown > 0) != (r.ruling.State != OK) || (r.ruling.Scope != Request) != (r.ruling.State != OK) {
			t.Errorf("%s: scope, state and cooldown go together: %+v", r.name, r.ruling)
		}
		if r.retry == No && (r.status == 429 || r.status == 529 || r.status == 504) {
			t.Errorf("%s: tells clients not to retry a %d", r.name, r.status)
		}
	}
	for k := KindNone; k < kinds; k++ {
		if k.String() == "" {
			t.Errorf("kind %d has no name", k)
		}
		if f := (Fault{Source: Channel, Kind: k, Class: adapter.Protocol}); k > KindStatus && table[rowOf(&f)].name == "" {
			t.Errorf("kind %v has no row", k)
		}
	}
}
