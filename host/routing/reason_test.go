package routing

import (
	"regexp"
	"testing"
)

func TestReason(t *testing.T) {
	f := func(r Reason, want string) {
		t.Helper()
		if got := r.String(); got != want {
			t.Errorf("%+v says %q, want %q", r, got, want)
		}
	}
	f(Reason{}, "")
	f(Because(Fit), "fit")
	f(Because(RouteOff, "model", "m", "route", "claude-*"), `model "m": every channel of the route "claude-*" is disabled`)
	f(Because(ModelRefused, "model", "a\"\x1b[2J"), `the key may not use the model "a\"\x1b[2J"`)
	// What comes from outside is a name, never a place for one.
	f(Because(Health, "said", "{state} }{"), "{state} }{")
	place := regexp.MustCompile(`\{(\w*)\}`)
	for _, code := range Codes() {
		for _, m := range place.FindAllStringSubmatch(sentences[code], -1) {
			if m[1] == "" {
				t.Errorf("%s has a place without a name", code)
			}
		}
	}
}
