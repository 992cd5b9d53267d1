package hosttest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Each delta of a timed stream says when it was due, at even distances, however the bytes are cut.
func TestTimed(t *testing.T) {
	h := httptest.NewServer(new(Fast))
	defer h.Close()
	began := time.Now()
	resp, err := http.Post(h.URL+"/v1/chat/completions", "application/json", strings.NewReader(`{"model":"fast-timed-5-10ms","stream":true,"messages":[]}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for _, step := range []int{len(answer), 1, 7} {
		var all []time.Time
		read := 0
		for end := 0; end < len(answer); {
			end = min(end+step, len(answer))
			for ok := true; ok; {
				var due time.Time
				var rest []byte
				if due, rest, ok = NextDue(answer[read:end]); ok {
					all = append(all, due)
				}
				read = end - len(rest)
			}
		}
		if len(all) != 5 {
			t.Fatalf("%d times in steps of %d: %s", len(all), step, answer)
		}
		for i, due := range all {
			if due.Before(began) || due.After(now) {
				t.Errorf("due at %v, asked at %v and answered at %v", due, began, now)
			}
			if i > 0 && due.Sub(all[i-1]) != 10*time.Millisecond {
				t.Errorf("%v after the one before", due.Sub(all[i-1]))
			}
		}
	}
}

// Marks without a time are text.
func TestNextDue(t *testing.T) {
	f := func(text string, want int64, wantRest string) {
		t.Helper()
		due, rest, ok := NextDue([]byte(text))
		if ok != (want != 0) || ok && due.UnixNano() != want || string(rest) != wantRest {
			t.Errorf("%q: %v %q %v", text, due, rest, ok)
		}
	}
	f("", 0, "")
	f("me @home or elsewhere, not here @1764000000000000001!", 1764000000000000001, "!")
	f("no mark, but a blank ", 0, " ")
	f("no mark at all", 0, "l")
	f("half a time @17640000", 0, " @17640000")
}
