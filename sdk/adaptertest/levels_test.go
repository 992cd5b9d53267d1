package adaptertest_test

import (
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/adaptertest"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// standings is the verdict in a line.
func standings(v *adaptertest.Verdict) string {
	var b strings.Builder
	for _, l := range v.Levels {
		b.WriteString(string(l.Standing) + " ")
	}
	return strings.TrimSpace(b.String())
}

func TestLevels(t *testing.T) {
	f := func(wrong string, own bool, want string, reached int) {
		t.Helper()
		var cases []*adaptertest.Case
		if own {
			var err error
			if cases, err = adaptertest.Load("testdata"); err != nil {
				t.Fatal(err)
			}
		}
		told := 0
		v := adaptertest.NewSuite(native(wrong), cases, adaptertest.Options{}).Judge(nil, func(*adaptertest.Report) { told++ })
		if got := standings(v); got != want || v.Reached != reached {
			t.Errorf("%s: %s, reached %d, want %s, %d", wrong, got, v.Reached, want, reached)
		}
		if told != len(v.Reports) || v.OK() == strings.Contains(want, "fail") {
			t.Errorf("%s: %d reports, %d told, OK %v", wrong, len(v.Reports), told, v.OK())
		}
	}
	f("", true, "pass pass pass pass pass pass", 5)
	// Nobody but its author knows how the upstream of mini answers.
	f("", false, "pass open open open pass pass", 0)
	f("refuses tools", false, "pass open open refused pass pass", 0)
	f("manifest", false, "fail open open open pass pass", -1)
	f("wrong class", true, "pass pass pass pass pass fail", 4)
}

// With a choice of cases the adapter as a whole is not judged.
func TestJudgeOnly(t *testing.T) {
	v := adaptertest.NewSuite(native(""), nil, adaptertest.Options{}).Judge(func(name string) bool { return name == "requests/image" }, nil)
	if got := standings(v); got != "skipped skipped skipped skipped pass skipped" || len(v.Reports) != 1 || v.Reached != -1 {
		t.Errorf("%s, %d reports, reached %d", got, len(v.Reports), v.Reached)
	}
}

// counted counts, and loses its memory on demand. forgetful loses more than it may.
type counted struct {
	runner.Runner
	restarts  *int
	forgetful bool
}

func (c counted) Spent() (int64, int64) { return 7, 1 << 20 }
func (c counted) Restart()              { *c.restarts++ }

func (c counted) Configure(options *jsonindex.Doc) (runner.Channel, error) {
	ch, err := c.Runner.Configure(options)
	if err != nil || !c.forgetful {
		return ch, err
	}
	return forgetfulChannel{ch, c.restarts}, nil
}

type forgetfulChannel struct {
	runner.Channel
	restarts *int
}

func (c forgetfulChannel) Begin(call *adapter.Call, up *adapter.UpstreamRequest) (runner.Run, error) {
	run, err := c.Channel.Begin(call, up)
	if err != nil {
		return nil, err
	}
	return forgetfulRun{run, c.restarts, *c.restarts}, nil
}

type forgetfulRun struct {
	runner.Run
	restarts *int
	at       int
}

func (r forgetfulRun) Events(evs []runner.RawEvent, out *ops.Emitter) (int, error) {
	if *r.restarts > r.at {
		return 0, adapter.Fail(adapter.Protocol, "", "forgotten")
	}
	return r.Run.Events(evs, out)
}

func TestReplay(t *testing.T) {
	f := func(forgetful bool) []adaptertest.Finding {
		cases, err := adaptertest.Load("testdata")
		if err != nil {
			t.Fatal(err)
		}
		restarts := 0
		s := adaptertest.NewSuite(counted{native(""), &restarts, forgetful}, cases, adaptertest.Options{})
		for _, c := range cases {
			if c.Name == "stream" {
				r := s.Check(c)
				if restarts != 1 || r.Cost.Memory != 1<<20 || r.Cost.Time <= 0 {
					t.Errorf("%d restarts, %+v", restarts, r.Cost)
				}
				return r.Findings
			}
		}
		t.Fatal("there is no case stream")
		return nil
	}
	if found := f(false); len(found) != 0 {
		t.Errorf("%v", found)
	}
	if found := f(true); len(found) != 1 || found[0].Check != "replay" {
		t.Errorf("%v", found)
	}
}
