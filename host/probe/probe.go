// Package probe tests a channel with a tiny real request: through its adapter, to its upstream, with one of its keys.
//
// A probe goes the way that every request goes, on a relay and a balancer of its own, so that it changes nobody's health
// and is not kept back by anybody's. Its connection is new, so that its time can be split into its steps.
package probe

import (
	"cmp"
	"context"
	crand "crypto/rand"
	"encoding/json"
	"math/rand/v2"
	"time"

	"github.com/claude-proxy/claude-proxy/host/auth"
	"github.com/claude-proxy/claude-proxy/host/balance"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/pattern"
	"github.com/claude-proxy/claude-proxy/host/relay"
	"github.com/claude-proxy/claude-proxy/host/routing"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// Question is what a probe asks. Its zero value asks for a few words.
type Question struct {
	// Model is the client's or the upstream's name; "" takes one that the channel names itself.
	Model  string
	Stream bool
	// Prompt is what is asked; "" is a few words.
	Prompt string
	// MaxTokens of the answer; 0 is 16.
	MaxTokens int
	// Timeout of the whole probe; 0 is 30 s.
	Timeout time.Duration
}

// Verdict is what a probe came to.
type Verdict string

const (
	// OK: the upstream answered.
	OK Verdict = "ok"
	// Failed: the upstream was asked, and it did not serve.
	Failed Verdict = "failed"
	// CannotProbe: it could not be asked, or not for what the probe asked, which says nothing about the key.
	CannotProbe Verdict = "cannot_probe"
)

// Result is what a probe found.
type Result struct {
	Model   string
	Verdict Verdict
	// Fault is what went wrong, nil with OK and where nothing could be tried; Reason says it for people, Try what to do.
	Fault       *failure.Fault
	Reason, Try string
	Timing      Timing
	// Record is the whole of it; nil where nothing was tried.
	Record *relay.Record
	// Text is the beginning of the answer.
	Text string
	// Request and Response are the upstream's side, without secrets; zero where it did not come to that.
	Request, Response Message
}

// Run probes a channel with one of its keys; nil is for a channel without keys. The channel must not serve anything else,
// since its client's connections are closed at the end.
func Run(ctx context.Context, ch *relay.Channel, key *config.Key, q Question) Result {
	q.MaxTokens, q.Timeout = cmp.Or(q.MaxTokens, 16), cmp.Or(q.Timeout, 30*time.Second)
	q.Prompt = cmp.Or(q.Prompt, "Reply with the single word: ok")
	guessed := q.Model == ""
	if guessed {
		q.Model = Model(ch.Config)
	}
	out := Result{Model: q.Model, Verdict: CannotProbe}
	switch {
	case q.Model == "":
		out.Reason, out.Try = "the channel names no model to ask for", "choose a model"
		return out
	case key != nil && key.Secret.Empty():
		out.Reason = "the key is not there: " + cmp.Or(key.Reason, "it is not configured")
		return out
	case !ch.Adapter.Available():
		out.Reason, out.Try = "the adapter "+ch.Config.Adapter+" is not loaded", "put its file into the plugin folder"
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, q.Timeout)
	defer cancel()
	defer ch.Upstream.Close()
	w := &watch{secrets: ch.Secrets, began: time.Now()}
	call, err := newCall(q, ch.Config.Name)
	if err != nil {
		out.Reason = err.Error()
		return out
	}
	single := snapshot(ch, key, q.Timeout)
	relay.New(func() *relay.Snapshot { return single }, balance.New(time.Now, rand.Float64), w).Serve(w.traced(ctx), call, &w.answer)
	w.fill(&out)
	out.judge(guessed, ctx.Err() != nil)
	return out
}

// Model returns a model that the channel names itself, for people who did not choose one; "" when it names none.
func Model(ch *config.Channel) string {
	for _, m := range ch.Models {
		return m.Model
	}
	if set, err := pattern.CompileSet(ch.Serves); err == nil {
		for _, name := range set.Names() {
			return name
		}
	}
	for i := range ch.Keys {
		if set, err := pattern.CompileSet(ch.Keys[i].Models); err == nil {
			for _, name := range set.Names() {
				return name
			}
		}
	}
	return ""
}

// newCall is the request of the probe. Its body lives as long as it does.
func newCall(q Question, channel string) (*relay.Call, error) {
	body, err := json.Marshal(map[string]any{
		"model": q.Model, "max_tokens": q.MaxTokens, "stream": q.Stream,
		"messages": []any{map[string]any{"role": "user", "content": q.Prompt}},
	})
	if err != nil {
		return nil, err
	}
	doc, err := jsonindex.Parse(body, jsonindex.ClientMode())
	if err != nil {
		return nil, err
	}
	head, err := messages.ReadHead(doc)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return &relay.Call{
		ID: "req_probe" + crand.Text()[:15], Principal: &auth.Principal{Name: "probe", Admin: true, PickChannel: true}, Op: adapter.Messages,
		Doc: doc, Head: head, Header: header(), Channel: channel, Received: now, Arrived: now,
	}, nil
}

// snapshot is the channel alone with one key, switched on and without the limits that the real one may be at.
func snapshot(ch *relay.Channel, key *config.Key, timeout time.Duration) *relay.Snapshot {
	one := *ch.Config
	one.Enabled, one.Keys, one.Serves = true, nil, nil
	one.Limits.RPM, one.Limits.MaxConcurrent = 0, 0
	if key != nil {
		k := *key
		k.Enabled, k.Models, k.RPM, k.MaxConcurrent = true, nil, 0, 0
		one.Keys = []config.Key{k}
	}
	cfg := config.Default()
	cfg.Channels = []config.Channel{one}
	cfg.Routing.Attempts, cfg.Routing.Affinity = 1, config.AffinityOff
	cfg.Server.RequestTimeout = timeout
	own := *ch
	own.Config = &cfg.Channels[0]
	return &relay.Snapshot{Config: cfg, Routes: routing.New(cfg), Channels: map[string]*relay.Channel{one.Name: &own}}
}

// judge tells what the upstream is to blame for from what says nothing about it.
func (r *Result) judge(guessed, late bool) {
	if r.Record == nil || len(r.Record.Attempts) == 0 {
		r.Reason = "nothing could be tried"
		if r.Record != nil && r.Record.Message != "" {
			r.Reason = r.Record.Message
		}
		return
	}
	f := r.Record.Attempts[len(r.Record.Attempts)-1].Fault
	switch {
	case f == nil:
		r.Verdict = OK
		return
	case f.Kind == failure.KindGone && late:
		r.Fault, r.Verdict, r.Reason = f, Failed, "there was no answer in time"
		return
	}
	r.Fault, r.Verdict, r.Reason = f, Failed, f.Message
	switch {
	case f.Kind == failure.KindGone:
		r.Verdict, r.Reason = CannotProbe, "the probe was given up"
	case f.Source == failure.Adapter, f.Source == failure.Proxy:
		r.Verdict = CannotProbe
	case f.Class == adapter.NotFound && guessed:
		r.Verdict, r.Try = CannotProbe, "the upstream does not know the model "+r.Model+"; choose another one"
	case f.Class == adapter.Invalid || f.Class == adapter.Unsupported:
		r.Verdict, r.Try = CannotProbe, "the upstream refused the probe itself; choose another model, or more tokens"
	case f.Class == adapter.Auth:
		r.Try = "check the key at the provider, and that it belongs to this base_url"
	case f.Class == adapter.Quota:
		r.Try = "look at the account's balance at the provider"
	case f.Kind == failure.KindDNS, f.Kind == failure.KindConnect, f.Kind == failure.KindTLS, f.Kind == failure.KindHTML, f.Kind == failure.KindRedirect:
		r.Try = "check base_url and proxy_url"
	}
}
