package apart

import (
	"errors"
	"testing"
)

func TestDo(t *testing.T) {
	done := false
	if Do(func() { done = true }); !done {
		t.Error("Do did not wait")
	}
}

// Whoever contains panics around Do contains those of f.
func TestDoPanics(t *testing.T) {
	want := errors.New("deep down")
	defer func() {
		if got := recover(); got != want {
			t.Errorf("recovered %v", got)
		}
	}()
	Do(func() { panic(want) })
}
