package balance

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/routing"
)

// configured makes the channels of candidates as a configuration holds them.
func configured(cands []routing.Candidate) []config.Channel {
	var list []config.Channel
	for _, c := range cands {
		copied := *c.Channel
		for _, k := range c.Keys {
			copied.Keys = append(copied.Keys, *k)
		}
		list = append(list, copied)
	}
	return list
}

// states writes the states of channels, keys and models on one line.
func states(list []ChannelStatus) string {
	var b strings.Builder
	models := func(list []ModelStatus) {
		for _, m := range list {
			fmt.Fprintf(&b, " %s:%s", m.Model, m.State)
		}
	}
	for _, c := range list {
		fmt.Fprintf(&b, "%s %s", c.Channel, c.State)
		models(c.Models)
		for _, k := range c.Keys {
			fmt.Fprintf(&b, ", %s %s", k.ID, k.State)
			models(k.Models)
		}
		b.WriteString("; ")
	}
	return strings.TrimSuffix(b.String(), "; ")
}

func TestStatus(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1 a2 b1")
	cfg := configured(cands)
	f := func(want string) {
		t.Helper()
		if got := states(w.Status(cfg)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	f("a ok, a1 ok, a2 ok; b ok, b1 ok")
	w.serve(cands, Request{}, upstream{"a1": keyRefused, "a2": rateLimited})
	f("a ok, a1 invalid, a2 ok m:cooling; b ok, b1 ok")
	w.serve(cands, Request{}, upstream{"a1": keyRefused, "a2": outOfQuota, "b": overloaded})
	a := w.Status(cfg)[0]
	w.sleep(40 * time.Second)
	w.serve(cands[1:], Request{}, upstream{"b": unreachable})
	// No key of a is left, so the channel is as its better key is.
	f("a quota, a1 invalid, a2 quota m:cooling; b cooling m:cooling, b1 ok")
	if a.Keys[1].Reason != "quota (402)" || a.Keys[1].Failures != 1 || a.Keys[1].Until.Sub(a.Keys[1].Since) != 30*time.Minute {
		t.Errorf("%+v", a.Keys[1])
	}
	if a.Attempts < 3 || a.Failed != a.Attempts || a.Succeeded != 0 || a.InFlight != 0 || a.LastUsed.After(a.Keys[1].Since) {
		t.Errorf("%+v", a.Traffic)
	}
	cfg[1].Enabled, cfg[1].Keys[0].Enabled, cfg[1].Keys[0].Reason = false, false, "${KEY} is not set"
	f("a quota, a1 invalid, a2 quota m:cooling; b disabled m:cooling, b1 disabled")
	if got := w.Status(cfg)[1].Keys[0].Reason; got != "${KEY} is not set" {
		t.Error(got)
	}
	// A reset forgets, for one key or for all of a channel.
	if !w.Reset("a", "a2") || w.Reset("a", "a2") || w.Reset("c", "") {
		t.Error("what was known is told wrongly")
	}
	f("a ok, a1 invalid, a2 ok; b disabled m:cooling, b1 disabled")
	w.Reset("a", "")
	w.Reset("b", "")
	f("a ok, a1 ok, a2 ok; b disabled, b1 disabled")
	w.expect(cands, nil, "a1+")
}

func TestStatusCountsTraffic(t *testing.T) {
	l := newTimeline(t)
	cands := channels("a1")
	cfg := configured(cands)
	l.ask(cands, Request{}, func(Target) speed { return speed{first: 2 * time.Second, length: time.Minute} }, func(Target) {})
	l.run(10 * time.Second)
	k := l.Status(cfg)[0].Keys[0]
	if k.InFlight != 1 || k.Attempts != 1 || k.Succeeded != 1 || k.FirstByte != 2*time.Second {
		t.Errorf("%+v", k.Traffic)
	}
	l.run(time.Hour)
	l.ask(cands, Request{}, func(Target) speed { return speed{first: time.Second, fault: badRequest} }, func(Target) {})
	l.ask(cands, Request{Side: true}, func(Target) speed { return speed{first: time.Second} }, func(Target) {})
	l.run(time.Hour)
	if c := l.Status(cfg)[0]; c.InFlight != 0 || c.Attempts != 2 || c.Succeeded != 1 || c.Failed != 0 {
		t.Errorf("%+v", c.Traffic)
	}
}
