package main

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/claude-proxy/claude-proxy/host/hosttest"
	"github.com/claude-proxy/claude-proxy/host/registry"
	"github.com/claude-proxy/claude-proxy/plugins"
)

// U14, U15: an upstream is killed before each event of a stream in turn, with another channel at hand. Before content the
// client gets the whole answer of the other channel and never notices; after it, what it got so far and one error event. No
// byte is missing and none comes twice, compared with the unbroken stream.
func TestKilledAtEveryEvent(t *testing.T) {
	reg := registry.New(plugins.Builtin())
	for _, a := range adapters {
		binding, err := reg.Bind("any", a.name, nil)
		if err != nil {
			t.Fatal(err)
		}
		unbroken := healthyAnswer(t, binding, a.model, true)
		for _, how := range []string{"fin", "rst", "clean"} {
			t.Run(a.name+"/"+how, func(t *testing.T) {
				unseen, errors := 0, 0
				for at := 1; ; at++ {
					got, other := killedAt(t, binding, a.model, at, how)
					text := plain(got.body)
					switch {
					case ends(got.body) == "complete" && other == 1 && text == unbroken:
						if errors > 0 {
							t.Fatalf("killed before event %d: moved on although content was out", at)
						}
						unseen++
						continue
					case ends(got.body) == "complete" && other == 0:
						// Behind the last event of the answer, where usage may be all that is lost.
						if contents(t, text, true) != contents(t, unbroken, true) {
							t.Fatalf("killed before event %d: complete but different\n%s", at, text)
						}
					case ends(got.body) == "error" && other == 0:
						prefix, _, _ := strings.Cut(text, "event: error\n")
						// A tool whose arguments are half there is closed by the error; what came before is as it was.
						if !strings.HasPrefix(unbroken, prefix) {
							t.Fatalf("killed before event %d, the client got\n%s\nwhich does not begin\n%s", at, prefix, unbroken)
						}
						if n := strings.Count(text, "event: error\n"); n != 1 {
							t.Fatalf("killed before event %d: %d error events", at, n)
						}
						errors++
						continue
					default:
						t.Fatalf("killed before event %d: %d %s, %d requests of the other channel\n%s", at, got.status, ends(got.body), other, got.body)
					}
					break
				}
				if unseen < 1 || errors < 5 {
					t.Errorf("%d kills were not seen by the client, %d were errors", unseen, errors)
				}
			})
		}
	}
}

// killedAt asks a proxy whose first upstream dies before the event of that number, and tells how often the second was asked.
func killedAt(t *testing.T, binding *registry.Binding, model string, at int, how string) (got answer, other int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		script := func(s hosttest.Step) *hosttest.Script {
			return &hosttest.Script{Keys: []string{upstreamKey}, Steps: []hosttest.Step{s}}
		}
		w := newWorld(t, []worldChannel{
			{name: "first", binding: binding, script: script(broken(hosttest.Fault{CutBefore: at, Cut: how}))},
			{name: "second", binding: binding, script: script(transcript())},
		}, nil)
		defer w.close()
		got = w.post("/v1/messages", withTools(model, true))
		if got.status != 200 || got.cut != nil {
			t.Fatalf("killed before event %d: %d %v\n%s", at, got.status, got.cut, got.body)
		}
		other = len(w.servers[1].Requests())
	})
	return got, other
}
