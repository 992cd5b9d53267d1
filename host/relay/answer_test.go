package relay

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// tape records what a client gets, with the seconds at which it came.
type tape struct {
	start time.Time
	lines []string
	err   error
}

func (w *tape) Head(status int, headers []adapter.Header) {
	var names []string
	for _, h := range headers {
		names = append(names, h.Name)
	}
	w.note(fmt.Sprintf("head %d %s", status, strings.Join(names, " ")))
}

func (w *tape) Write(b []byte) error {
	w.note(string(b))
	return w.err
}

func (w *tape) note(s string) {
	w.lines = append(w.lines, fmt.Sprintf("%.0fs %s", time.Since(w.start).Seconds(), strings.TrimSpace(s)))
}

const streamHead = "head 200 request-id content-type cache-control x-accel-buffering"

func play(t *testing.T, stream bool, script func(a *answer, w *tape), want ...string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &tape{start: time.Now()}
		a := newAnswer(w, stream, "req_1", func(error) {})
		script(a, w)
		a.end()
		time.Sleep(time.Minute) // nothing comes after the end
		if got := strings.Join(w.lines, "\n"); got != strings.Join(want, "\n") {
			t.Errorf("got:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
		}
	})
}

// U12, U13b: the head after 15 s of silence, comments until there is content, pings in a begun message.
func TestSilence(t *testing.T) {
	play(t, true, func(a *answer, _ *tape) {
		time.Sleep(50 * time.Second)
		a.content([]byte("one"), true)
		time.Sleep(10 * time.Second)
		a.content([]byte("two"), true)
		time.Sleep(40 * time.Second)
		a.content([]byte("three"), false)
		time.Sleep(40 * time.Second)
	},
		"15s "+streamHead, "15s : keepalive", "30s : keepalive", "45s : keepalive",
		"50s one", "60s two",
		"75s event: ping\ndata: {\"type\":\"ping\"}", "90s event: ping\ndata: {\"type\":\"ping\"}",
		"100s three")
}

// A whole answer hears nothing before it is complete.
func TestNoSilenceForWholeAnswers(t *testing.T) {
	play(t, false, func(a *answer, _ *tape) {
		time.Sleep(50 * time.Second)
		a.whole(200, "application/json", []byte("{}"))
	}, "50s head 200 request-id content-type content-length", "50s {}")
}

func TestFail(t *testing.T) {
	fault := failure.Overloaded(2 * time.Second)
	const body = `{"type":"error","error":{"type":"overloaded_error","message":"the proxy is at its limit of concurrent requests"},"request_id":"req_1"}`
	// in place of an answer
	play(t, true, func(a *answer, _ *tape) { a.fail(fault, "req_1") }, "0s head 529 request-id retry-after content-type content-length", "0s "+body)
	// after the head
	play(t, true, func(a *answer, _ *tape) {
		time.Sleep(16 * time.Second)
		a.fail(fault, "req_1")
		a.fail(fault, "req_1") // once is enough
	}, "15s "+streamHead, "15s : keepalive", "16s event: error\ndata: "+body)
	// after content
	play(t, true, func(a *answer, _ *tape) {
		a.content([]byte("one"), true)
		a.fail(fault, "req_1")
	}, "0s "+streamHead, "0s one", "0s event: error\ndata: "+body)
}

// The headers of the attempt that answers go out, not those of the one that failed before it.
func TestDescribe(t *testing.T) {
	play(t, true, func(a *answer, _ *tape) {
		a.describe([]adapter.Header{{Name: "x-first", Value: "1"}})
		a.describe([]adapter.Header{{Name: "x-second", Value: "2"}})
		a.content([]byte("one"), true)
	}, "0s head 200 request-id x-second content-type cache-control x-accel-buffering", "0s one")
}

// C22: a client that does not read ends the request, once, and nothing more is written.
func TestGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := 0
		w := &tape{start: time.Now(), err: errors.New("broken pipe")}
		a := newAnswer(w, true, "req_1", func(error) { gone++ })
		for range 3 {
			if a.content([]byte("one"), true) == nil {
				t.Error("no error")
			}
		}
		a.fail(failure.Internal(), "req_1")
		a.end()
		if gone != 1 || len(w.lines) != 2 {
			t.Errorf("told %d times, wrote %q", gone, w.lines)
		}
	})
}

func TestWatch(t *testing.T) {
	f := func(use func(w *watch), want ...string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			var mu sync.Mutex
			var fired []string
			w := &watch{cancel: func(err error) {
				mu.Lock()
				defer mu.Unlock()
				fired = append(fired, fmt.Sprintf("%s %v", time.Since(start), err))
			}}
			use(w)
			time.Sleep(time.Minute)
			mu.Lock()
			defer mu.Unlock()
			if !slices.Equal(fired, want) {
				t.Errorf("fired %q, want %q", fired, want)
			}
		})
	}
	// nothing comes
	f(func(w *watch) { w.expect(10*time.Second, errNoHead) }, "10s "+errNoHead.Error())
	// the head comes, then bytes, then nothing
	f(func(w *watch) {
		w.expect(10*time.Second, errNoHead)
		time.Sleep(9 * time.Second)
		w.expect(4*time.Second, errIdle)
		for range 5 {
			time.Sleep(3 * time.Second)
			w.touch(time.Now())
		}
	}, "28s "+errIdle.Error())
	// the answer ends in time
	f(func(w *watch) {
		w.expect(time.Second, errNoWhole)
		w.stop()
	})
}
