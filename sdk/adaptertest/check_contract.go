package adaptertest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// contract checks what the types of the contract cannot say.
func (b *bench) contract() {
	t := b.t
	if message := failureFault(t); message != "" {
		b.r.add(Finding{Check: checkContract, Message: message, Actual: failureText(t.fail, t.at)})
	}
	if t.late > 0 {
		b.fault(checkContract, "%d bytes of ops came behind done", t.late)
	}
	if message := opsFault(t.ops); message != "" {
		b.r.add(Finding{Check: checkContract, Message: message, Actual: ops.Dump(t.ops)})
	}
	if t.at == atBegin {
		return
	}
	for _, message := range b.s.requestFaults(b.c, t) {
		b.r.add(Finding{Check: checkContract, Message: message, Actual: t.request})
	}
}

// failureFault says what is wrong with how a play failed, "" if nothing is.
func failureFault(t *traced) string {
	f := t.fail
	switch {
	case t.panics != nil:
		return t.panics.Error()
	case t.broken != "":
		return t.broken
	case f == nil:
		return ""
	case f.Class == adapter.Internal:
		return "an internal failure is the adapter's own fault"
	case f.Message == "":
		return "the failure has no message"
	case !utf8.ValidString(f.Message):
		return "the failure's message is not valid UTF-8"
	case f.RetryAfter < 0:
		return "retry_after is negative"
	case f.Remedy != nil && f.Remedy.Name == "":
		return "the remedy has no name"
	case f.Details != nil && !isObject(f.Details):
		return "the details are no JSON object"
	}
	return ""
}

func isObject(b []byte) bool {
	doc, err := jsonindex.Parse(b, jsonindex.Mode{Unique: true})
	return err == nil && doc.Root().Kind() == jsonindex.Object
}

func opsFault(b []byte) string {
	var r ops.Reader
	r.Reset(b)
	for r.More() {
		if _, err := r.Next(); err != nil {
			return fmt.Sprintf("the ops are refused: %v", err)
		}
	}
	return ""
}

// lossPath is the path of a loss: names without array positions.
var lossPath = regexp.MustCompile(`^[^\[\]\s]+$`)

// requestFaults says what is wrong with what Begin gave.
func (s *Suite) requestFaults(c *Case, t *traced) (faults []string) {
	fault := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Sprintf(format, args...))
		}
	}
	for _, l := range t.losses {
		fault(!lossPath.MatchString(l.Path), "loss path %q: write names without array positions, such as messages.content.text", l.Path)
	}
	if t.local {
		fault(!t.done, "the local answer has no done")
		return faults
	}
	fault(!strings.HasPrefix(t.path, "/") || strings.HasPrefix(t.path, "//") || strings.ContainsAny(t.path, "#\\ \r\n\t") ||
		strings.Contains(t.path, "/../"), "%q is no path that begins with one slash", t.path)
	for _, h := range t.headers {
		fault(h.Name == "" || h.Name != strings.ToLower(h.Name) || strings.ContainsAny(h.Name, " :\r\n"), "header name %q: write it in lower case", h.Name)
		fault(strings.ContainsAny(h.Value, "\r\n\x00"), "header %s has a line end in its value", h.Name)
		fault(slices.Contains(hostHeaders, h.Name), "header %s belongs to the host", h.Name)
	}
	fault(c.answer == linesAnswer && t.framing != adapter.JSONLines, "the answer is JSON lines, but the framing asked for is SSE")
	fault(c.answer == sseAnswer && t.framing == adapter.JSONLines, "the answer is SSE, but the framing asked for is JSON lines")
	fault(t.through && !s.manifest.Speaks(adapter.NativeClaude), "pass-through needs native: claude in the manifest")
	fault(!t.through && len(t.splices) > 0, "splices without pass-through")
	fault(t.through && t.path == "", "pass-through without a path")
	fault(!t.through && c.call.Op != adapter.Models && len(t.body) == 0, "the upstream request has no body")
	for _, p := range t.splices {
		fault(!permitted(p), "splice of %s: only model and whole thinking blocks may be changed", p.path)
	}
	for _, stop := range t.stops {
		fault(!clientStops(t.client, stop), "stop sequence %q is none of the client's", stop)
	}
	return faults
}

// hostHeaders are those that the host alone sets.
var hostHeaders = []string{
	"host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "proxy-connection",
	"accept-encoding",
}

var thinkingBlock = regexp.MustCompile(`^messages\[\d+\]\.content\[\d+\]$`)

// permitted says whether the host allows an edit of a passed-through body.
func permitted(s splice) bool {
	if s.Remove {
		return thinkingBlock.MatchString(s.path) && (s.kind == "thinking" || s.kind == "redacted_thinking")
	}
	var text string
	return s.path == "model" && json.Unmarshal([]byte(s.With), &text) == nil
}

func clientStops(body []byte, stop string) bool {
	doc, err := jsonindex.Parse(body, jsonindex.ClientMode())
	if err != nil {
		return false
	}
	for it := doc.Root().Get("stop_sequences").Iter(); it.Next(); {
		if it.Val.Is(stop) {
			return true
		}
	}
	return false
}

// json checks the upstream body.
func (b *bench) json() {
	if message := bodyFault(b.t); message != "" {
		b.r.add(Finding{Check: checkJSON, Message: message, Actual: string(b.t.body)})
	}
}

func bodyFault(t *traced) string {
	if len(t.body) == 0 {
		return ""
	}
	if !json.Valid(t.body) {
		var v any
		return fmt.Sprintf("the upstream body is no JSON: %v", json.Unmarshal(t.body, &v))
	}
	if _, err := jsonindex.Parse(t.body, jsonindex.Mode{Unique: true}); err != nil {
		return fmt.Sprintf("the upstream body: %v", err)
	}
	return ""
}

// credentials are the headers by which clients and vendors are let in.
var credentials = []string{
	"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "api-key", "x-goog-api-key", "x-auth-token",
}

var secretQuery = regexp.MustCompile(`(?i)[?&](key|api[-_]?key|access[-_]?token|token|auth)=`)

// forwarded is the client's headers as an adapter gets them: those it asks for, without credentials.
func forwarded(m *adapter.Manifest, sent []adapter.Header) (list []adapter.Header) {
	for _, h := range sent {
		if slices.Contains(m.Headers, h.Name) && !slices.Contains(credentials, h.Name) {
			list = append(list, h)
		}
	}
	return list
}

// secret checks that no credential gets in or out.
func (b *bench) secret() {
	t := b.t
	for _, h := range t.headers {
		if slices.Contains(credentials, h.Name) {
			b.fault(checkSecret, "header %s: credentials are the host's", h.Name)
		}
	}
	if secretQuery.MatchString(t.path) {
		b.fault(checkSecret, "the path carries a credential: %s", t.path)
	}
	out := t.request + string(t.body) + string(t.ops) + lossesText(t.losses) + failureText(t.fail, "")
	for _, h := range b.c.sent {
		if slices.Contains(credentials, h.Name) && len(h.Value) > 0 && strings.Contains(out, h.Value) {
			b.fault(checkSecret, "the client's %s comes out again", h.Name)
		}
	}
}
