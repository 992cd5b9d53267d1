package platform

import (
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

func TestSent(t *testing.T) {
	f := func(have, want, sent string) {
		t.Helper()
		l := foreign.Ledger{Up: &adapter.UpstreamRequest{}}
		got := Sent(&l, strings.Fields(have), want)
		if got != sent || (len(l.Up.Losses) == 0) != (sent == want) {
			t.Errorf("%s of %s is %s with losses %v, want %s", want, have, got, l.Up.Losses, sent)
		}
	}
	f("none low medium high", "none", "none")
	f("minimal low high", "none", "minimal")
	f("minimal low high", "medium", "low")
	f("low high", "max", "high")
	f("high", "low", "high")
	f("none minimal low medium high xhigh max", "xhigh", "xhigh")
}

// A user stays the same one from session to session, in all forms of Claude Code's ids.
func TestWriteUser(t *testing.T) {
	hash := func(id string) string {
		t.Helper()
		doc, err := jsonindex.Parse([]byte(id), jsonindex.ClientMode())
		if err != nil {
			t.Fatal(err)
		}
		var w jsonindex.Writer
		WriteUser(&w, doc.Root())
		w.Finish()
		got := string(w.AppendTo(nil, nil))
		if len(got) != 66 {
			t.Errorf("%s gives %s", id, got)
		}
		return got
	}
	same := func(a, b string, want bool) {
		t.Helper()
		if (hash(a) == hash(b)) != want {
			t.Errorf("%s and %s: the same is %v", a, b, !want)
		}
	}
	same(`"user_1_account__session_aaa"`, `"user_1_account__session_bbb"`, true)
	same(`"user_1_account__session_aaa"`, `"user_2_account__session_aaa"`, false)
	same(`"{\"device_id\":\"1\",\"session_id\":\"a\"}"`, `"{\"device_id\":\"1\",\"session_id\":\"b\"}"`, true)
	same(`"{\"device_id\":\"1\",\"session_id\":\"a\"}"`, `"{\"device_id\":\"2\",\"session_id\":\"a\"}"`, false)
	same(`"plain"`, `"other"`, false)
}
