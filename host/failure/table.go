package failure

import (
	"strconv"
	"time"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// Move says what the relay does next with the request, as long as no content was sent.
type Move uint8

const (
	// Stop: nothing else would fare better; the client is answered.
	Stop Move = iota
	// Elsewhere: another key, channel or adapter may serve, at once.
	Elsewhere
	// Again: the same key may serve after Ruling.Pause, once; then elsewhere.
	Again
)

var moveNames = [...]string{"stop", "elsewhere", "again"}

func (m Move) String() string { return name(moveNames[:], m) }

// Scope says whose health a fault speaks of.
type Scope uint8

const (
	// Request: nobody's; only this request is concerned.
	Request Scope = iota
	// Key: one key of a channel, for all models.
	Key
	// KeyModel: one key for one upstream model.
	KeyModel
	// ChannelModel: all keys of a channel for one upstream model.
	ChannelModel
	// WholeChannel: all keys of a channel for all models.
	WholeChannel
)

var scopeNames = [...]string{"request", "key", "key×model", "channel×model", "channel"}

func (s Scope) String() string { return name(scopeNames[:], s) }

// State is what health becomes.
type State uint8

const (
	// OK: nothing is known against it.
	OK State = iota
	// Cooling: it is left in peace for a while, and used all the same when nothing better is there.
	Cooling
	// Quota: its money or quota is used up; used only after everything that is merely cooling.
	Quota
	// Invalid: its credential is refused; probed now and then, never used otherwise.
	Invalid
)

var stateNames = [...]string{"ok", "cooling", "quota", "invalid"}

func (s State) String() string { return name(stateNames[:], s) }

// Skip says what this request leaves out in its further attempts, beyond what cools.
type Skip uint8

const (
	// SkipKey: the key that failed.
	SkipKey Skip = iota
	// SkipChannel: all keys of the channel, since the cause is the same for all.
	SkipChannel
	// SkipAdapter: all channels with the adapter.
	SkipAdapter
)

var skipNames = [...]string{"key", "channel", "adapter"}

func (s Skip) String() string { return name(skipNames[:], s) }

// Ruling is what a fault does to the request and to health.
type Ruling struct {
	Move Move
	Skip Skip
	// Pause is how long Again waits; the balancer takes between half of it and all of it.
	Pause time.Duration
	Scope Scope
	State State
	// Cooldown is the time out after the first fault in a row. It doubles with each further one up to Limit; a Limit of 0
	// means that it does not grow.
	Cooldown, Limit time.Duration
	// Explicit says that the upstream itself named the time. While it runs, the scope is not tried at all.
	Explicit bool
	// Reason says for people what went wrong, such as "rate limited: slow down". It is as free of secrets as the fault.
	Reason string
}

// Bounds of an upstream's Retry-After.
const (
	MinRetryAfter = time.Second
	MaxRetryAfter = 10 * time.Minute
)

// Rule looks the fault up in the table. It is pure: count_tokens, models and probes must not report what it says to
// health.
func Rule(f *Fault) Ruling {
	r := table[rowOf(f)]
	ruling := r.ruling
	if ruling.State == Quota && f.HasRetryAfter {
		// An upstream may know when the quota is renewed; longer than usual nothing is believed.
		ruling.Cooldown = within(f.RetryAfter, MinRetryAfter, ruling.Cooldown)
	}
	if r.waits && f.HasRetryAfter {
		ruling.Cooldown = within(f.RetryAfter, MinRetryAfter, MaxRetryAfter)
		ruling.Limit = 0
		ruling.Explicit = true
	}
	ruling.Reason = reason(f)
	return ruling
}

// maxReason is where a reason is cut, in bytes.
const maxReason = 300

func reason(f *Fault) string {
	name := table[rowOf(f)].name
	if f.Kind == KindStatus && f.Status != 0 {
		name += " (" + strconv.Itoa(f.Status) + ")"
	}
	if f.Message == "" {
		return name
	}
	return name + ": " + clip(f.Message, maxReason)
}

// Tristate is yes, no or not said.
type Tristate uint8

const (
	// Unset says nothing; the client's own rule for the status holds.
	Unset Tristate = iota
	// Yes asks the client to try again.
	Yes
	// No tells the client that a repeat cannot help.
	No
)

// row is one line of the table: what happens while attempts are left, and what the client hears when none is.
type row struct {
	name string
	// when says in words which faults belong here; numbers are those of the catalogue of faults.
	when    string
	numbers string
	ruling  Ruling
	// waits says that an upstream's Retry-After takes the place of Cooldown, and that the client hears it.
	waits bool
	// rank orders the faults of one request: the lowest is told to the client, because it promises the most from a repeat.
	rank   uint8
	status int
	typ    string
	retry  Tristate
}

type rowID uint8

const (
	rowGone rowID = iota
	rowDeadline
	rowInvalid
	rowRateLimited
	rowCooling
	rowOverloaded
	rowBusy
	rowTimeout
	rowBroken
	rowProtocol
	rowEmpty
	rowTooLarge
	rowEncoding
	rowCut
	rowLocal
	rowOffline
	rowDNS
	rowConnect
	rowTLS
	rowBlocked
	rowHTML
	rowRedirect
	rowAbsent
	rowLost
	rowAdapter
	rowUnauthorized
	rowForbidden
	rowQuota
	rowUnsupported
	rowNotFound

	rows
)

// table is the policy. Its order is for reading; rank decides.
var table = [rows]row{
	rowGone:     {"client gone", "the client left", "C21", Ruling{}, false, 0, 499, "api_error", Unset},
	rowDeadline: {"deadline", "no attempt got a response head within request_timeout", "U36", Ruling{}, false, 0, 504, "timeout_error", Unset},
	rowInvalid: {"invalid", "the request is wrong; 404 and 413 of the upstream keep their status", "C04–C11, U07, U09",
		Ruling{}, false, 0, 400, "invalid_request_error", No},

	rowRateLimited: {"rate limited", "429", "U01, U02, U31",
		Ruling{Move: Elsewhere, Scope: KeyModel, State: Cooling, Cooldown: 30 * time.Second, Limit: 5 * time.Minute}, true, 1, 429, "rate_limit_error", Unset},
	rowCooling: {"all cooling", "nothing was tried while an upstream's Retry-After runs everywhere", "U37",
		Ruling{}, true, 1, 429, "rate_limit_error", Unset},
	rowOverloaded: {"overloaded", "503, 529, or an overload inside a 200", "U03",
		Ruling{Move: Elsewhere, Scope: ChannelModel, State: Cooling, Cooldown: 10 * time.Second, Limit: time.Minute}, true, 2, 529, "overloaded_error", Unset},
	rowBusy: {"adapter busy", "all instances of the adapter are at their limit", "P05, C24",
		Ruling{Move: Elsewhere, Skip: SkipAdapter}, false, 2, 529, "overloaded_error", Unset},
	rowTimeout: {"timeout", "silence before the response head or after it", "U11, U12, U13",
		Ruling{Move: Elsewhere, Scope: ChannelModel, State: Cooling, Cooldown: 5 * time.Second, Limit: time.Minute}, false, 3, 504, "timeout_error", Unset},

	rowBroken: {"broken", "500, 502, 504 and other failures of the upstream itself", "U04",
		Ruling{Move: Again, Pause: 500 * time.Millisecond, Scope: WholeChannel, State: Cooling, Cooldown: 2 * time.Second, Limit: time.Minute}, false, 4, 502, "api_error", Unset},
	rowProtocol: {"protocol", "an answer that makes no sense", "U16, U18, U21",
		Ruling{Move: Elsewhere, Scope: WholeChannel, State: Cooling, Cooldown: 5 * time.Second, Limit: 2 * time.Minute}, false, 4, 502, "api_error", Unset},
	rowEmpty: {"empty", "a 200 without content", "U22",
		Ruling{Move: Elsewhere, Scope: WholeChannel, State: Cooling, Cooldown: time.Second, Limit: 30 * time.Second}, false, 4, 502, "api_error", Unset},
	rowTooLarge: {"answer too large", "more than the proxy reads in one event or answer", "U17",
		Ruling{Move: Elsewhere}, false, 4, 502, "api_error", Unset},
	rowEncoding: {"encoding", "an encoding not asked for, a false claim, or a bomb", "U23",
		Ruling{Move: Elsewhere, Skip: SkipChannel, Scope: WholeChannel, State: Cooling, Cooldown: 5 * time.Second, Limit: time.Minute}, false, 4, 502, "api_error", Unset},
	rowCut: {"cut", "the connection broke or a stream ended early", "U14, U15, U27",
		Ruling{Move: Elsewhere, Scope: WholeChannel, State: Cooling, Cooldown: time.Second, Limit: 30 * time.Second}, false, 4, 502, "api_error", Unset},
	rowLocal: {"proxy exhausted", "no files, ports or memory for a connection: nobody's health suffers", "O04",
		Ruling{Move: Elsewhere, Skip: SkipChannel}, false, 4, 502, "api_error", Unset},
	rowOffline: {"machine offline", "no network, or the DNS of this machine does not answer", "U10",
		Ruling{Move: Elsewhere, Skip: SkipChannel, Scope: WholeChannel, State: Cooling, Cooldown: time.Second, Limit: 5 * time.Second}, false, 4, 502, "api_error", Unset},
	rowDNS: {"dns", "the name does not exist", "U10",
		Ruling{Move: Elsewhere, Skip: SkipChannel, Scope: WholeChannel, State: Cooling, Cooldown: 2 * time.Second, Limit: time.Minute}, false, 4, 502, "api_error", Unset},
	rowConnect: {"connect", "refused, unreachable, or no connection in time", "U10",
		Ruling{Move: Elsewhere, Skip: SkipChannel, Scope: WholeChannel, State: Cooling, Cooldown: time.Second, Limit: time.Minute}, false, 4, 502, "api_error", Unset},
	rowTLS: {"tls", "the handshake failed", "U26",
		Ruling{Move: Elsewhere, Skip: SkipChannel, Scope: WholeChannel, State: Cooling, Cooldown: 10 * time.Second, Limit: 5 * time.Minute}, false, 4, 502, "api_error", Unset},
	rowBlocked: {"blocked", "a link-local or metadata address", "U25",
		Ruling{Move: Elsewhere, Skip: SkipChannel, Scope: WholeChannel, State: Cooling, Cooldown: 30 * time.Second, Limit: 5 * time.Minute}, false, 4, 502, "api_error", Unset},
	rowHTML: {"html", "a web page instead of an answer", "U20",
		Ruling{Move: Elsewhere, Skip: SkipChannel, Scope: WholeChannel, State: Cooling, Cooldown: 10 * time.Second, Limit: 2 * time.Minute}, false, 4, 502, "api_error", Unset},
	rowRedirect: {"redirect", "3xx", "U24",
		Ruling{Move: Elsewhere, Skip: SkipChannel, Scope: WholeChannel, State: Cooling, Cooldown: 30 * time.Second, Limit: 5 * time.Minute}, false, 4, 502, "api_error", Unset},

	rowAbsent: {"adapter absent", "no adapter of that name is loaded", "P14",
		Ruling{Move: Elsewhere, Skip: SkipAdapter}, false, 5, 502, "api_error", Unset},
	rowLost: {"adapter lost", "the adapter's state of the exchange could not be rebuilt", "P01",
		Ruling{Move: Elsewhere, Skip: SkipAdapter}, false, 5, 502, "api_error", Unset},
	rowAdapter: {"adapter fault", "the adapter failed, trapped or broke the contract", "P01, P02, P11, P12, P19, P20",
		Ruling{Move: Elsewhere, Skip: SkipAdapter}, false, 6, 502, "api_error", No},

	rowUnauthorized: {"key refused", "401", "U05",
		Ruling{Move: Elsewhere, Scope: Key, State: Invalid, Cooldown: 10 * time.Minute}, false, 7, 502, "api_error", No},
	rowForbidden: {"key forbidden", "403", "U05",
		Ruling{Move: Elsewhere, Scope: KeyModel, State: Invalid, Cooldown: 10 * time.Minute}, false, 7, 502, "api_error", No},
	rowQuota: {"quota", "402, or a code that says the quota is used up", "U06",
		Ruling{Move: Elsewhere, Scope: Key, State: Quota, Cooldown: 30 * time.Minute}, false, 7, 502, "api_error", No},
	rowUnsupported: {"unsupported", "this upstream cannot express the request", "",
		Ruling{Move: Elsewhere, Skip: SkipChannel}, false, 8, 400, "invalid_request_error", No},
	rowNotFound: {"model unknown", "404 for the model", "U08",
		Ruling{Move: Elsewhere, Skip: SkipChannel, Scope: ChannelModel, State: Cooling, Cooldown: 10 * time.Minute}, false, 9, 404, "not_found_error", No},
}

var kindRows = [kinds]rowID{
	KindDNS: rowDNS, KindConnect: rowConnect, KindTLS: rowTLS, KindBlocked: rowBlocked, KindTimeout: rowTimeout,
	KindCut: rowCut, KindHTML: rowHTML, KindRedirect: rowRedirect, KindEncoding: rowEncoding, KindTooLarge: rowTooLarge,
	KindEmpty: rowEmpty, KindProtocol: rowProtocol, KindAbsent: rowAbsent, KindBusy: rowBusy, KindLost: rowLost,
	KindGone: rowGone, KindCooling: rowCooling, KindDeadline: rowDeadline, KindLocal: rowLocal, KindOffline: rowOffline,
}

// rowOf finds the line for a fault: what happened counts first, the adapter's class where that says no more.
func rowOf(f *Fault) rowID {
	switch {
	case f.Kind == KindProtocol && f.Source == Adapter:
		return rowAdapter
	case f.Kind > KindStatus && f.Kind < kinds:
		return kindRows[f.Kind]
	}
	switch f.Class {
	case adapter.Invalid:
		return rowInvalid
	case adapter.Unsupported:
		return rowUnsupported
	case adapter.Protocol:
		return rowProtocol
	case adapter.Overloaded:
		if f.Status < 300 || f.Status == 503 || f.Status == 529 {
			return rowOverloaded
		}
		return rowBroken
	case adapter.RateLimited:
		return rowRateLimited
	case adapter.Auth:
		if f.Status == 403 {
			return rowForbidden
		}
		return rowUnauthorized
	case adapter.Quota:
		return rowQuota
	case adapter.NotFound:
		return rowNotFound
	}
	return rowAdapter
}
