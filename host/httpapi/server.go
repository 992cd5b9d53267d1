// Package httpapi is the HTTP surface of the proxy: routes, request bodies in, answers out.
//
// Nothing under /v1 is ever redirected: doubled and trailing slashes are taken away before a route is looked for. Every
// error under /v1 has Claude's shape, also those for an unknown path or method.
package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"github.com/claude-proxy/claude-proxy/host/admission"
	"github.com/claude-proxy/claude-proxy/host/auth"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/limits"
	"github.com/claude-proxy/claude-proxy/host/pages"
	"github.com/claude-proxy/claude-proxy/host/relay"
	"github.com/claude-proxy/claude-proxy/host/routing"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// Snapshot is the part of a configuration that the surface needs. It is immutable.
type Snapshot struct {
	Config     *config.Config
	Principals *auth.Table
	Routes     *routing.Table
	// Demo: no channel is defined and the implicit demo channel answers.
	Demo bool
}

// server is what the Server of a request is asked to do; *relay.Relay does it.
type server interface {
	Serve(ctx context.Context, call *relay.Call, w relay.Writer)
}

// Options are what New needs besides the routes of the API.
type Options struct {
	// Snapshot returns the configuration in force; it is asked once per request.
	Snapshot func() *Snapshot
	Relay    server
	// Limits holds each client key to its share.
	Limits *limits.Limiter
	// Gate limits the requests and live streams under /v1.
	Gate *admission.Gate
	// Strangers slows down those who guess keys.
	Strangers *limits.Strangers
	// Shedding says that memory is short: new requests are refused, those under way go on. nil means never.
	Shedding func() bool
	// Ready lists what has to hold for the proxy to take new requests; nil means that nothing has to.
	Ready func() []Check
	// Refused is told of requests under /v1 that were turned away before they were served; the principal is nil where no
	// key was accepted. nil drops it.
	Refused func(requestID string, p *auth.Principal, r *http.Request, f *failure.Answer)
	// Metrics answers /metrics, for admin keys and for requests of which Local says that they need none; nil means that
	// there is no such path.
	Metrics http.Handler
	Local   func(*http.Request) bool
	// Admin makes the handler of the admin API, which serves the requests of its playground with play; nil means that there
	// is no such API.
	Admin func(play Play) http.Handler
	// Panicked is told of a panic in a handler, with its stack; nil drops it.
	Panicked func(requestID string, value any, stack []byte)
	// Version is the program's version.
	Version string
	// UI serves the web UI while server.web_ui is on; nil where the program has none.
	UI ui
}

// ui is the web UI; *pages.Pages is one.
type ui interface {
	http.Handler
	// Paths lists the paths that it serves, "/" among them.
	Paths() []string
}

// api is the handler behind the routes.
type api struct {
	Options
	router *mux.Router
}

// New returns the handler of the whole surface.
func New(o Options) http.Handler {
	a := &api{Options: o, router: mux.NewRouter().SkipClean(true)}
	a.router.HandleFunc("/v1/messages", a.messages(adapter.Messages)).Methods(http.MethodPost)
	a.router.HandleFunc("/v1/messages/count_tokens", a.messages(adapter.CountTokens)).Methods(http.MethodPost)
	a.router.HandleFunc("/v1/models", a.models).Methods(http.MethodGet)
	a.router.HandleFunc("/v1/models/{id:.+}", a.model).Methods(http.MethodGet)
	a.router.HandleFunc("/livez", a.live).Methods(http.MethodGet, http.MethodHead)
	a.router.MatcherFunc(a.isHealthPath).HandlerFunc(a.live).Methods(http.MethodGet, http.MethodHead)
	a.router.HandleFunc("/readyz", a.ready).Methods(http.MethodGet, http.MethodHead)
	if o.Metrics != nil {
		a.router.HandleFunc("/metrics", a.metrics).Methods(http.MethodGet, http.MethodHead)
	}
	if o.Admin != nil {
		a.router.PathPrefix(AdminPath).Handler(o.Admin(a.play))
	}
	a.router.HandleFunc("/api/hello", a.hello).Methods(http.MethodGet, http.MethodHead)
	a.router.HandleFunc("/", a.root).Methods(http.MethodGet, http.MethodHead)
	if a.UI != nil {
		for _, path := range a.UI.Paths() {
			a.router.HandleFunc(path, a.page).Methods(http.MethodGet, http.MethodHead)
		}
	}
	a.router.NotFoundHandler = http.HandlerFunc(a.notFound)
	a.router.MethodNotAllowedHandler = http.HandlerFunc(a.methodNotAllowed)
	return a
}

// ServeHTTP contains panics, tidies the path, sees to pages of other origins and hands over to the routes.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := newRequestID()
	defer a.contain(id, w)
	if path := tidy(r.URL.Path); path != r.URL.Path {
		r.URL.Path, r.URL.RawPath = path, ""
	}
	r = r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id))
	if strings.HasPrefix(r.URL.Path, "/v1/") && a.crossOrigin(w, r) {
		return
	}
	a.router.ServeHTTP(w, r)
}

// requestIDKey finds the request id in a request's context.
type requestIDKey struct{}

func requestID(r *http.Request) string {
	id, _ := r.Context().Value(requestIDKey{}).(string)
	return id
}

// tidy takes doubled and trailing slashes away.
func tidy(path string) string {
	if !strings.Contains(path, "//") && (len(path) < 2 || path[len(path)-1] != '/') {
		return path
	}
	var b strings.Builder
	for i := range len(path) {
		if path[i] == '/' && (i+1 == len(path) || path[i+1] == '/') {
			continue
		}
		b.WriteByte(path[i])
	}
	if b.Len() == 0 {
		return "/"
	}
	return b.String()
}

func (a *api) notFound(w http.ResponseWriter, r *http.Request) {
	a.refuse(w, r, failure.NotFound(fmt.Sprintf("there is nothing at %s; the proxy serves POST /v1/messages, POST /v1/messages/count_tokens and GET /v1/models", printable(r.URL.Path))))
}

func (a *api) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	allow := a.allowed(r)
	a.refuse(w, r, failure.MethodNotAllowed(strings.Join(allow, ", ")))
}

// allowed lists the methods that some route takes at this path.
func (a *api) allowed(r *http.Request) []string {
	var methods []string
	for _, m := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
		probe := r.Clone(r.Context())
		probe.Method = m
		var match mux.RouteMatch
		if a.router.Match(probe, &match) && match.MatchErr == nil {
			methods = append(methods, m)
		}
	}
	return methods
}

// isHealthPath: the path of the health check can change while the proxy runs.
func (a *api) isHealthPath(r *http.Request, _ *mux.RouteMatch) bool {
	return r.URL.Path == a.Snapshot().Config.Server.HealthPath
}

func (a *api) live(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("content-type", "application/json")
	fmt.Fprintf(w, `{"status":"ok","version":%q}`+"\n", a.Version)
}

// metrics serves whoever may read them: an admin, or this machine.
func (a *api) metrics(w http.ResponseWriter, r *http.Request) {
	if !a.Local(r) {
		if p := a.Snapshot().Principals.Authenticate(r.Header); p == nil || !p.Admin {
			w.Header().Set("www-authenticate", `Bearer realm="claude-proxy"`)
			http.Error(w, "metrics are for admin keys: send one as Authorization: Bearer or x-api-key", http.StatusUnauthorized)
			return
		}
	}
	a.Metrics.ServeHTTP(w, r)
}

// hello answers the warm-up of clients and people who open the address.
func (a *api) hello(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("content-type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "Claude Proxy "+a.Version+" is running. Point a Claude client at this address: POST /v1/messages")
}

// root shows the web UI to browsers, and says hello to everything else that looks whether the proxy is there.
func (a *api) root(w http.ResponseWriter, r *http.Request) {
	if pages.WantsPage(r) && a.UI != nil && a.Snapshot().Config.Server.WebUI {
		a.UI.ServeHTTP(w, r)
		return
	}
	w.Header().Set("vary", "Accept")
	a.hello(w, r)
}

// page serves a file of the web UI.
func (a *api) page(w http.ResponseWriter, r *http.Request) {
	if !a.Snapshot().Config.Server.WebUI {
		a.notFound(w, r)
		return
	}
	a.UI.ServeHTTP(w, r)
}

// printable shortens outside text for an error message.
func printable(s string) string {
	if len(s) > 100 {
		s = s[:100] + "…"
	}
	return strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s), "")
}
