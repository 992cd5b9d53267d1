package app

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/claude-proxy/claude-proxy/host/admin"
	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/auth"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/demo"
	"github.com/claude-proxy/claude-proxy/host/httpapi"
	"github.com/claude-proxy/claude-proxy/host/migrate"
	"github.com/claude-proxy/claude-proxy/host/relay"
	"github.com/claude-proxy/claude-proxy/host/routing"
	"github.com/claude-proxy/claude-proxy/host/upstream"
)

// adminAPI joins the admin API to the proxy. It exists where the proxy has files that it can read and write.
func (a *App) adminAPI(play httpapi.Play) http.Handler {
	o := &a.options
	first := contract.Reload{Time: time.Now().UTC(), Reason: "start", OK: true, ETag: a.fileHash()}
	past := func() []contract.Reload {
		var list []contract.Reload
		for _, r := range a.Reloads() {
			list = append(list, reloadShape(&r))
		}
		return append(list, first)
	}
	a.admin = admin.New(admin.Options{
		Config:     a.Shown,
		Principals: func() *auth.Table { return a.current.Load().http.Principals },
		Routes:     func() *routing.Table { return a.current.Load().http.Routes },
		Demo:       a.Demo,
		Files:      o.Files,
		Reload: func(ctx context.Context, reason string) contract.Reload {
			r, _ := a.Reload(ctx, reason) // the result holds the error
			return reloadShape(&r)
		},
		LastReload: func() *contract.Reload { return &past()[0] },
		Reloads:    past,
		ReloadOf: func(data any) (contract.Reload, bool) {
			r, ok := data.(ReloadResult)
			return reloadShape(&r), ok
		},
		RestartNeeded: []string{"server.state_dir"},
		Schema:        a.schema,
		Import:        imported,
		Health:        a.balancer,
		Adapters:      o.Registry,
		Hub:           a.hub,
		Prober:        a.prober,
		Relay: func(w http.ResponseWriter, r *http.Request, body []byte, p *auth.Principal) {
			a.held(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { play(w, r, body, p) })).ServeHTTP(w, r)
		},
		Stopping: func() bool { return a.draining.Load() },
		Address: func(r *http.Request) string {
			return httpapi.Peer(r, a.Config().Server.TrustedProxies).String()
		},
		RequestID: httpapi.RequestID,
		Version:   o.Version,
		Log:       a.log,
	})
	return a.admin
}

// adminMaker makes the admin API for the HTTP surface; nil where there are no files to change.
func (a *App) adminMaker() func(httpapi.Play) http.Handler {
	if a.options.Files == nil {
		return nil
	}
	return a.adminAPI
}

// SignInCode makes a single-use code for the web UI; "" where there is no admin API.
func (a *App) SignInCode() string {
	if a.admin == nil {
		return ""
	}
	return a.admin.Code()
}

// Shown is the configuration in force with the implicit demo channel, where that answers.
func (a *App) Shown() *config.Config { return a.current.Load().http.Config }

func (a *App) fileHash() string {
	if a.options.Files == nil {
		return ""
	}
	v, err := a.options.Files.Read()
	if err != nil {
		return "" // the reload itself tells why
	}
	return v.Hash
}

func reloadShape(r *ReloadResult) contract.Reload {
	out := contract.Reload{
		Time: r.Time.UTC(), Reason: r.Reason, OK: r.OK, ETag: r.Hash, Changed: r.Changes, RestartNeeded: r.Restart,
		Problems: admin.ConfigProblems(r.Report),
	}
	if !r.OK && !r.Report.Failed() {
		out.Problems = append(out.Problems, contract.ConfigProblem{Severity: "error", Code: "reload", File: "plugins.yaml", Message: r.Error})
	}
	return out
}

// schema is the JSON Schema of plugins.yaml with the options of the adapters that are loaded.
func (a *App) schema() []byte {
	options := make(map[string]string)
	for _, name := range a.options.Registry.Names() {
		if m, ok := a.options.Registry.Manifest(name); ok && m.Options != "" {
			options[name] = m.Options
		}
	}
	return config.JSONSchema(options)
}

// imported turns a configuration into the text of a plugins.yaml. Its keys stay in the text, since whoever imports through
// the API has no .env at hand.
func imported(format string, text []byte) ([]byte, []string, error) {
	legacy := format == "legacy" || format != "yaml" && bytes.HasPrefix(bytes.TrimSpace(text), []byte("{"))
	if !legacy {
		return text, nil, nil
	}
	plan, err := migrate.Read(text, true, nil)
	if err != nil {
		return nil, nil, err
	}
	return plan.Text, plan.Notes, nil
}

// prober makes a channel work beside the one in force, with connections of its own.
func (a *App) prober(ch *config.Channel) (*relay.Channel, func(), error) {
	o := &a.options
	binding, err := o.Registry.Bind(ch.Name, ch.Adapter, ch.Options)
	if err != nil {
		return nil, nil, errors.New(strings.TrimPrefix(err.Error(), "adapter "+ch.Adapter+": "))
	}
	with := upstream.Options{UserAgent: "claude-proxy/" + o.Version}
	isDemo := a.Demo() && ch.Line == 0 && ch.Name == demo.Channel().Name
	if isDemo {
		with.Transport = demo.Transport{}
	}
	client, err := upstream.New(ch, with)
	if err != nil {
		o.Registry.Unbind(binding)
		return nil, nil, err
	}
	hidden := secrets(ch)
	if isDemo {
		hidden = nil // its key is a word, not a secret
	}
	return &relay.Channel{Config: ch, Adapter: binding, Upstream: client, Secrets: hidden, Demo: isDemo},
		func() { client.Close(); o.Registry.Unbind(binding) }, nil
}
