package telemetry

import (
	"time"

	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/relay"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// Outcome is what a request came to.
type Outcome string

const (
	OK Outcome = "ok"
	// ClientError: the request itself was at fault, or its key.
	ClientError Outcome = "client_error"
	// UpstreamError: every upstream that was tried failed, or one in the middle of its answer.
	UpstreamError Outcome = "upstream_error"
	// AdapterError: a converter broke, or none was loaded.
	AdapterError Outcome = "adapter_error"
	// Timeout: something did not come in time.
	Timeout Outcome = "timeout"
	// Overloaded: a limit of the proxy or of the upstreams.
	Overloaded Outcome = "overloaded"
	// Canceled: the client left.
	Canceled Outcome = "canceled"
)

// Outcomes are all of them, in the order of charts and metrics.
var Outcomes = [...]Outcome{OK, ClientError, UpstreamError, AdapterError, Timeout, Overloaded, Canceled}

func (o Outcome) index() int {
	for i, known := range Outcomes {
		if o == known {
			return i
		}
	}
	panic("BUG: unknown outcome " + string(o))
}

// Exchange is one request, as the API and the UI show it. Once it has an Outcome it no longer changes. It holds no secret
// and nothing of what was said; durations are in milliseconds.
type Exchange struct {
	ID string `json:"id"`
	// Time is when the request came.
	Time   time.Time `json:"time"`
	Client string    `json:"client"`
	// Op is messages or count_tokens; of a refused request it is its path.
	Op      string `json:"op"`
	Model   string `json:"model,omitempty"`
	Stream  bool   `json:"stream"`
	Session string `json:"session,omitempty"`
	BytesIn int    `json:"bytes_in"`

	// Outcome is empty while the request is under way.
	Outcome Outcome `json:"outcome,omitempty"`
	// Status is what the client saw; 0 when it left before.
	Status int `json:"status,omitempty"`
	// Cut says that the answer ended in an error after content was sent.
	Cut bool `json:"cut,omitempty"`
	// Message is what went wrong last, for people.
	Message string `json:"message,omitempty"`
	// Channel, Adapter, Key and UpstreamModel are those of the last attempt.
	Channel       string    `json:"channel,omitempty"`
	Adapter       string    `json:"adapter,omitempty"`
	Key           string    `json:"key,omitempty"`
	UpstreamModel string    `json:"upstream_model,omitempty"`
	Attempts      []Attempt `json:"attempts"`
	Tokens        Tokens    `json:"tokens"`
	Stop          string    `json:"stop,omitempty"`
	UpstreamID    string    `json:"upstream_id,omitempty"`
	Losses        []Loss    `json:"losses,omitempty"`
	BytesOut      int64     `json:"bytes_out"`
	FirstByteMS   float64   `json:"first_byte_ms,omitempty"`
	TotalMS       float64   `json:"total_ms,omitempty"`
	// OverheadMS is the proxy's own time before the first upstream request.
	OverheadMS float64 `json:"overhead_ms,omitempty"`
	// Captured says that Hub.Captured has its inside.
	Captured bool `json:"captured,omitempty"`
}

// Attempt is one try on one channel and key.
type Attempt struct {
	Channel string `json:"channel"`
	Adapter string `json:"adapter"`
	Key     string `json:"key"`
	KeyID   string `json:"key_id,omitempty"`
	Model   string `json:"model"`
	// StartMS is when it began, after the request came; WaitMS is the pause before that. The others count from its
	// beginning: to the upstream's response head, the first byte of its body, the first content (absent where it did not
	// come to that), and its end.
	StartMS     float64 `json:"start_ms"`
	WaitMS      float64 `json:"wait_ms"`
	HeadMS      float64 `json:"head_ms,omitempty"`
	FirstByteMS float64 `json:"first_byte_ms,omitempty"`
	ContentMS   float64 `json:"content_ms,omitempty"`
	TotalMS     float64 `json:"total_ms"`
	// Status is the upstream's; 0 where it did not answer. UpstreamRequest is its own id for the request.
	Status          int    `json:"status,omitempty"`
	UpstreamRequest string `json:"upstream_request,omitempty"`
	// Fault is absent from the attempt that answered.
	Fault *Fault `json:"fault,omitempty"`
}

// Fault is what went wrong with an attempt.
type Fault struct {
	// Source is who was at fault: proxy, client, channel or adapter.
	Source  string `json:"source"`
	Class   string `json:"class"`
	Kind    string `json:"kind"`
	Status  int    `json:"status,omitempty"`
	Message string `json:"message"`
	// RetryAfterMS is what the upstream asked for.
	RetryAfterMS float64 `json:"retry_after_ms,omitempty"`
}

// Tokens are as the upstream reported them; -1 is not known.
type Tokens struct {
	Input      int64 `json:"input"`
	Output     int64 `json:"output"`
	CacheRead  int64 `json:"cache_read"`
	CacheWrite int64 `json:"cache_write"`
}

// Loss is a field that an upstream could not express as it was meant.
type Loss struct {
	Kind string `json:"kind"`
	Path string `json:"path"`
	Note string `json:"note,omitempty"`
}

// begin is an exchange as far as it is known at its beginning.
func begin(c *relay.Call) *Exchange {
	e := &Exchange{
		ID: c.ID, Time: c.Received, Client: c.Principal.Name, Op: c.Op.String(), Model: c.Head.Model, Stream: c.Head.Stream,
		Session: c.Session, Attempts: []Attempt{}, Tokens: Tokens{-1, -1, -1, -1},
	}
	if c.Doc != nil {
		e.BytesIn = len(c.Doc.Src)
	}
	return e
}

// end adds what came of it.
func (e *Exchange) end(r *relay.Record) {
	e.Outcome, e.Status, e.Cut = outcomeOf(r), r.Status, r.Outcome == "cut"
	e.Message = r.Message
	if len(r.Attempts) > 0 {
		e.Attempts = make([]Attempt, len(r.Attempts))
		for i := range r.Attempts {
			e.Attempts[i] = attemptOf(&r.Attempts[i], r.Call.Received)
		}
		last := &e.Attempts[len(e.Attempts)-1]
		e.Channel, e.Adapter, e.Key, e.UpstreamModel = last.Channel, last.Adapter, last.Key, last.Model
		if last.Fault != nil && e.Message == "" {
			e.Message = last.Fault.Message
		}
	}
	e.Tokens = Tokens{r.Tokens.Input, r.Tokens.Output, r.Tokens.CacheRead, r.Tokens.CacheWrite}
	e.Stop, e.UpstreamID, e.BytesOut = r.Stop, r.UpstreamID, r.BytesOut
	if r.UpstreamModel != "" {
		e.UpstreamModel = r.UpstreamModel
	}
	e.Losses = lossesOf(r.Losses)
	e.FirstByteMS, e.TotalMS, e.OverheadMS = milliseconds(r.FirstByte), milliseconds(r.Total), milliseconds(r.Before)
}

func attemptOf(a *relay.Attempt, received time.Time) Attempt {
	out := Attempt{
		Channel: a.Channel, Adapter: a.Adapter, Key: a.Key, KeyID: a.KeyID, Model: a.Model, Status: a.Status, UpstreamRequest: a.UpstreamRequest,
		StartMS: milliseconds(a.Began.Sub(received)), WaitMS: milliseconds(a.Wait), HeadMS: milliseconds(a.Head),
		FirstByteMS: milliseconds(a.FirstByte), ContentMS: milliseconds(a.Content), TotalMS: milliseconds(a.Total),
	}
	if f := a.Fault; f != nil {
		out.Fault = &Fault{
			Source: f.Source.String(), Class: f.Class.String(), Kind: f.Kind.String(), Status: f.Status, Message: f.Message,
			RetryAfterMS: milliseconds(f.RetryAfter),
		}
	}
	return out
}

func lossesOf(losses []adapter.Loss) []Loss {
	if len(losses) == 0 {
		return nil
	}
	list := make([]Loss, len(losses))
	for i, l := range losses {
		list[i] = Loss{Kind: l.Kind.String(), Path: l.Path, Note: l.Note}
	}
	return list
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// outcomeOf says who or what ended a request, from the fault of its last attempt.
func outcomeOf(r *relay.Record) Outcome {
	switch r.Outcome {
	case "ok":
		return OK
	case "client_gone":
		return Canceled
	}
	if len(r.Attempts) == 0 || r.Attempts[len(r.Attempts)-1].Fault == nil {
		return outcomeOfStatus(r.Status)
	}
	switch f := r.Attempts[len(r.Attempts)-1].Fault; {
	case f.Kind == failure.KindTimeout, f.Kind == failure.KindDeadline:
		return Timeout
	case f.Class == adapter.Overloaded && (f.Kind == failure.KindStatus || f.Kind == failure.KindNone), f.Class == adapter.RateLimited,
		f.Kind == failure.KindBusy, f.Kind == failure.KindCooling:
		return Overloaded
	case f.Source == failure.Client:
		return ClientError
	case f.Source == failure.Adapter:
		return AdapterError
	}
	return UpstreamError
}

// outcomeOfStatus is for what was refused before an upstream was asked.
func outcomeOfStatus(status int) Outcome {
	switch {
	case status == 429, status == 529, status == 503:
		return Overloaded
	case status == 408, status == 504:
		return Timeout
	case status >= 400 && status < 500:
		return ClientError
	}
	return UpstreamError
}

func refusedAs(a *failure.Answer) Outcome { return outcomeOfStatus(a.Status) }
