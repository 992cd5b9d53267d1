package telemetry

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/relay"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// Bounds of what captures keep in memory.
const (
	// maxCapture is the most bytes of one exchange.
	maxCapture = 4 << 20
	// maxCaptured is the most bytes of all of them, those under way included; the oldest go first.
	maxCaptured = 64 << 20
	// maxSteps is the most steps of one exchange: a step has a price beyond its bytes.
	maxSteps = 20_000
	// maxCaptureTime is the longest that a capture stays switched on.
	maxCaptureTime = 24 * time.Hour
)

// captures says whose inside is kept, and keeps it. The zero value keeps none.
type captures struct {
	mu sync.Mutex
	// on holds, by channel ("" is all), what was switched on.
	on    map[string]CaptureState
	kept  []*capture
	bytes int
}

// CaptureState is a capture that is switched on.
type CaptureState struct {
	// Channel is whose exchanges are captured; "" is all.
	Channel string `json:"channel"`
	// Bodies is errors, for what does not end well, or all.
	Bodies config.Bodies `json:"bodies"`
	Until  time.Time     `json:"until"`
}

// Capture keeps the inside of the exchanges of a channel ("": of all channels) for the next d, a day at most: of all of
// them, or with bodies "errors" of those that do not end well. 0 or bodies "off" switch it off. What was kept stays until
// newer ones need its place.
func (h *Hub) Capture(channel string, bodies config.Bodies, d time.Duration) {
	c := &h.captures
	c.mu.Lock()
	defer c.mu.Unlock()
	if d <= 0 || bodies == "off" {
		delete(c.on, channel)
		return
	}
	if c.on == nil {
		c.on = make(map[string]CaptureState)
	}
	c.on[channel] = CaptureState{Channel: channel, Bodies: bodies, Until: h.now().Add(min(d, maxCaptureTime))}
}

// Captures lists what is switched on, by channel.
func (h *Hub) Captures() []CaptureState {
	h.captures.mu.Lock()
	defer h.captures.mu.Unlock()
	h.captures.expire(h.now())
	list := []CaptureState{}
	for _, state := range h.captures.on {
		list = append(list, state)
	}
	slices.SortFunc(list, func(a, b CaptureState) int { return strings.Compare(a.Channel, b.Channel) })
	return list
}

// Captured returns the inside of an exchange that was captured and is still kept.
func (h *Hub) Captured(id string) (Inside, bool) {
	h.captures.mu.Lock()
	var found *capture
	for _, c := range h.captures.kept {
		if c.id == id {
			found = c
		}
	}
	h.captures.mu.Unlock()
	if found == nil {
		return Inside{}, false
	}
	return found.view(), true
}

func (c *captures) expire(now time.Time) {
	for channel, state := range c.on {
		if !now.Before(state.Until) {
			delete(c.on, channel)
		}
	}
}

// trace begins to watch a request where its inside may be wanted. Which channel will serve it is not known yet.
func (h *Hub) trace(call *relay.Call) relay.Trace {
	c := &h.captures
	if h.settings.Load().log.Bodies == "off" {
		c.mu.Lock()
		c.expire(h.now())
		wanted := len(c.on) > 0
		c.mu.Unlock()
		if !wanted {
			return nil
		}
	}
	if h.short != nil && h.short() {
		return nil
	}
	x := &capture{id: call.ID, start: call.Received, now: h.now, budget: c}
	x.client(call)
	return x
}

// captured decides, at the end of a request, whether its inside is kept.
func (h *Hub) captured(r *relay.Record, e *Exchange) *capture {
	x, _ := r.Trace.(*capture)
	if x == nil {
		return nil
	}
	x.end(r.Losses)
	c := &h.captures
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.wants(e) && !covers(h.settings.Load().log.Bodies, e) {
		c.bytes -= x.size
		return nil
	}
	e.Captured = true
	c.kept = append(c.kept, x)
	for len(c.kept) > 1 && c.bytes > maxCaptured {
		c.bytes -= c.kept[0].size
		c.kept = slices.Delete(c.kept, 0, 1)
	}
	return x
}

// wants says whether a capture that is switched on covers an exchange.
func (c *captures) wants(e *Exchange) bool {
	if covers(c.on[""].Bodies, e) {
		return true
	}
	for i := range e.Attempts {
		if covers(c.on[e.Attempts[i].Channel].Bodies, e) {
			return true
		}
	}
	return false
}

// covers says whether "errors" or "all" speaks of an exchange.
func covers(b config.Bodies, e *Exchange) bool {
	return b == "all" || b == "errors" && e.Outcome != OK
}

// capture is the inside of one exchange as it is written down. It is safe for concurrent use, and deaf after end: what an
// upstream says after its answer belongs to nobody.
type capture struct {
	id     string
	start  time.Time
	now    func() time.Time
	budget *captures

	mu      sync.Mutex
	ended   bool
	size    int
	secrets []string
	method  string
	path    string // with the query
	request []byte
	headers []adapter.Header
	steps   []step
	losses  []adapter.Loss
	// cut counts bytes that there was no room for.
	cut int
}

var _ relay.Trace = (*capture)(nil)

// step is one thing that happened. Which fields count depends on its kind.
type step struct {
	kind    StepKind
	at      time.Duration
	status  int
	text    [4]string
	headers []adapter.Header
	data    []byte
	cut     int
	losses  []adapter.Loss
	err     error
}

// client writes the client's request down. Presented credentials are left out and looked for in all that follows.
func (c *capture) client(call *relay.Call) {
	for _, name := range credentialHeaders {
		for _, v := range call.Header.Values(name) {
			if scheme, token, ok := strings.Cut(v, " "); ok && strings.EqualFold(scheme, "bearer") {
				v = strings.TrimSpace(token)
			}
			c.secrets = append(c.secrets, v)
		}
	}
	c.headers = shownHeaders(call.Header)
	c.method, c.path = call.Method, call.Path
	if call.Query != "" {
		c.path += "?" + call.Query
	}
	if call.Doc != nil {
		c.mu.Lock()
		c.request, c.cut = c.keep(call.Doc.Src)
		c.mu.Unlock()
	}
}

// credentialHeaders are never shown.
var credentialHeaders = []string{"X-Api-Key", "Authorization", "Proxy-Authorization", "Cookie", "X-Goog-Api-Key"}

func shownHeaders(h http.Header) []adapter.Header {
	var list []adapter.Header
	for name, values := range h {
		if slices.Contains(credentialHeaders, name) {
			continue
		}
		for _, v := range values {
			list = append(list, adapter.Header{Name: strings.ToLower(name), Value: v})
		}
	}
	slices.SortFunc(list, func(a, b adapter.Header) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// keep copies as much of b as there is room for and says how much was left out. The caller locks c.
func (c *capture) keep(b []byte) (kept []byte, cut int) {
	room := max(0, min(len(b), maxCapture-c.size))
	c.budget.mu.Lock()
	if c.budget.bytes+room > 2*maxCaptured {
		room = 0 // thousands of requests under way at once
	}
	c.budget.bytes += room
	c.budget.mu.Unlock()
	c.size += room
	return bytes.Clone(b[:room]), len(b) - room
}

func (c *capture) add(s step, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return
	}
	if len(c.steps) >= maxSteps {
		c.cut += len(data)
		return
	}
	s.at = c.now().Sub(c.start)
	if data != nil {
		s.data, s.cut = c.keep(data)
	}
	c.steps = append(c.steps, s)
}

func (c *capture) Attempt(channel, adapterName, key, model string, secrets []string) {
	c.mu.Lock()
	c.secrets = append(c.secrets, secrets...)
	c.mu.Unlock()
	c.add(step{kind: StepAttempt, text: [4]string{channel, adapterName, key, model}}, nil)
}

func (c *capture) Asked(method, path string, headers []adapter.Header, body [][]byte, losses []adapter.Loss) {
	c.add(step{kind: StepRequest, text: [4]string{method, path}, headers: slices.Clone(headers), losses: slices.Clone(losses)}, bytes.Join(body, nil))
}

func (c *capture) Answered(status int, headers []adapter.Header) {
	c.add(step{kind: StepResponse, status: status, headers: slices.Clone(headers)}, nil)
}

func (c *capture) Received(b []byte) { c.add(step{kind: StepReceived}, b) }

func (c *capture) Emitted(ops []byte, err error) {
	if len(ops) > 0 || err != nil {
		c.add(step{kind: StepOps, err: err}, ops)
	}
}

func (c *capture) Head(status int, headers []adapter.Header) {
	c.add(step{kind: StepHead, status: status, headers: slices.Clone(headers)}, nil)
}

func (c *capture) Sent(b []byte) { c.add(step{kind: StepSent}, b) }

func (c *capture) end(losses []adapter.Loss) {
	c.mu.Lock()
	c.ended = true
	c.losses = slices.Clone(losses)
	c.mu.Unlock()
}
