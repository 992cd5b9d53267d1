package httpapi

import (
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/claude-proxy/claude-proxy/host/apart"
	"github.com/claude-proxy/claude-proxy/host/auth"
	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/relay"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// writePatience is how long one write to a client may take. A client that does not read for that long is given up.
const writePatience = 30 * time.Second

// client is the relay's writer over one HTTP response.
type client struct {
	w        http.ResponseWriter
	conn     *http.ResponseController
	deadline time.Time
	// heavy says that the head of a stream is still to be written.
	heavy bool
}

func newClient(w http.ResponseWriter) *client {
	return &client{w: w, conn: http.NewResponseController(w)}
}

// Head sets status and headers, which go out with the first Write.
func (c *client) Head(status int, headers []adapter.Header) {
	h := c.w.Header()
	for _, x := range headers {
		h.Add(x.Name, x.Value)
	}
	c.heavy = h.Get("Content-Length") == ""
	c.w.WriteHeader(status)
}

// Write sends b at once: a whole answer too, so that the client need not wait for what is done when the request ends.
func (c *client) Write(b []byte) error {
	// Moving the deadline costs more than a small write, so it moves in steps of a sixth of its length.
	if now := time.Now(); c.deadline.Sub(now) < writePatience*5/6 {
		c.deadline = now.Add(writePatience)
		_ = c.conn.SetWriteDeadline(c.deadline) // a connection without deadlines writes without them
	}
	if !c.heavy {
		return c.send(b)
	}
	c.heavy = false
	var err error
	apart.Do(func() { err = c.send(b) }) // net/http writes a head on three kilobytes of stack
	return err
}

func (c *client) send(b []byte) error {
	if _, err := c.w.Write(b); err != nil {
		return err
	}
	return c.conn.Flush()
}

// refuse sends an error in Claude's shape to whoever it is.
func (a *api) refuse(w http.ResponseWriter, r *http.Request, f *failure.Answer) {
	a.refuseTo(nil, w, r, f)
}

// refuseTo sends an error in Claude's shape to a client that is known.
func (a *api) refuseTo(p *auth.Principal, w http.ResponseWriter, r *http.Request, f *failure.Answer) {
	id := requestID(r)
	if a.Refused != nil && strings.HasPrefix(r.URL.Path, "/v1/") {
		a.Refused(id, p, r, f)
	}
	h := w.Header()
	h.Set("request-id", id)
	h.Set("content-type", "application/json")
	for _, x := range relay.ErrorHeaders(f) {
		h.Set(x.Name, x.Value)
	}
	body := f.AppendJSON(nil, id)
	h.Set("content-length", strconv.Itoa(len(body)))
	w.WriteHeader(f.Status)
	w.Write(body) // a client that left does not hear of it
}

// contain answers a panic of a handler with 500, or ends the stream where it stands.
func (a *api) contain(id string, w http.ResponseWriter) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler {
		panic(p)
	}
	if a.Panicked != nil {
		a.Panicked(id, p, debug.Stack())
	}
	if w.Header().Get("Content-Type") != "" {
		// Part of an answer is out. Breaking the connection is the only honest end.
		panic(http.ErrAbortHandler)
	}
	f := failure.Internal()
	w.Header().Set("request-id", id)
	w.Header().Set("content-type", "application/json")
	w.WriteHeader(f.Status)
	w.Write(f.AppendJSON(nil, id)) // a client that left does not hear of it
}

// newRequestID makes an id that no other request of any proxy is likely to have.
func newRequestID() string {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	b := make([]byte, 0, 26)
	b = append(b, "req_"...)
	for range 2 {
		n := rand.Uint64()
		for range 11 {
			b = append(b, alphabet[n%62])
			n /= 62
		}
	}
	return string(b)
}
