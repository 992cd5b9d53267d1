package chat

import (
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/foreign"
)

func TestIDs(t *testing.T) {
	f := func(upstream, public string) {
		t.Helper()
		got := publicID(upstream)
		if got != public {
			t.Errorf("public form of %q is %q, want %q", upstream, got, public)
		}
		if back := upstreamID(got, 0); got != "" && back != upstream {
			t.Errorf("%q became %q on the way back", upstream, back)
		}
	}
	f("call_abc-123", "call_abc-123")
	f("", "")
	f("functions.read:0", "toolu_x_ZnVuY3Rpb25zLnJlYWQ6MA")
	// What looks like a carried id is carried itself, so that the way back is certain.
	f("toolu_x_ZnVu", "toolu_x_dG9vbHVfeF9abll1"[:8]+publicID("toolu_x_ZnVu")[8:])
	f("ü", "toolu_x_w7w")
	f(strings.Repeat("x", 257), "")

	long := strings.Repeat("y", 41)
	short := upstreamID(long, 40)
	if len(short) > 40 || short != upstreamID(long, 40) || short == upstreamID(long+"z", 40) {
		t.Errorf("a long id became %q", short)
	}
	if got := upstreamID("toolu_x_!!", 40); got != "toolu_x_!!" {
		t.Errorf("an id that only looks carried became %q", got)
	}
}

// TestRepeatedIDs leads ids that come again in every answer to the client and back.
func TestRepeatedIDs(t *testing.T) {
	f := func(upstream, public string) {
		t.Helper()
		got := uniqueID(upstream, "ABCDEFGHIJ")
		if got != public || !foreign.IsName(got) || !isForeign([]byte(got)) {
			t.Errorf("unique form of %q is %q, want %q", upstream, got, public)
		}
		if back := upstreamID(got, 0); back != upstream {
			t.Errorf("%q became %q on the way back", upstream, back)
		}
		if other := uniqueID(upstream, "BBBBBBBBBB"); other == got || string(own([]byte(other))) != string(own([]byte(got))) {
			t.Errorf("%q and %q of the same id", got, other)
		}
	}
	f("call_0", "toolu_rABCDEFGH_pcall_0")
	f("functions.read:0", "toolu_rABCDEFGH_bZnVuY3Rpb25zLnJlYWQ6MA")
	f("toolu_x_ZnVu", "toolu_rABCDEFGH_ptoolu_x_ZnVu")
	f("toolu_rABCDEFGH_pcall_0", "toolu_rABCDEFGH_ptoolu_rABCDEFGH_pcall_0")

	for _, id := range []string{"toolu_r", "toolu_rABCDEFGH_p", "toolu_rABCDEFGH_x1", "toolu_01ABCDEFGHJKLMNPQRSTUVWX"} {
		if got := upstreamID(id, 0); got != id {
			t.Errorf("%q, which stands for nothing, became %q", id, got)
		}
	}
}

func TestShortName(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{
		strings.Repeat("a", 65), strings.Repeat("a", 66), strings.Repeat("a", 64) + "b", "büro", "b-ro", "b.ro", strings.Repeat("ü", 40), "x y",
	} {
		short := foreign.ShortName(name, 64, foreign.IsNameByte)
		if len(short) > 64 || !foreign.IsName(short) {
			t.Errorf("%q became %q, which no function may be called", name, short)
		}
		if other, ok := seen[short]; ok {
			t.Errorf("%q and %q both became %q", name, other, short)
		}
		seen[short] = name
	}
}

func FuzzIDs(f *testing.F) {
	for _, s := range []string{"call_1", "functions.a:0", "toolu_x_", "toolu_x_YQ", "\x00", "\xff", strings.Repeat("z", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, id string) {
		public := publicID(id)
		if public == "" {
			return
		}
		if !foreign.IsName(public) {
			t.Errorf("%q became %q, which Claude clients refuse", id, public)
		}
		if back := upstreamID(public, 0); back != id {
			t.Errorf("%q became %q and then %q", id, public, back)
		}
	})
}
