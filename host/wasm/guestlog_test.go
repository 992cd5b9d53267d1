package wasm

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

func TestLog(t *testing.T) {
	var log logs
	p := loadWith(t, log.config(), trouble, Options{Name: "acme", Limits: Limits{LogRate: 3, FuelPerEvent: 1_000_000_000}})
	now := time.Unix(1_000_000, 0)
	p.log.now = func() time.Time { return now }
	ch := configure(t, p, `{}`)
	x := mustBegin(t, ch, "x")
	defer x.Close()
	if _, err := x.send(`{"do":"log"}`); err != nil {
		t.Fatal(err)
	}
	said := log.String()
	if !strings.Contains(said, "canary-log-line [redacted]") || strings.Contains(said, "sk-canary") || !strings.Contains(said, "canary-stderr-line") || !strings.Contains(said, "plugin=acme") {
		t.Errorf("log %s", said)
	}
	now = now.Add(time.Second)
	if _, err := x.send(`{"do":"flood"}`); err != nil {
		t.Fatal(err)
	}
	said = strings.TrimPrefix(log.String(), said)
	if n := strings.Count(said, "\n"); n != 3 || len(said) > 3*(maxLine+200) {
		t.Errorf("%d lines, %d bytes", n, len(said))
	}
	now = now.Add(time.Second)
	if _, err := x.send(`{"do":"log"}`); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "lines=997") {
		t.Errorf("the number of lines that were dropped is missing: %.2000s", log.String())
	}
}

func TestLineBuffer(t *testing.T) {
	f := func(pieces ...string) []string {
		var b lineBuffer
		var lines []string
		for _, p := range pieces {
			b.write([]byte(p), func(line []byte) { lines = append(lines, string(line)) })
		}
		return lines
	}
	// pieces make lines, empty ones are none
	if got := f("a", "b\nc\n\n", "d"); !reflect.DeepEqual(got, []string{"ab", "c"}) {
		t.Errorf("%q", got)
	}
	// a line is cut, and the next one is whole again
	long := strings.Repeat("x", maxLine+100)
	if got := f(long, long+"\nnext\n"); len(got) != 2 || len(got[0]) != maxLine || got[1] != "next" {
		t.Errorf("%d lines", len(got))
	}
	if got := clean([]byte("a\x00\x1b[31m\xff\tb")); got != "a[31m\uFFFD\tb" {
		t.Errorf("%q", got)
	}
}

// A panic of the adapter's own code is a typed error of that call, and the instance lives on. What it said is in the log
// alone.
func TestPanic(t *testing.T) {
	var log logs
	p := loadWith(t, log.config(), trouble, Options{Name: "acme"})
	ch := configure(t, p, `{"prefix":"~"}`)
	x, y := mustBegin(t, ch, "x"), mustBegin(t, ch, "y")
	defer x.Close()
	defer y.Close()
	_, err := x.send(`{"do":"panic"}`)
	var f *adapter.Failure
	if !errors.As(err, &f) || f.Class != adapter.Internal || strings.Contains(err.Error(), "canary") {
		t.Errorf("%v", err)
	}
	if err := y.say("still here"); err != nil {
		t.Error(err)
	}
	if _, err := p.Configure(parse(t, `{"do":"panic"}`)); !errors.As(err, &f) {
		t.Errorf("configure: %v", err)
	}
	if _, err := begin(ch, "z", client(t, `{"do":"panic"}`)); !errors.As(err, &f) {
		t.Errorf("begin: %v", err)
	}
	if s := p.Stats(); s.Faults != 0 {
		t.Errorf("%+v", s)
	}
	if said := log.String(); !strings.Contains(said, "canary-panic-text") || !strings.Contains(said, "plugin=acme") {
		t.Errorf("log %s", said)
	}
}
