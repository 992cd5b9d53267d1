package failure

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// Answer is an error as the client gets it: as an HTTP answer, or as the last event of a stream. The statuses and types are
// those of https://docs.claude.com/en/api/errors.
type Answer struct {
	Status int
	// Type is the Claude error type, such as "overloaded_error".
	Type    string
	Message string
	// Details is a JSON object for error.details; nil for none.
	Details []byte
	// RetryAfter is for the header retry-after; 0 leaves it out.
	RetryAfter time.Duration
	// ShouldRetry is for the header x-should-retry, which the official SDKs and Claude Code put above the status.
	ShouldRetry Tristate
	// Allow is for the header allow of a 405; empty otherwise.
	Allow string
	// Close says that the connection must not serve another request.
	Close bool
}

const (
	// maxMessage is where a message is cut, in bytes. Upstreams put whole requests into theirs.
	maxMessage = 2 << 10
	// maxDetails is the largest error.details that is passed on, in bytes.
	maxDetails = 16 << 10
	// patience is the longest wait that clients sit out. A 429 with more yields to a fault that may heal sooner.
	patience = time.Minute
)

// Final decides what the client is told when no attempt answered. faults are those of all attempts in order; wait is when
// the balancer expects something to be free, 0 if it knows of nothing that will be. It is pure.
//
// One fault speaks for all: the one that stopped the attempts, else the one that promises the most from a repeat.
func Final(faults []Fault, wait time.Duration) Answer {
	if len(faults) == 0 {
		if wait > 0 {
			return *AllCooling(wait)
		}
		return *Unusable()
	}
	told := &faults[len(faults)-1]
	if Rule(told).Move != Stop {
		for i := range faults {
			if rankOf(&faults[i]) < rankOf(told) {
				told = &faults[i]
			}
		}
	}
	r := &table[rowOf(told)]
	a := Answer{Status: r.status, Type: r.typ, ShouldRetry: r.retry, Message: clip(sentence(r, told, faults), maxMessage)}
	switch rowOf(told) {
	case rowInvalid:
		a.Status, a.Type = clientStatus(told)
	case rowUnsupported:
		if told.Status == 413 { // more than this adapter can hold
			a.Status, a.Type = clientStatus(told)
		}
	case rowRateLimited:
		a.RetryAfter = soonest(faults)
	case rowCooling:
		a.RetryAfter = within(told.RetryAfter, time.Second, time.Minute)
	case rowOverloaded, rowBusy:
		a.RetryAfter = soonest(faults)
		if a.RetryAfter == 0 && wait > 0 {
			a.RetryAfter = within(wait, time.Second, 5*time.Second)
		}
	}
	if r.rank != table[rowQuota].rank {
		a.Details = told.Details
	}
	return a
}

// rankOf is the rank of the fault's row, but for a 429 that asks for more patience than clients have.
func rankOf(f *Fault) uint8 {
	id := rowOf(f)
	if id == rowRateLimited && f.HasRetryAfter && f.RetryAfter > patience {
		return table[rowBroken].rank + 1
	}
	return table[id].rank
}

// soonest is the least that any upstream asked for, 0 when none did.
func soonest(faults []Fault) time.Duration {
	var least time.Duration
	for i := range faults {
		f := &faults[i]
		if !table[rowOf(f)].waits || !f.HasRetryAfter {
			continue
		}
		if d := within(f.RetryAfter, MinRetryAfter, MaxRetryAfter); least == 0 || d < least {
			least = d
		}
	}
	return least
}

func within(d, least, most time.Duration) time.Duration { return min(max(d, least), most) }

// clientStatus keeps the status of an upstream's 400, 404 and 413. The type follows it, unless the upstream speaks Claude
// and says something more exact.
func clientStatus(f *Fault) (status int, typ string) {
	switch f.Status {
	case 404:
		status, typ = 404, "not_found_error"
	case 413:
		status, typ = 413, "request_too_large"
	default:
		status, typ = 400, "invalid_request_error"
	}
	if f.Status == status && f.Type != "" && !slices.Contains(claudeTypes, f.Type) && plainName(f.Type) {
		typ = f.Type
	}
	return status, typ
}

// claudeTypes are the error types whose status is known: https://docs.claude.com/en/api/errors. A type that is not among
// them is newer than this program and passes on.
var claudeTypes = []string{
	"invalid_request_error", "authentication_error", "billing_error", "permission_error", "not_found_error",
	"conflict_error", "request_too_large", "rate_limit_error", "api_error", "timeout_error", "overloaded_error",
}

func plainName(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && c != '_' {
			return false
		}
	}
	return len(s) <= 64
}

// sentence says who is at fault and, after several attempts, what else was tried.
func sentence(r *row, f *Fault, faults []Fault) string {
	switch {
	case rowOf(f) == rowInvalid:
		return withField(f)
	case r.rank == table[rowUnsupported].rank && f.Channel != "":
		return withField(f) + fmt.Sprintf(" (channel %q)", f.Channel)
	case r.rank == table[rowUnsupported].rank:
		return withField(f)
	case r.rank == table[rowQuota].rank:
		// What an upstream says about a credential often quotes it.
		return fmt.Sprintf("upstream credentials of %s refused; whoever runs this proxy must check them", refusedChannels(faults))
	}
	var b strings.Builder
	switch {
	case f.Source == Proxy || f.Source == Client:
		b.WriteString(f.Message)
		return b.String()
	case f.Source == Adapter && (f.Kind == KindNone || f.Kind == KindProtocol):
		fmt.Fprintf(&b, "the adapter of channel %q", f.Channel)
		if f.Kind == KindNone {
			b.WriteString(" failed:")
		}
	case f.Kind == KindStatus:
		fmt.Fprintf(&b, "channel %q answered %d:", f.Channel, f.Status)
	case f.Kind == KindNone || f.Source == Adapter:
		fmt.Fprintf(&b, "channel %q:", f.Channel)
	default:
		fmt.Fprintf(&b, "channel %q", f.Channel)
	}
	b.WriteByte(' ')
	b.WriteString(clip(f.Message, maxMessage/2))
	if len(faults) > 1 {
		fmt.Fprintf(&b, " (%d attempts: ", len(faults))
		for i := range faults {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(faults[i].Channel)
			b.WriteByte(' ')
			b.WriteString(short(&faults[i]))
		}
		b.WriteByte(')')
	}
	return b.String()
}

func withField(f *Fault) string {
	if f.Field == "" || strings.HasPrefix(f.Message, f.Field) {
		return f.Message
	}
	return f.Field + ": " + f.Message
}

// short names a fault in a word or two.
func short(f *Fault) string {
	what := table[rowOf(f)].name
	if f.Kind == KindStatus {
		what = strconv.Itoa(f.Status)
	}
	return what
}

// refusedChannels lists the channels whose credentials were refused, each once.
func refusedChannels(faults []Fault) string {
	var names []string
	for i := range faults {
		f := &faults[i]
		quoted := strconv.Quote(f.Channel)
		if table[rowOf(f)].rank == table[rowQuota].rank && !slices.Contains(names, quoted) {
			names = append(names, quoted)
		}
	}
	if len(names) == 1 {
		return "channel " + names[0]
	}
	return "channels " + strings.Join(names, ", ")
}

// clip cuts s at a rune boundary.
func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "…"
}

// AppendJSON appends the error body, on one line so that it fits into an event: https://docs.claude.com/en/api/errors.
// Details that are not one JSON object are left out.
func (a *Answer) AppendJSON(dst []byte, requestID string) []byte {
	dst = append(dst, `{"type":"error","error":{"type":"`...)
	dst = jsonindex.AppendEscaped(dst, []byte(a.Type))
	dst = append(dst, `","message":"`...)
	dst = jsonindex.AppendEscaped(dst, []byte(a.Message))
	dst = append(dst, '"')
	if isObject(a.Details) {
		dst = append(dst, `,"details":`...)
		dst = appendCompact(dst, a.Details)
	}
	dst = append(dst, `},"request_id":"`...)
	dst = jsonindex.AppendEscaped(dst, []byte(requestID))
	return append(dst, `"}`...)
}

// isObject guards the error body against what an upstream or an adapter calls details.
func isObject(b []byte) bool {
	if len(b) == 0 || len(b) > maxDetails {
		return false
	}
	doc, err := jsonindex.Parse(b, jsonindex.ClientMode())
	return err == nil && doc.Root().Kind() == jsonindex.Object
}

// appendCompact appends valid JSON without the white space between its tokens.
func appendCompact(dst, b []byte) []byte {
	inString := false
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case inString && c == '\\':
			dst = append(dst, c)
			i++
			c = b[i]
		case c == '"':
			inString = !inString
		case !inString && (c == ' ' || c == '\n' || c == '\r' || c == '\t'):
			continue
		}
		dst = append(dst, c)
	}
	return dst
}
