package hosttest

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Request is one request as it arrived, and what became of it. Credentials appear in no printed form: they are cut out of
// Header and Query and kept apart.
type Request struct {
	N      int    // 1 is the server's first request
	API    string // chat, responses, gemini, claude; "" for a path that no API has
	Op     string // generate, count, models; "" for a path that no API has
	Model  string // asked for, "" without one
	Stream bool   // asked for

	Method, Path, Query, Host, Proto string
	Header                           http.Header
	Body                             []byte
	Credentials                      map[string]Credential // by lower-case header name; "?key" for the query
	KeyOK                            bool                  // the credential this API wants was presented and is accepted
	At                               time.Time

	Step      int       // index into Script.Steps; -1: answered without a step
	Status    int       // 0 as long as no head was sent
	Refused   *Error    // why key or body was refused; nil if it was not
	Done      time.Time // just before the last byte went out, or when the answer broke off; zero until then
	Cancelled time.Time // when the client went away before the end; zero if it did not
}

// Credential is a secret that prints as "[credential]", whatever prints it.
type Credential string

// Reveal returns the secret.
func (c Credential) Reveal() string { return string(c) }

// String hides the secret.
func (Credential) String() string { return "[credential]" }

// GoString hides the secret from %#v.
func (Credential) GoString() string { return "[credential]" }

// MarshalText hides the secret from encoders.
func (Credential) MarshalText() ([]byte, error) { return []byte("[credential]"), nil }

// HasHeader reports whether a header of that name arrived, credentials included.
func (r *Request) HasHeader(name string) bool {
	_, ok := r.Header[http.CanonicalHeaderKey(name)]
	return ok
}

// newRequest copies what matters of r.
func newRequest(r *http.Request, body []byte) *Request {
	q := &Request{
		Method: r.Method, Path: r.URL.Path, Host: r.Host, Proto: r.Proto,
		Header: r.Header.Clone(), Body: body, Credentials: map[string]Credential{}, At: time.Now(), Step: -1,
	}
	for _, name := range []string{"Authorization", "X-Api-Key", "X-Goog-Api-Key", "Cookie", "Proxy-Authorization"} {
		if v := q.Header.Values(name); len(v) > 0 {
			q.Credentials[strings.ToLower(name)] = Credential(strings.Join(v, ", "))
			q.Header.Set(name, "[credential]")
		}
	}
	query := r.URL.Query()
	if query.Has("key") {
		q.Credentials["?key"] = Credential(query.Get("key"))
		query.Set("key", "[credential]")
		q.Query = query.Encode()
	} else {
		q.Query = r.URL.RawQuery
	}
	return q
}

// ledger holds the requests of a server.
type ledger struct {
	forget   bool
	mu       sync.Mutex
	requests []*Request
	n        int
	calls    map[string]int // by Op
	changed  chan struct{}  // closed and replaced at each change
}

// add numbers the request and returns which one of its Op it is.
func (l *ledger) add(q *Request) (call int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls == nil {
		l.calls = map[string]int{}
	}
	if !l.forget {
		l.requests = append(l.requests, q)
	}
	l.n++
	q.N = l.n
	l.calls[q.Op]++
	l.notify()
	return l.calls[q.Op]
}

// set changes a request under the lock.
func (l *ledger) set(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
	l.notify()
}

func (l *ledger) notify() {
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

// watch notes when the client goes away before finish is called; finish notes the end of the answer, once.
func (l *ledger) watch(ctx context.Context, q *Request) (finish func()) {
	stop := context.AfterFunc(ctx, func() { l.set(func() { q.Cancelled = time.Now() }) })
	return sync.OnceFunc(func() {
		stop()
		l.set(func() { q.Done = time.Now() })
	})
}

// snapshot copies the requests; next is closed when they change again.
func (l *ledger) snapshot() (requests []Request, next <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	requests = make([]Request, len(l.requests))
	for i, q := range l.requests {
		requests[i] = *q
	}
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return requests, l.changed
}

// wait blocks until ok holds or d has passed.
func (l *ledger) wait(d time.Duration, ok func([]Request) bool) bool {
	late := time.NewTimer(d)
	defer late.Stop()
	for {
		requests, next := l.snapshot()
		if ok(requests) {
			return true
		}
		select {
		case <-next:
		case <-late.C:
			return false
		}
	}
}
