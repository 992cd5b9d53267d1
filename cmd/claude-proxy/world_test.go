package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/claude-proxy/claude-proxy/host/admission"
	"github.com/claude-proxy/claude-proxy/host/auth"
	"github.com/claude-proxy/claude-proxy/host/balance"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/hosttest"
	"github.com/claude-proxy/claude-proxy/host/httpapi"
	"github.com/claude-proxy/claude-proxy/host/limits"
	"github.com/claude-proxy/claude-proxy/host/registry"
	"github.com/claude-proxy/claude-proxy/host/relay"
	"github.com/claude-proxy/claude-proxy/host/routing"
	"github.com/claude-proxy/claude-proxy/host/telemetry"
	"github.com/claude-proxy/claude-proxy/host/upstream"
)

// world is a proxy, its upstreams and a client in one bubble of simulated time, joined by a network in memory: real HTTP on
// both sides, and no timer costs anything.
type world struct {
	t       *testing.T
	network hosttest.Network
	// dial, when set, may fail a connection of the proxy to an address.
	dial    func(address string) error
	config  *config.Config
	balance *balance.Balancer
	gate    *admission.Gate
	log     hosttest.Log
	seen    hosttest.Log
	servers []*hosttest.Server
	client  *http.Transport
	clients []*upstream.Client
	stops   []func()
	hub     *telemetry.Hub

	mu      sync.Mutex
	records []relay.Record
}

// worldChannel is a channel of a world and what its upstream does.
type worldChannel struct {
	name    string
	binding *registry.Binding
	script  *hosttest.Script
	// secure makes the upstream speak TLS as told; baseURL replaces the address of the upstream.
	secure  func(net.Listener) net.Listener
	baseURL string
}

// newWorld runs a proxy with these channels, in order of priority. Everything ends with close, in the bubble.
func newWorld(t *testing.T, channels []worldChannel, change func(*config.Config)) *world {
	t.Helper()
	w := &world{t: t, config: config.Default()}
	w.config.Auth.Keys = []config.ClientKey{{Name: "client", Key: config.NewSecret(clientKey), Enabled: true}}
	for i, c := range channels {
		w.config.Channels = append(w.config.Channels, w.upstream(i, c))
	}
	if change != nil {
		change(w.config)
	}
	principals, err := auth.New(w.config.Auth.Keys, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	routes := routing.New(w.config)
	snap := &relay.Snapshot{Config: w.config, Routes: routes, Channels: map[string]*relay.Channel{}}
	for i := range w.config.Channels {
		c := &w.config.Channels[i]
		client, err := upstream.New(c, upstream.Options{UserAgent: "claude-proxy/test", Dial: w.connect})
		if err != nil {
			t.Fatal(err)
		}
		w.clients = append(w.clients, client)
		snap.Channels[c.Name] = &relay.Channel{Config: c, Adapter: channels[i].binding, Upstream: client, Secrets: []string{upstreamKey}}
	}
	w.balance = balance.New(time.Now, rand.New(rand.NewPCG(1, 2)).Float64)
	w.gate = admission.New(w.config.Server.MaxConcurrentRequests, 10, time.Second)
	w.hub = telemetry.New(w.config, telemetry.Options{Log: slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	front := &httpapi.Snapshot{Config: w.config, Principals: principals, Routes: routes}
	handler := httpapi.New(httpapi.Options{
		Snapshot: func() *httpapi.Snapshot { return front },
		Relay:    relay.New(func() *relay.Snapshot { return snap }, w.balance, w),
		Limits:   limits.New(time.Now), Strangers: limits.NewStrangers(time.Now), Gate: w.gate,
		Panicked: func(_ string, value any, stack []byte) { t.Errorf("a handler panicked: %v\n%s", value, stack) },
	})
	w.serve("proxy:80", handler, nil)
	w.client = &http.Transport{DialContext: w.network.Dial, DisableCompression: true}
	return w
}

// Started makes a world the relay's observer.
func (w *world) Started(c *relay.Call) relay.Trace { return w.hub.Started(c) }

// Ended keeps the record.
func (w *world) Ended(r *relay.Record) {
	w.mu.Lock()
	w.records = append(w.records, *r)
	w.mu.Unlock()
	w.hub.Ended(r)
}

// upstream starts the upstream of a channel and returns the channel's configuration.
func (w *world) upstream(i int, c worldChannel) config.Channel {
	server, err := hosttest.NewHandler(c.script)
	if err != nil {
		w.t.Fatal(err)
	}
	w.servers = append(w.servers, server)
	addr := net.JoinHostPort("127.0.0.1", []string{"1001", "1002", "1003"}[i])
	w.serve(addr, server, c.secure)
	made, key := config.DefaultChannel(), config.DefaultKey()
	key.ID, key.Secret = "key-of-"+c.name, config.NewSecret(upstreamKey)
	made.Name, made.Adapter, made.BaseURL, made.Priority = c.name, c.binding.Adapter, "http://"+addr, i+1
	made.Keys = []config.Key{key}
	if c.baseURL != "" {
		made.BaseURL = c.baseURL
	}
	return made
}

func (w *world) serve(addr string, h http.Handler, secure func(net.Listener) net.Listener) {
	l := w.network.Listen(addr)
	if secure != nil {
		l = secure(l)
	}
	srv := &http.Server{Handler: h, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)}
	go srv.Serve(l) // ends with Close
	w.stops = append(w.stops, func() { srv.Close() })
}

func (w *world) connect(ctx context.Context, network, address string) (net.Conn, error) {
	if w.dial != nil {
		if err := w.dial(address); err != nil {
			return nil, err
		}
	}
	return w.network.Dial(ctx, network, address)
}

// post is one request of a client.
func (w *world) post(path, body string, headers ...string) answer {
	w.t.Helper()
	req, err := http.NewRequest(http.MethodPost, "http://proxy:80"+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("x-api-key", clientKey)
	req.Header.Set("content-type", "application/json")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	resp, err := w.client.RoundTrip(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	w.seen.Write(b)
	resp.Header.Write(&w.seen)
	return answer{status: resp.StatusCode, header: resp.Header, body: string(b), cut: err}
}

// last is the record of the request that ended last.
func (w *world) last() relay.Record {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.records) == 0 {
		return relay.Record{}
	}
	return w.records[len(w.records)-1]
}

// close ends everything and looks for what must not be left: a secret in any output (I3), anything under way (I5). What still
// runs keeps the bubble from ending, which fails the test.
func (w *world) close() {
	w.t.Helper()
	synctest.Wait() // a client may have its answer before the handler has returned
	w.client.CloseIdleConnections()
	for _, s := range w.balance.Status(w.config.Channels) {
		if s.InFlight != 0 || s.Keys[0].InFlight != 0 {
			w.t.Errorf("channel %s: %d attempts under way at the end", s.Channel, s.InFlight)
		}
		w.log.Write([]byte(s.Reason + s.Keys[0].Reason))
	}
	if taken, waiting, _ := w.gate.Load(); taken != 0 || waiting != 0 {
		w.t.Errorf("at the end %d slots are taken, %d requests wait", taken, waiting)
	}
	w.log.Write(w.balance.Save())
	metrics := httptest.NewRecorder()
	w.hub.Metrics().ServeHTTP(metrics, httptest.NewRequest("GET", "/metrics", nil))
	w.log.Write(metrics.Body.Bytes())
	fmt.Fprintf(&w.log, "%+v", w.hub.Recent(telemetry.Filter{}))
	for _, r := range w.records {
		inside, _ := w.hub.Captured(r.Call.ID)
		fmt.Fprintf(&w.log, "%+v", inside)
	}
	for _, secret := range []string{clientKey, upstreamKey, secondKey} {
		if strings.Contains(w.log.String(), secret) {
			w.t.Errorf("the log or the health holds the key %s:\n%s", secret, w.log.String())
		}
		if strings.Contains(w.seen.String(), secret) {
			w.t.Errorf("an answer holds the key %s", secret)
		}
	}
	for _, stop := range w.stops {
		stop()
	}
	for _, c := range w.clients {
		c.Close()
	}
}
