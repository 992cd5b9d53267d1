package running

import (
	"errors"
	"path/filepath"
	"testing"
	"time"
)

func TestAnnounce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	if _, err := Find(dir); !errors.Is(err, ErrNone) {
		t.Fatal(err)
	}
	first := Info{PID: 1, URL: "http://127.0.0.1:1", Started: time.Unix(1, 0)}
	withdraw, err := Announce(dir, first)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Find(dir); err != nil || got.URL != first.URL || got.PID != 1 {
		t.Errorf("%+v %v", got, err)
	}
	// A second copy takes over; the first one's end does not take its word away.
	second, err := Announce(dir, Info{PID: 2, URL: "http://127.0.0.1:2", Started: time.Unix(2, 0)})
	if err != nil {
		t.Fatal(err)
	}
	withdraw()
	if got, err := Find(dir); err != nil || got.PID != 2 {
		t.Errorf("%+v %v", got, err)
	}
	second()
	if _, err := Find(dir); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
}
