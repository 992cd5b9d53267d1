package telemetry

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"

	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// StepKind says what a Step is.
type StepKind string

const (
	// StepAttempt: a try began on Channel with Key, for the upstream's Model.
	StepAttempt StepKind = "attempt"
	// StepRequest: the adapter's upstream request, without credentials; Losses are what it could not express.
	StepRequest StepKind = "upstream_request"
	// StepResponse: the upstream's response head.
	StepResponse StepKind = "upstream_response"
	// StepReceived: bytes of the upstream's answer, as they came.
	StepReceived StepKind = "upstream_bytes"
	// StepOps: what the adapter made of them.
	StepOps StepKind = "ops"
	// StepHead: the response head that the client got.
	StepHead StepKind = "client_response"
	// StepSent: bytes that the client got.
	StepSent StepKind = "client_bytes"
)

// Inside is all of one exchange, in the order in which it happened. It holds what was said, but no credential.
type Inside struct {
	ID string `json:"id"`
	// Method, Path (with its query), Headers and Request are the client's.
	Method  string   `json:"method"`
	Path    string   `json:"path"`
	Headers []Header `json:"headers"`
	Request string   `json:"request"`
	Steps   []Step   `json:"steps"`
	// Losses are all of the exchange, those that the adapter reported later included.
	Losses []Loss `json:"losses,omitempty"`
	// Cut is how many bytes there was no room for.
	Cut int `json:"cut_bytes,omitempty"`
}

// Header is one line of a head.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Step is one thing that happened. Fields that do not belong to its kind are absent.
type Step struct {
	Kind StepKind `json:"kind"`
	// AtMS is milliseconds after the request came.
	AtMS    float64  `json:"at_ms"`
	Channel string   `json:"channel,omitempty"`
	Adapter string   `json:"adapter,omitempty"`
	Key     string   `json:"key,omitempty"`
	Model   string   `json:"model,omitempty"`
	Method  string   `json:"method,omitempty"`
	Path    string   `json:"path,omitempty"`
	Status  int      `json:"status,omitempty"`
	Headers []Header `json:"headers,omitempty"`
	// Data are bytes as text; what is not UTF-8 is replaced.
	Data   string   `json:"data,omitempty"`
	Ops    []string `json:"ops,omitempty"`
	Losses []Loss   `json:"losses,omitempty"`
	Error  string   `json:"error,omitempty"`
	Cut    int      `json:"cut_bytes,omitempty"`
}

// view renders what was written down, without secrets.
func (c *capture) view() Inside {
	c.mu.Lock()
	defer c.mu.Unlock()
	in := Inside{
		ID: c.id, Method: c.method, Path: c.text([]byte(c.path)), Headers: c.shown(c.headers), Request: c.text(c.request), Losses: lossesOf(c.losses),
		Cut: c.cut, Steps: make([]Step, 0, len(c.steps)),
	}
	hidden := c.hidden()
	for i := range c.steps {
		s := &c.steps[i]
		v := Step{Kind: s.kind, AtMS: milliseconds(s.at), Status: s.status, Headers: c.shown(s.headers), Losses: lossesOf(s.losses), Cut: s.cut}
		in.Cut += s.cut
		switch s.kind {
		case StepAttempt:
			v.Channel, v.Adapter, v.Key, v.Model = s.text[0], s.text[1], s.text[2], s.text[3]
		case StepRequest:
			v.Method, v.Path, v.Data = s.text[0], c.text([]byte(s.text[1])), c.text(s.data)
		case StepReceived, StepSent:
			v.Data = strings.ToValidUTF8(string(hidden[i]), "\ufffd")
		case StepOps:
			v.Ops = c.opLines(s.data)
			if s.err != nil {
				v.Error = c.text([]byte(s.err.Error()))
			}
		}
		in.Steps = append(in.Steps, v)
	}
	return in
}

// hidden returns the bytes of the steps that belong to a stream, with the credentials in them blotted out. A credential
// may be spread over several steps, so each stream is looked at as one.
func (c *capture) hidden() [][]byte {
	out := make([][]byte, len(c.steps))
	for _, kind := range [...]StepKind{StepReceived, StepSent} {
		var all []byte
		for i := range c.steps {
			if c.steps[i].kind == kind {
				all = append(all, c.steps[i].data...)
			}
		}
		for _, at := range failure.Secrets(all, c.secrets) {
			for i := at[0]; i < at[1]; i++ {
				all[i] = '*'
			}
		}
		for i := range c.steps {
			if c.steps[i].kind == kind {
				n := len(c.steps[i].data)
				out[i], all = all[:n], all[n:]
			}
		}
	}
	return out
}

func (c *capture) text(b []byte) string {
	return strings.ToValidUTF8(string(failure.Scrub(b, c.secrets)), "\ufffd")
}

func (c *capture) shown(headers []adapter.Header) []Header {
	list := make([]Header, 0, len(headers))
	for _, h := range headers {
		list = append(list, Header{h.Name, c.text([]byte(h.Value))})
	}
	return list
}

// opLines writes ops as people read them, one each.
func (c *capture) opLines(b []byte) []string {
	return strings.Split(strings.TrimRight(c.text([]byte(ops.Dump(b))), "\n"), "\n")
}

// maxLogged is the most bytes of one body in the log.
const maxLogged = 64 << 10

// logBodies writes what was said into the log, one line for each side of each attempt.
func logBodies(l *slog.Logger, id string, in Inside) {
	l.Info("body", "id", id, "of", "client_request", "bytes", len(in.Request), "body", logged(in.Request))
	var answers bytes.Buffer
	flush := func(of string) {
		if answers.Len() > 0 {
			l.Info("body", "id", id, "of", of, "bytes", answers.Len(), "body", logged(answers.String()))
			answers.Reset()
		}
	}
	for _, s := range in.Steps {
		switch s.Kind {
		case StepRequest:
			flush("upstream_answer")
			l.Info("body", "id", id, "of", "upstream_request", "path", s.Path, "bytes", len(s.Data), "body", logged(s.Data))
		case StepReceived:
			answers.WriteString(s.Data)
		}
	}
	flush("upstream_answer")
	for _, s := range in.Steps {
		if s.Kind == StepSent {
			answers.WriteString(s.Data)
		}
	}
	flush("client_answer")
}

func logged(s string) string {
	if len(s) <= maxLogged {
		return s
	}
	return strings.ToValidUTF8(s[:maxLogged], "") + fmt.Sprintf("… (%d bytes more)", len(s)-maxLogged)
}
