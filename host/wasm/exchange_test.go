package wasm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

func TestExchange(t *testing.T) {
	p, ch := loadTrouble(t, Options{})
	if m := p.Manifest(); m.Name != "trouble" || m.Auth != "header:x-test" || !m.Offers(adapter.CountTokens) || m.Offers(adapter.Models) {
		t.Errorf("manifest %+v", m)
	}
	body := client(t, `{"model":"m","x":["a\"b",{}]}`)
	x, err := begin(ch, "one", body)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if x.up.Path != "/v1/trouble" || !x.up.Stream || !reflect.DeepEqual(x.up.Headers, []adapter.Header{{Name: "x-call", Value: "one"}}) {
		t.Errorf("request %+v", x.up)
	}
	checkBody(t, x, body)
	for _, what := range []string{"hello", "again", "ü"} {
		if err := x.say(what); err != nil {
			t.Error(err)
		}
	}
	if got, err := x.send("[DONE]"); got != "raw [DONE];" || err != nil {
		t.Errorf("%q, %v", got, err)
	}

	// Ops that came before a failure in the same batch count, and the failure says which event it was.
	evs := make([]runner.RawEvent, 4)
	for i, text := range []string{`{"say":"x"}`, `{"say":"y"}`, `{"fail":"slow down"}`, `{"say":"never"}`} {
		evs[i] = runner.RawEvent{Data: []byte(text), Doc: parse(t, text)}
	}
	x.em.Reset()
	failed, err := x.Events(evs, &x.em)
	var f *adapter.Failure
	if failed != 2 || !errors.As(err, &f) || strings.Count(textOf(x.em.Buf), ";") != 2 {
		t.Errorf("%d, %v, %q", failed, err, textOf(x.em.Buf))
	}
	want := &adapter.Failure{Class: adapter.RateLimited, Message: "slow down", Field: "f", Details: []byte(`{"a":1}`),
		RetryAfter: 1500 * time.Millisecond, Remedy: &adapter.Remedy{Name: "again", Value: "v"}}
	if !reflect.DeepEqual(f, want) {
		t.Errorf("%+v", f)
	}

	for _, bad := range []struct{ options, field string }{{`{"bad":1}`, "bad"}} {
		if _, err := p.Configure(parse(t, bad.options)); !errors.As(err, &f) || f.Field != bad.field || f.Class != adapter.Invalid {
			t.Errorf("options %s: %v", bad.options, err)
		}
	}
	local, err := begin(ch, "two", client(t, `{"model":"m","local":1}`))
	if err != nil || !local.up.Local || textOf(local.up.Answer.Buf) != "local" || !local.up.Answer.DoneSeen() {
		t.Errorf("%v, %+v", err, local.up)
	}
	local.Close()
	local.Close() // once too often does no harm
}

// checkBody checks the upstream body that the trouble plugin makes of a client's.
func checkBody(t *testing.T, x *player, client *jsonindex.Doc) {
	t.Helper()
	out := x.up.Body.AppendTo(nil, client.Src)
	var got struct {
		ID     string
		Client json.RawMessage
		Text   string
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v in %.200s", err, out)
	}
	if got.ID != x.id || !bytes.Equal(got.Client, client.Src) || got.Text != string(client.Src) {
		t.Errorf("body %.300s", out)
	}
	if n := x.up.Body.Size(client.Src); n != len(out) {
		t.Errorf("size %d, body %d", n, len(out))
	}
}

func TestOtherCalls(t *testing.T) {
	_, ch := loadTrouble(t, Options{})
	x := mustBegin(t, ch, "a")
	defer x.Close()
	if err := x.Whole(parse(t, `{"a":1,"b":2}`), &x.em); err != nil || textOf(x.em.Buf) != "a whole 2" || !x.em.DoneSeen() {
		t.Errorf("%v, %q", err, textOf(x.em.Buf))
	}
	for _, reason := range []adapter.EndReason{adapter.EOF, adapter.Cut} {
		x.em.Reset()
		if err := x.End(reason, &x.em); err != nil || textOf(x.em.Buf) != reason.String() {
			t.Errorf("%v, %q", err, textOf(x.em.Buf))
		}
	}
	headers := []adapter.Header{{Name: "x-h", Value: "v"}}
	if f := x.Failure(418, headers, nil, []byte("tea")); f.Class != adapter.Protocol || f.Message != "418 v 3" {
		t.Errorf("%+v", f)
	}
	if f := x.Failure(500, nil, parse(t, `{"do":"panic"}`), nil); f.Class != adapter.Internal {
		t.Errorf("%+v", f)
	}
	// An operation without a body.
	run, err := ch.Begin(&adapter.Call{Op: adapter.Models, ID: "m"}, &adapter.UpstreamRequest{})
	if err != nil {
		t.Fatal(err)
	}
	run.Close()
}

// Each way to end an instance ends the exchange that found it, with its own reason, and no other.
func TestTroubleAlone(t *testing.T) {
	var log logs
	p := loadWith(t, log.config(), trouble, Options{Instances: 1, Limits: Limits{Memory: 16 << 20, FuelPerEvent: 400_000_000}})
	ch := configure(t, p, `{"prefix":"~"}`)
	beside := mustBegin(t, ch, "beside")
	defer beside.Close()
	for n, c := range []struct {
		do   string
		want Reason
	}{{"trap", Trapped}, {"exit", Exited}, {"loop", OutOfFuel}, {"recurse", TooDeep}, {"hoard", Trapped}, {"chatter", OutOfFuel}} {
		x := mustBegin(t, ch, "x")
		if err := x.say("first"); err != nil {
			t.Fatal(err)
		}
		if err := beside.say(c.do); err != nil {
			t.Errorf("%s, before: %v", c.do, err)
		}
		_, err := x.send(`{"do":"` + c.do + `"}`)
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Reason != c.want {
			t.Errorf("%s: %v", c.do, err)
		}
		x.Close()
		if err := beside.say("after"); err != nil {
			t.Errorf("%s, after: %v", c.do, err)
		}
		if s := p.Stats(); s.Faults != int64(n+1) || s.Replays != int64(n+1) || s.Exchanges != 1 || s.Instances > 2 {
			t.Errorf("%s: %+v", c.do, s)
		}
	}
	if said := log.String(); !strings.Contains(said, "out of fuel") || !strings.Contains(said, "wasm stack trace") {
		t.Errorf("log %s", said)
	}
}

// Exchanges spread over instances, share them, and are refused when all are full.
func TestInstances(t *testing.T) {
	p, ch := loadTrouble(t, Options{Instances: 2, Limits: Limits{ExchangesPerInstance: 3, InstancesMax: 4}})
	var open []*player
	for n := range 12 {
		x, err := begin(ch, fmt.Sprint(n), client(t, `{"model":"m"}`))
		if err != nil {
			t.Fatalf("exchange %d: %v", n, err)
		}
		open = append(open, x)
	}
	if s := p.Stats(); s.Instances != 4 || s.Exchanges != 12 {
		t.Errorf("%+v", s)
	}
	_, err := begin(ch, "one too many", client(t, `{"model":"m"}`))
	if e, ok := errors.AsType[*Error](err); !ok || e.Reason != Busy {
		t.Errorf("%v", err)
	}
	open[5].Close()
	x, err := begin(ch, "again", client(t, `{"model":"m"}`))
	if err != nil {
		t.Error(err)
	}
	open[5] = x
	for _, x := range open {
		if err := x.say("here"); err != nil {
			t.Error(err)
		}
		x.Close()
	}
	if s := p.Stats(); s.Busy != 1 || s.Exchanges != 0 {
		t.Errorf("%+v", s)
	}
}

// Instances that were used long enough, or grew too far, are replaced when their last exchange is over.
func TestRecycling(t *testing.T) {
	_, ch := loadTrouble(t, Options{Instances: 1, Limits: Limits{CallsPerInstance: 10}})
	first := mustBegin(t, ch, "first")
	home := first.Run.(*run).i
	for range 10 {
		if err := first.say("x"); err != nil {
			t.Fatal(err)
		}
	}
	second := mustBegin(t, ch, "second")
	if second.Run.(*run).i == home {
		t.Error("a worn instance got another exchange")
	}
	if err := first.say("y"); err != nil {
		t.Error(err)
	}
	first.Close()
	second.Close()
	if home.dead == nil {
		t.Error("the worn instance is still open")
	}

	p, swollen := loadTrouble(t, Options{Instances: 1, Limits: Limits{FuelPerEvent: 1_000_000_000}})
	x := mustBegin(t, swollen, "x")
	home = x.Run.(*run).i
	if _, err := x.send(`{"do":"swell"}`); err != nil {
		t.Fatal(err)
	}
	if y := mustBegin(t, swollen, "y"); y.Run.(*run).i == home {
		t.Error("a swollen instance got another exchange")
	} else {
		y.Close()
	}
	x.Close()
	if home.dead == nil {
		t.Error("the swollen instance is still open")
	}
	if s := p.Stats(); s.Faults != 0 {
		t.Errorf("%+v", s)
	}
}

// A guest that sleeps wakes up at once.
func TestSleep(t *testing.T) {
	_, ch := loadTrouble(t, Options{})
	x := mustBegin(t, ch, "x")
	defer x.Close()
	if _, err := x.send(`{"do":"sleep"}`); err != nil {
		t.Error(err)
	}
}

// Events cost the host no memory.
func TestEventsAllocateNothing(t *testing.T) {
	p, ch := loadTrouble(t, Options{})
	x := mustBegin(t, ch, "x")
	defer x.Close()
	text := []byte(`{"quiet":"hello"}`)
	evs := []runner.RawEvent{{Name: "ev", Data: text, Doc: parse(t, string(text))}}
	x.Run.(*run).history.free() // what is kept for a replay grows now and then
	p.fills.Wait()              // a spare that is made meanwhile costs some
	n := testing.AllocsPerRun(1000, func() {
		x.em.Reset()
		if _, err := x.Events(evs, &x.em); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations an event", n)
	}
}

// After a version is closed, its runs fail and nothing of it is left.
func TestClose(t *testing.T) {
	p, ch := loadTrouble(t, Options{})
	before := runtime.NumGoroutine()
	x := mustBegin(t, ch, "x")
	p.Close()
	p.Close()
	if _, err := x.send(`{"say":"x"}`); err == nil {
		t.Error("a closed plugin answers")
	}
	if _, err := begin(ch, "y", client(t, `{}`)); err == nil {
		t.Error("a closed plugin begins")
	}
	if _, err := p.Configure(nil); err == nil {
		t.Error("a closed plugin is configured")
	}
	x.Close()
	if s := p.Stats(); s.Exchanges != 0 || s.KeptBytes != 0 {
		t.Errorf("%+v", s)
	}
	p.fills.Wait()     // the making of a spare that Close interrupted
	for range 10_000 { // a goroutine that said it is done still has to end, which on a busy machine takes its time
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	stacks := make([]byte, 64<<10)
	t.Errorf("%d goroutines, before %d:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
}

// Many exchanges at once, with faults among them. Run with -race.
func TestHammer(t *testing.T) {
	p, ch := loadTrouble(t, Options{Instances: 3, Limits: Limits{ExchangesPerInstance: 5, InstancesMax: 12, CallsPerInstance: 300}})
	var wait sync.WaitGroup
	for g := range 16 {
		wait.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 1))
			for n := range 15 {
				x, err := begin(ch, fmt.Sprintf("g%dn%d", g, n), client(t, `{"model":"m"}`))
				if err != nil {
					t.Error(err)
					return
				}
				for range r.IntN(12) {
					runtime.Gosched() // so that exchanges meet in an instance
					if err := x.say("hello"); err != nil {
						t.Error(err)
					}
				}
				if r.IntN(8) == 0 {
					if _, err := x.send(`{"do":"trap"}`); err == nil {
						t.Error("no trap")
					}
				}
				x.Close()
				if r.IntN(20) == 0 {
					if _, err := p.Configure(parse(t, `{"prefix":"-"}`)); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wait.Wait()
	if s := p.Stats(); s.Exchanges != 0 || s.KeptBytes != 0 || s.Lost != 0 || s.Faults == 0 || s.Replays == 0 {
		t.Errorf("%+v", s)
	}
}
