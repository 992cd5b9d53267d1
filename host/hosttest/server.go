package hosttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxBody is the largest request body that is read.
const maxBody = 256 << 20

// Server is a running upstream. Its methods may be called from any goroutine.
type Server struct {
	// URL is the address to use as base URL, without a path: http://127.0.0.1:PORT. Empty for a server made by NewHandler.
	URL string

	script *Script
	fast   Fast
	log    ledger
	http   *http.Server
	ended  chan struct{} // closed when Serve has returned

	mu   sync.Mutex
	used []int // how often each step has answered
}

// Start listens on addr ("127.0.0.1:0" for any free port) and serves until Close. A nil script is an empty one.
func Start(addr string, script *Script) (*Server, error) {
	s, err := NewHandler(script)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("cannot start the scripted upstream: %w", err)
	}
	s.URL = "http://" + l.Addr().String()
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 30 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	s.ended = make(chan struct{})
	go func() {
		defer close(s.ended)
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.http.ErrorLog.Print(err)
		}
	}()
	return s, nil
}

// NewHandler returns a server without a listener, to be mounted in another one.
func NewHandler(script *Script) (*Server, error) {
	if script == nil {
		script = &Script{}
	}
	if err := script.check(); err != nil {
		return nil, fmt.Errorf("script: %w", err)
	}
	return &Server{script: script, log: ledger{forget: script.Forget}, used: make([]int, len(script.Steps))}, nil
}

// tb is what New needs of a *testing.T, *testing.B or *testing.F.
type tb interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// New starts a server on a free port of 127.0.0.1 for one test, which also closes it.
func New(t tb, script *Script) *Server {
	t.Helper()
	s, err := Start("127.0.0.1:0", script)
	if err != nil {
		t.Fatalf("%v", err)
		return nil
	}
	t.Cleanup(s.Close)
	return s
}

// Close stops the server at once; live streams are cut.
func (s *Server) Close() {
	if s.http != nil {
		_ = s.http.Close() // only tells that the listener was closed already
		<-s.ended
	}
}

// Requests returns what has arrived so far, in order of arrival. Requests for the Fast models are not recorded.
func (s *Server) Requests() []Request {
	requests, _ := s.log.snapshot()
	return requests
}

// Wait blocks until ok holds for Requests, at most for d, and reports whether it did.
func (s *Server) Wait(d time.Duration, ok func([]Request) bool) bool { return s.log.wait(d, ok) }

// Remaining returns how many steps have not answered yet (those with Times -1 count until their first answer).
func (s *Server) Remaining() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, used := range s.used {
		if used == 0 {
			n++
		}
	}
	return n
}

// call is one request, understood.
type call struct {
	*Request
	speaker speaker
	n       int            // which call of its Op
	id      string         // goes into the ids of its answer
	tree    map[string]any // the body; nil if it is no object
	header  http.Header
	sse     bool // Gemini: alt=sse
	// presented is the credential this API looks at.
	presented string
}

// speaker is one vendor's protocol.
type speaker interface {
	credential(r *http.Request) string
	check(c *call) *Error                     // what the vendor refuses in the body
	conversation(c *call) conversation        // what the automatic answer has to know
	whole(c *call, a *Answer) []byte          // an unstreamed answer
	events(c *call, a *Answer) []event        // a streamed one
	refusal(e *Error, id string) []byte       // an error answer
	failure(e *Error, id string, n int) event // an error in a stream, as event n (from 0)
	count(tokens int) []byte                  // an answer to a token count
	models(ids []string, id string) []byte    // one model where id is set, else the list
	unauthorized(presented string) *Error     // no credential or a wrong one
	ids(model string) (answer, tool string)   // prefixes
	lineEnd() string                          // of its event streams
	requestID(h http.Header, id string)       // sets the header that names the request
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, done, err := s.fast.read(w, r)
	if err != nil {
		http.Error(w, "scripted upstream: cannot read the body", http.StatusBadRequest)
		return
	}
	if s.fast.serve(w, r, body) {
		done()
		return
	}
	c := s.understand(r, body)
	finish := s.log.watch(r.Context(), c.Request)
	defer finish()
	s.answer(c).send(&delivery{w: w, r: r, finish: finish, head: func(status int) { s.log.set(func() { c.Status = status }) }})
}

// understand finds out who is spoken to and about what, and records the request.
func (s *Server) understand(r *http.Request, body []byte) *call {
	c := &call{Request: newRequest(r, body), header: r.Header, sse: r.URL.Query().Get("alt") == "sse"}
	var model string
	c.speaker, c.API, c.Op, model = route(r)
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&c.tree); err != nil || dec.More() {
		c.tree = nil
	}
	c.Model, c.Stream = text(c.tree["model"]), c.tree["stream"] == true
	if c.API == "gemini" {
		c.Model, c.Stream = model, strings.HasSuffix(r.URL.Path, ":streamGenerateContent")
	} else if c.Op == opModels {
		c.Model = model
	}
	c.presented = c.speaker.credential(r)
	c.KeyOK = c.presented != "" && (len(s.script.Keys) == 0 || slices.Contains(s.script.Keys, c.presented))
	c.n = s.log.add(c.Request)
	ids := s.script.IDs
	if ids == "" {
		ids = "mock"
	}
	c.id = fmt.Sprintf("%s%04d", ids, c.N)
	return c
}

// answer decides what the request gets.
func (s *Server) answer(c *call) *reply {
	if e := s.refuse(c); e != nil {
		s.log.set(func() { c.Refused = e })
		return c.refuse(e)
	}
	index, step := s.take(c)
	s.log.set(func() { c.Request.Step = index })
	rep := s.content(c, step)
	for name, value := range step.Headers {
		rep.header.Set(name, value)
	}
	rep.fault = step.Fault
	return rep
}

// content renders what the step says.
func (s *Server) content(c *call, step *Step) *reply {
	switch {
	case step.Error != nil:
		return c.refuse(step.Error)
	case step.Raw != nil:
		return rawReply(step.Raw)
	case c.Op == opCount:
		return c.reply(c.speaker.count(c.inputTokens()))
	case c.Op == opModels:
		ids := s.script.Models
		if len(ids) == 0 {
			ids = DefaultModels()
		}
		return c.reply(c.speaker.models(ids, c.Model))
	}
	answer := step.Answer
	if answer == nil {
		answer = auto(c)
	}
	return c.generate(c.resolve(*answer), &step.Fault)
}

// refuse returns why the request gets no answer, nil if it gets one.
func (s *Server) refuse(c *call) *Error {
	switch {
	case c.Op == "":
		return &Error{Status: http.StatusNotFound, Message: "no such path: " + c.Method + " " + c.Path}
	case !c.KeyOK:
		return c.speaker.unauthorized(c.presented)
	case c.Op == opModels:
		known := s.script.Models
		if len(known) == 0 {
			known = DefaultModels()
		}
		if c.Model != "" && !slices.Contains(known, c.Model) {
			return unknownModel(c.Model)
		}
		return nil
	case c.tree == nil:
		return &Error{Status: http.StatusBadRequest, Message: "the body is not a JSON object"}
	case len(s.script.Models) > 0 && !slices.Contains(s.script.Models, c.Model):
		return unknownModel(c.Model)
	case s.script.Lenient:
		return nil
	}
	return c.speaker.check(c)
}

func unknownModel(model string) *Error {
	return &Error{Status: http.StatusNotFound, Code: "model_not_found", Param: "model", Message: "model: " + model + " does not exist"}
}
