package contract

import "time"

// Exchange is one client request and its answer with every attempt: one row of the log and its waterfall.
type Exchange struct {
	// ID is the request id, as clients see it in request-id.
	ID   string    `json:"id"`
	Time time.Time `json:"time"`
	// Op is messages or count_tokens; of a request that was turned away it is its path.
	Op string `json:"op"`
	// Model is what the client asked for.
	Model  string `json:"model"`
	Stream bool   `json:"stream"`
	// Client is the name of the client key, Session the conversation; empty is not known.
	Client  string `json:"client"`
	Session string `json:"session"`
	// Live: it is under way; what follows is filled in at its end.
	Live bool `json:"live"`
	// Outcome says who or what ended the request; empty while live.
	Outcome string `json:"outcome" jsonschema:"enum=,enum=ok,enum=client_error,enum=upstream_error,enum=adapter_error,enum=timeout,enum=overloaded,enum=canceled"`
	// Cut says that the answer ended in an error after content was sent.
	Cut bool `json:"cut"`
	// Status is the HTTP status that the client saw; 0 is none yet.
	Status   int       `json:"status"`
	Attempts []Attempt `json:"attempts"`
	// Channel, Key and UpstreamModel are those of the attempt that answered, else of the last one.
	Channel       string `json:"channel"`
	Key           string `json:"key"`
	UpstreamModel string `json:"upstream_model"`
	UpstreamID    string `json:"upstream_id"`
	// Tokens are as the upstream reported them; -1 is not known.
	InputTokens  int64  `json:"input_tokens"`
	OutputTokens int64  `json:"output_tokens"`
	CacheRead    int64  `json:"cache_read_tokens"`
	CacheWrite   int64  `json:"cache_write_tokens"`
	Stop         string `json:"stop"`
	// FirstByteMS and TotalMS are measured from the arrival of the request.
	FirstByteMS float64 `json:"first_byte_ms"`
	TotalMS     float64 `json:"total_ms"`
	BytesOut    int64   `json:"bytes_out"`
	Losses      []Loss  `json:"losses"`
	// OverheadMS is the proxy's own time before the first upstream request.
	OverheadMS float64 `json:"overhead_ms"`
	BytesIn    int     `json:"bytes_in"`
	// Message is what went wrong last, for people; empty where nothing did.
	Message string `json:"message"`
	// Captured says that /exchanges/{id}/capture has its bodies.
	Captured bool `json:"captured"`
}

// Attempt is one try on one channel and key.
type Attempt struct {
	Channel string `json:"channel"`
	Adapter string `json:"adapter"`
	// Key is the label, or the id where it has none; KeyID always the id.
	Key   string `json:"key"`
	KeyID string `json:"key_id"`
	// Model is the upstream's name.
	Model string `json:"model"`
	// StartMS is from the arrival of the request to the attempt's beginning, WaitMS the pause before it, HeadMS the time to
	// the upstream's response head (0 is none), TotalMS the whole length.
	StartMS float64 `json:"start_ms"`
	WaitMS  float64 `json:"wait_ms"`
	HeadMS  float64 `json:"head_ms"`
	TotalMS float64 `json:"total_ms"`
	// OK marks the attempt that answered.
	OK bool `json:"ok"`
	// Source is who was at fault: proxy, client, channel or adapter; Class and Kind say what it was, Status is the
	// upstream's HTTP status (0 is none), Reason is for people.
	Source string `json:"source"`
	Class  string `json:"class"`
	Kind   string `json:"kind"`
	Status int    `json:"status"`
	Reason string `json:"reason"`
	// RetryAfterMS is what the upstream asked for; 0 is nothing.
	RetryAfterMS float64 `json:"retry_after_ms"`
}

// Loss is a part of a request that the upstream cannot express.
type Loss struct {
	Path string `json:"path"`
	Kind string `json:"kind"`
	Note string `json:"note"`
}

// Exchanges are recent exchanges, newest first.
type Exchanges struct {
	Items []Exchange `json:"items"`
	// Next is the value of before for the next page; empty at the end.
	Next string `json:"next"`
	// Kept is how many exchanges are in memory at most (log.recent).
	Kept int `json:"kept"`
}

// CapturedExchange holds the bodies of one exchange for the inspector's four panes. Secrets are redacted.
type CapturedExchange struct {
	ID string `json:"id"`
	// ClientRequest is what the client sent.
	ClientRequest CapturedMessage `json:"client_request"`
	// Attempts are the upstream's side of each attempt.
	Attempts []CapturedAttempt `json:"attempts"`
	// ClientResponse is the head of the answer that went to the client, ClientEvents what followed it.
	ClientResponse CapturedMessage `json:"client_response"`
	ClientEvents   []CapturedEvent `json:"client_events"`
	Losses         []Loss          `json:"losses"`
	// Truncated says that the memory set aside for one exchange was not enough.
	Truncated bool `json:"truncated"`
}

// CapturedMessage is one request or the head of an answer.
type CapturedMessage struct {
	Method string `json:"method,omitempty"`
	// URL is without user and password.
	URL     string              `json:"url,omitempty"`
	Status  int                 `json:"status,omitempty"`
	Headers map[string][]string `json:"headers"`
	// Body as text; binary parts are escaped.
	Body string `json:"body"`
}

// CapturedAttempt is one attempt as seen from the upstream's side.
type CapturedAttempt struct {
	Channel string `json:"channel"`
	Key     string `json:"key"`
	// Request is what went upstream, with the place of the credential marked.
	Request  CapturedMessage `json:"request"`
	Response CapturedMessage `json:"response"`
	// Events are what the upstream sent, in order.
	Events []CapturedEvent `json:"events"`
	// Ops are what the adapter made of them.
	Ops []CapturedOp `json:"ops"`
}

// CapturedEvent is one event of a stream.
type CapturedEvent struct {
	// AtMS is from the arrival of the request.
	AtMS float64 `json:"at_ms"`
	Name string  `json:"name"`
	Data string  `json:"data"`
}

// CapturedOp is one step of an answer, as the adapter said it.
type CapturedOp struct {
	AtMS float64 `json:"at_ms"`
	// Event is the index of the upstream event that it came from; -1 is none.
	Event int    `json:"event"`
	Kind  string `json:"kind"`
	// Text is the op in one line.
	Text string `json:"text"`
}

// Capture is whether bodies are kept for the inspector.
type Capture struct {
	// Bodies is off, errors or all.
	Bodies string `json:"bodies" jsonschema:"enum=off,enum=errors,enum=all"`
	// Source is config (log.bodies) or api (switched on here until Until).
	Source string     `json:"source" jsonschema:"enum=config,enum=api"`
	Until  *time.Time `json:"until,omitempty"`
}

// StartCapture keeps bodies for a while.
type StartCapture struct {
	Bodies string `json:"bodies" jsonschema:"enum=errors,enum=all"`
	// Minutes from 1 to 60; 0 is 10.
	Minutes int `json:"minutes,omitempty"`
}

// Hello is the first event of a stream of events. What happened before it is not told, so lists are loaded anew.
type Hello struct {
	Status Status `json:"status"`
}

// ConfigChanged is an event: plugins.yaml changed on disk.
type ConfigChanged struct {
	ETag string `json:"etag"`
	// Actor is who changed it; "file" for an editor.
	Actor string `json:"actor"`
}

// Ended is the last event of a stream: the session is over.
type Ended struct {
	Reason string `json:"reason"`
}

// Tick is an event that comes once a second while numbers change.
type Tick struct {
	Totals Totals `json:"totals"`
	// Point is the present step of the time series.
	Point Point `json:"point"`
}
