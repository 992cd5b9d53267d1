package admin

import (
	"errors"
	"sync"
	"time"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/store"
	"github.com/claude-proxy/claude-proxy/host/probe"
	"github.com/claude-proxy/claude-proxy/host/relay"
)

// Prober readies a channel for probes: with its adapter, and with a client whose connections nobody else uses. free lets go
// of it.
type Prober func(ch *config.Channel) (ready *relay.Channel, free func(), err error)

const (
	// atOnce is how many keys are probed at a time, maxProbeTime how long each may take.
	atOnce       = 4
	maxProbeTime = 2 * time.Minute
)

func (a *api) probe(c *call, in *contract.ProbeRequest) (contract.ProbeResult, error) {
	var out contract.ProbeResult
	ch, err := a.probed(c, in)
	if err != nil {
		return out, err
	}
	c.target = ch.Name
	keys, err := probedKeys(ch, in.Key)
	if err != nil {
		return out, err
	}
	timeout := time.Duration(in.TimeoutMS) * time.Millisecond
	if timeout < 0 || timeout > maxProbeTime || in.MaxTokens < 0 {
		return out, refuse(codeBadRequest, "a probe takes two minutes at most").at("/timeout_ms", "is out of range")
	}
	q := probe.Question{Model: in.Model, Stream: in.Stream, Prompt: in.Prompt, MaxTokens: in.MaxTokens, Timeout: timeout}
	out.Items = make([]contract.Probe, len(keys))
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i, k := range keys {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			out.Items[i] = a.probeKey(c, ch, k, q)
		})
	}
	wg.Wait()
	if in.Models {
		out.Models, out.ModelsNote = a.upstreamModels(c, ch, keys)
	}
	return out, nil
}

// probed is the channel of a probe: one in force, or a draft that is checked as if it were saved.
func (a *api) probed(c *call, in *contract.ProbeRequest) (*config.Channel, error) {
	if (in.Channel == "") == (in.Draft == nil) {
		return nil, refuse(codeBadRequest, "name a channel or give a draft")
	}
	if in.Draft == nil {
		if ch := channelOf(a.Config(), in.Channel); ch != nil {
			return ch, nil
		}
		return nil, noChannel(in.Channel).at("/channel", "is not there")
	}
	draftBody := member(c.body, "draft")
	if in.Draft.CopyOf != "" {
		return nil, refuse(codeBadRequest, "a draft brings its own keys").at("/draft/copy_of", "cannot be used in a probe")
	}
	entry, err := newChannel(config.Default(), in.Draft, members(draftBody["settings"]))
	if err != nil {
		return nil, err
	}
	text, err := draftText(a.Files, entry)
	if err != nil {
		return nil, editProblem(err)
	}
	// A draft may name the variables that a saved channel could, and no others: it sends them to an address of its own.
	d := draft{before: store.Version{Bytes: []byte("version: 1\n")}, text: text}
	if err := a.mayRefer(&d); err != nil {
		return nil, err
	}
	cfg, report := a.Files.Load(text)
	if cfg == nil || len(cfg.Channels) == 0 {
		return nil, withReport(refuse(codeInvalid, "the draft has mistakes"), report)
	}
	return &cfg.Channels[0], nil
}

// probedKeys are the keys that are asked for; nil in the list is for a channel without keys.
func probedKeys(ch *config.Channel, which string) ([]*config.Key, error) {
	if len(ch.Keys) == 0 {
		return []*config.Key{nil}, nil
	}
	var list []*config.Key
	for i := range ch.Keys {
		k := &ch.Keys[i]
		switch {
		case which == k.ID:
			return []*config.Key{k}, nil
		case which == "all", which == "" && k.Enabled && len(list) == 0:
			list = append(list, k)
		}
	}
	switch {
	case len(list) > 0:
		return list, nil
	case which == "":
		return []*config.Key{&ch.Keys[0]}, nil
	}
	return nil, refuse(codeNotFound, "the channel has no such key").at("/key", "is not there")
}

func (a *api) probeKey(c *call, ch *config.Channel, k *config.Key, q probe.Question) contract.Probe {
	var out contract.Probe
	if k != nil {
		out.Key, out.Label = k.ID, k.Label
	}
	out.InputTokens, out.OutputTokens = -1, -1
	ready, free, err := a.Prober(ch)
	if err != nil {
		out.Verdict, out.Reason = string(probe.CannotProbe), plain(err)
		return out
	}
	defer free()
	r := probe.Run(c.r.Context(), ready, k, q)
	out.Model, out.Verdict, out.Reason, out.Try, out.Text = r.Model, string(r.Verdict), r.Reason, r.Try, r.Text
	if f := r.Fault; f != nil {
		out.Class, out.Status = f.Class.String(), f.Status
	}
	out.Timing = contract.ProbeTiming{
		DNSMS: ms(r.Timing.DNS), ConnectMS: ms(r.Timing.Connect), TLSMS: ms(r.Timing.TLS), FirstByteMS: ms(r.Timing.FirstByte),
		TotalMS: ms(r.Timing.Total), Reused: r.Timing.Reused,
	}
	if rec := r.Record; rec != nil {
		out.InputTokens, out.OutputTokens = rec.Tokens.Input, rec.Tokens.Output
		out.UpstreamModel, out.UpstreamID = rec.UpstreamModel, rec.UpstreamID
		if seconds := r.Timing.Total.Seconds(); rec.Tokens.Output > 0 && seconds > 0 {
			out.TokensPerSecond = float64(rec.Tokens.Output) / seconds
		}
		for _, l := range rec.Losses {
			out.Losses = append(out.Losses, contract.Loss{Path: l.Path, Kind: l.Kind.String(), Note: l.Note})
		}
	}
	if r.Request.Path != "" {
		out.Request = messageOf(r.Request)
	}
	if r.Response.Status != 0 {
		out.Response = messageOf(r.Response)
	}
	return out
}

func messageOf(m probe.Message) *contract.CapturedMessage {
	out := &contract.CapturedMessage{Method: m.Method, URL: m.Path, Status: m.Status, Headers: map[string][]string{}, Body: m.Body}
	for _, h := range m.Headers {
		out.Headers[h.Name] = append(out.Headers[h.Name], h.Value)
	}
	return out
}

// upstreamModels asks for the upstream's own list with the first key that is there.
func (a *api) upstreamModels(c *call, ch *config.Channel, keys []*config.Key) (list []string, note string) {
	ready, free, err := a.Prober(ch)
	if err != nil {
		return nil, plain(err)
	}
	defer free()
	defer ready.Upstream.Close()
	for _, k := range keys {
		if k != nil && k.Secret.Empty() {
			continue
		}
		list, err = probe.Models(c.r.Context(), ready, k)
		switch {
		case errors.Is(err, probe.ErrNoList):
			return nil, plain(err)
		case err == nil:
			return list, ""
		}
		note = plain(err)
	}
	return nil, note
}
