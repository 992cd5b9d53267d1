// Package admin is the admin API: what the web UI and the command line see and change of a running proxy.
//
// The shapes of all requests and answers are in the package contract; openapi.json is the whole of it for programs. The
// API edits plugins.yaml, which stays the truth, and puts the result to work.
package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/mux"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/auth"
	"github.com/claude-proxy/claude-proxy/host/balance"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/store"
	"github.com/claude-proxy/claude-proxy/host/registry"
	"github.com/claude-proxy/claude-proxy/host/routing"
	"github.com/claude-proxy/claude-proxy/host/telemetry"
)

// Options are what New needs.
type Options struct {
	// Config and Principals return what is in force; they are asked once per request or more.
	Config     func() *config.Config
	Principals func() *auth.Table
	// Routes returns the routing table in force.
	Routes func() *routing.Table
	// Demo says that no channel is defined and the implicit demo channel answers.
	Demo func() bool
	// Files is plugins.yaml, Reload puts it to work and tells what that came to; LastReload returns the newest attempt, nil
	// for none, and Reloads the newest ones, newest first.
	Files      *store.Store
	Reload     func(ctx context.Context, reason string) contract.Reload
	LastReload func() *contract.Reload
	Reloads    func() []contract.Reload
	// ReloadOf makes the API's shape of what the hub publishes about a reload; nil where it publishes that shape itself.
	ReloadOf func(data any) (contract.Reload, bool)
	// RestartNeeded lists the settings whose changes take effect at the next start only.
	RestartNeeded []string
	// Schema returns the JSON Schema of plugins.yaml.
	Schema func() []byte
	// Import turns a configuration of a format ("auto", "yaml", "legacy") into the text of a plugins.yaml; notes say what had
	// no counterpart.
	Import func(format string, text []byte) (yaml []byte, notes []string, err error)
	// Health knows how channels and keys do, Adapters what converts, Hub what happens.
	Health   *balance.Balancer
	Adapters *registry.Registry
	Hub      *telemetry.Hub
	// Prober tests channels.
	Prober Prober
	// Relay serves the requests of the playground.
	Relay func(w http.ResponseWriter, r *http.Request, body []byte, p *auth.Principal)
	// Stopping says that the proxy takes no new requests because it stops; nil means never.
	Stopping func() bool
	// Address returns the client's address; nil is the other end of the connection.
	Address func(*http.Request) string
	// Version is the program's version.
	Version string
	// Log takes the audit log and what goes wrong.
	Log *slog.Logger
	// RequestID returns the id that the request has already; nil means that it has none and gets one.
	RequestID func(*http.Request) string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// API serves the admin API. It is safe for concurrent use.
type API struct{ *api }

type api struct {
	Options
	now         func() time.Time
	router      *mux.Router
	crossOrigin *http.CrossOriginProtection
	sessions    *sessions
	throttle    *throttle
	audit       audit
	uploads     uploads
	started     time.Time
	// stopping is closed when streams are to end.
	stopping chan struct{}
	stop     sync.Once
}

// New returns the handler of everything under Path.
func New(o Options) *API {
	a := &api{Options: o, now: o.Now, router: mux.NewRouter().SkipClean(true), crossOrigin: http.NewCrossOriginProtection()}
	if a.now == nil {
		a.now = time.Now
	}
	a.sessions, a.throttle, a.audit.log = newSessions(a.now), newThrottle(a.now), o.Log
	a.uploads.now, a.started, a.stopping = a.now, a.now(), make(chan struct{})
	for _, op := range a.operations() {
		a.router.Handle(Path+op.path, a.handler(op)).Methods(op.method)
	}
	a.router.NotFoundHandler = a.handler(operation{id: "notFound", open: true, endpoint: endpoint{serve: notFound}})
	a.router.MethodNotAllowedHandler = a.handler(operation{id: "methodNotAllowed", open: true, endpoint: endpoint{serve: a.methodNotAllowed}})
	return &API{a}
}

// Stop ends the streams of events, so that a server that stops need not wait for them.
func (a *API) Stop() { a.stop.Do(func() { close(a.stopping) }) }

// Code makes a single-use code that signs a browser in within the next ten minutes.
func (a *API) Code() string { return a.sessions.code() }

// ServeHTTP serves a request whose path begins with Path.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.router.ServeHTTP(w, r) }

func pathPart(r *http.Request, part string) string { return mux.Vars(r)[part] }

// handler puts around an operation what all of them need: who may ask from where, the audit log, and errors.
func (a *api) handler(op operation) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{w: w, r: r, op: &op, id: a.requestID(r), address: a.address(r)}
		w.Header().Set("request-id", c.id)
		w.Header().Set("cache-control", "no-store")
		SecurityHeaders(w.Header(), apiPolicy)
		heard := &listener{ResponseWriter: w}
		c.w = heard
		defer a.contain(c, heard)
		if err := a.serve(c); err != nil {
			a.fail(c, err)
		}
		a.record(c, heard.status)
	})
}

func (a *api) serve(c *call) error {
	if !HostAllowed(c.r.Host, a.Config().Server.AllowedHosts) {
		return refuse(codeHostRefused, "the proxy does not answer under this name").
			try("list the name in server.allowed_hosts, or use 127.0.0.1")
	}
	if p := a.sameOrigin(c.r); p != nil {
		return p
	}
	if !c.op.open {
		who, p := a.identify(c.r, c.address)
		if p != nil {
			return p
		}
		if who == nil {
			return refuse(codeUnauthorized, "sign in first").try("POST " + Path + "session, or send an admin key as Authorization: Bearer")
		}
		c.who = who
	}
	return c.op.serve(c)
}

// fail answers with an error. What is no problem of the API's own is told to the log only.
func (a *api) fail(c *call, err error) {
	var p *problem
	if !errors.As(err, &p) {
		a.Log.Error("the admin API failed", "id", c.id, "action", c.op.id, "error", err.Error())
		p = refuse(codeInternal, "the log has more under the request's id")
	}
	p.write(c.w, c.id)
}

// record notes what was changed, or tried to be.
func (a *api) record(c *call, status int) {
	switch c.op.method {
	case "", http.MethodGet:
		return
	}
	if status == http.StatusTooManyRequests || c.who == nil && c.op.id != "signIn" || c.dry() {
		return // anybody can send these; they must not push others out
	}
	who := ""
	if c.who != nil {
		who = c.who.name
	}
	e := contract.AuditEntry{
		Time: a.now().UTC(), Who: who, Address: c.address, Action: c.op.id, Target: clip(c.target, 200), Status: status, RequestID: c.id,
	}
	a.audit.add(e)
	a.Hub.Publish(auditEvent, e)
}

// contain answers a panic with a problem, or ends the connection where an answer had begun.
func (a *api) contain(c *call, heard *listener) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler {
		panic(p)
	}
	a.Log.Error("a handler of the admin API panicked", "id", c.id, "action", c.op.id, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	if heard.status != 0 {
		panic(http.ErrAbortHandler)
	}
	refuse(codeInternal, "the log has more under the request's id").write(c.w, c.id)
}

func (a *api) requestID(r *http.Request) string {
	if a.RequestID != nil {
		if id := a.RequestID(r); id != "" {
			return id
		}
	}
	return newID("req_")
}

// address is the client's address without its port.
func (a *api) address(r *http.Request) string {
	if a.Address != nil {
		return a.Address(r)
	}
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}

func notFound(c *call) error {
	return refuse(codeNotFound, "there is no such address; "+Path+"openapi.json lists all of them")
}

func (a *api) methodNotAllowed(c *call) error {
	var allowed []string
	for _, m := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		probe := c.r.Clone(c.r.Context())
		probe.Method = m
		var match mux.RouteMatch
		if a.router.Match(probe, &match) && match.MatchErr == nil {
			allowed = append(allowed, m)
		}
	}
	c.w.Header().Set("allow", strings.Join(allowed, ", "))
	return refuse(codeMethod, "allowed here: "+strings.Join(allowed, ", "))
}

// listener remembers the status that was sent.
type listener struct {
	http.ResponseWriter
	status int
}

// WriteHeader sends the status.
func (l *listener) WriteHeader(status int) {
	if l.status == 0 {
		l.status = status
	}
	l.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController through.
func (l *listener) Unwrap() http.ResponseWriter { return l.ResponseWriter }
