package telemetry

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// stuck is a pipe that nobody reads until it is opened.
type stuck struct {
	open chan struct{}
	mu   sync.Mutex
	got  bytes.Buffer
}

func (s *stuck) Write(p []byte) (int, error) {
	<-s.open
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got.Write(p)
}

// O08: whoever logs never waits, what is dropped is counted, and all is well again when the reader is back.
func TestAsyncNeverBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &stuck{open: make(chan struct{})}
		a := NewAsync(w, nil)
		line := strings.Repeat("x", 999) + "\n"
		began := time.Now()
		for range 5000 {
			if n, err := a.Write([]byte(line)); n != len(line) || err != nil {
				t.Fatal(n, err)
			}
		}
		if time.Since(began) != 0 {
			t.Error("writing waited")
		}
		dropped := a.Dropped()
		if dropped < 2500 || dropped > 4500 {
			t.Errorf("%d of 5000 dropped", dropped)
		}
		close(w.open)
		synctest.Wait()
		a.Write([]byte("after\n"))
		a.Close(time.Minute)
		lines := strings.Split(strings.TrimSuffix(w.got.String(), "\n"), "\n")
		if want := 5000 - int(dropped) + 2; len(lines) != want {
			t.Errorf("%d lines, want %d", len(lines), want)
		}
		if !strings.Contains(w.got.String(), fmt.Sprintf("\n%d log lines were dropped\n", dropped)) || lines[len(lines)-1] != "after" {
			t.Errorf("the last lines are %q", lines[len(lines)-2:])
		}
		a.Write([]byte("too late\n"))
		if a.Dropped() != dropped+1 {
			t.Errorf("%d dropped", a.Dropped())
		}
	})
}

// A program that ends does not wait for a stuck pipe for longer than it was told.
func TestAsyncCloseIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &stuck{open: make(chan struct{})}
		a := NewAsync(w, nil)
		a.Write([]byte("one\n"))
		synctest.Wait()
		began := time.Now()
		a.Close(time.Second)
		if time.Since(began) != time.Second {
			t.Errorf("closing took %s", time.Since(began))
		}
		close(w.open)
	})
}

func TestAsyncCutsLongLines(t *testing.T) {
	w := &stuck{open: make(chan struct{})}
	close(w.open)
	a := NewAsync(w, nil)
	a.Write([]byte(strings.Repeat("x", 2*maxLine) + "\n"))
	a.Close(time.Minute)
	if n := w.got.Len(); n > maxLine+8 || !strings.HasSuffix(w.got.String(), "…\n") {
		t.Errorf("%d bytes", n)
	}
}
