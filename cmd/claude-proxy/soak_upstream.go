package main

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/claude-proxy/claude-proxy/host/hosttest"
)

// soakUpstreams are three servers that speak all protocols and fail at random.
type soakUpstreams struct{ servers []*hosttest.Server }

func startSoakUpstreams(o soakOptions) (*soakUpstreams, error) {
	ups := &soakUpstreams{}
	for i := range 3 {
		s, err := hosttest.Start("127.0.0.1:0", soakScript(o, o.Seed+uint64(i)))
		if err != nil {
			ups.close()
			return nil, err
		}
		ups.servers = append(ups.servers, s)
	}
	return ups, nil
}

func (u *soakUpstreams) urls() []string {
	var list []string
	for _, s := range u.servers {
		list = append(list, s.URL)
	}
	return list
}

func (u *soakUpstreams) close() {
	for _, s := range u.servers {
		s.Close()
	}
}

// soakFaults are the ways in which an answer goes wrong, all equally often.
func soakFaults() []hosttest.Step {
	at := func(f hosttest.Fault) hosttest.Step {
		f.DelayEvent = hosttest.Duration(10 * time.Millisecond)
		return hosttest.Step{Fault: f}
	}
	fails := func(status int, retryAfter string) hosttest.Step {
		s := hosttest.Step{Error: &hosttest.Error{Status: status, EchoKey: true}}
		if retryAfter != "" {
			s.Headers = map[string]string{"retry-after": retryAfter}
		}
		return s
	}
	none := 0
	return []hosttest.Step{
		fails(429, ""), fails(429, "1"), fails(500, ""), fails(503, ""), fails(529, "1"),
		{Raw: &hosttest.Raw{Status: 502, ContentType: "text/html", Body: "<html>bad gateway</html>"}},
		at(hosttest.Fault{Hang: "head"}), at(hosttest.Fault{Hang: "body"}), at(hosttest.Fault{Page: true}), at(hosttest.Fault{Empty: true}),
		at(hosttest.Fault{CutAfter: &none, Cut: "rst"}), at(hosttest.Fault{CutBefore: 1, Cut: "clean"}),
		at(hosttest.Fault{CutBefore: 12, Cut: "rst"}), at(hosttest.Fault{CutBefore: 12, Cut: "fin"}), at(hosttest.Fault{CutBefore: 12, Cut: "clean"}),
		at(hosttest.Fault{BadChunk: 1}), at(hosttest.Fault{BadChunk: 12}), at(hosttest.Fault{ErrorBefore: 1}), at(hosttest.Fault{ErrorBefore: 12}),
		at(hosttest.Fault{Gzip: "claimed"}), at(hosttest.Fault{Redirect: "http://127.0.0.1:1/"}), at(hosttest.Fault{DelayHead: hosttest.Duration(2 * time.Second)}),
	}
}

// soakScript answers with the user's own words, at several speeds, and goes wrong as often as it was told.
func soakScript(o soakOptions, seed uint64) *hosttest.Script {
	var mu sync.Mutex
	rnd := rand.New(rand.NewPCG(seed, 7))
	sometimes := func(p float64) *hosttest.Match {
		return &hosttest.Match{Func: func(*hosttest.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			return rnd.Float64() < p
		}}
	}
	s := &hosttest.Script{Keys: []string{soakUpstreamKey}, Lenient: true, Forget: true}
	faults := soakFaults()
	each := float64(o.Faults) / 100 / float64(len(faults))
	for i, step := range faults {
		// Steps are asked in order, so that of what is left each takes a larger part.
		step.Times, step.Match = -1, sometimes(each/(1-float64(i)*each))
		s.Steps = append(s.Steps, step)
	}
	for i, pause := range []time.Duration{20 * time.Millisecond, 60 * time.Millisecond, 120 * time.Millisecond} {
		step := hosttest.Step{Times: -1, Fault: hosttest.Fault{DelayEvent: hosttest.Duration(pause)}}
		if i < 2 {
			step.Match = sometimes(1. / 3)
		}
		s.Steps = append(s.Steps, step)
	}
	return s
}
