package messages_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	. "github.com/claude-proxy/claude-proxy/sdk/messages"
)

func head(t *testing.T, body string) Head {
	t.Helper()
	h, err := ReadHead(index(t, body))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return h
}

func TestHead(t *testing.T) {
	doc := index(t, string(agentRequest()))
	h, err := ReadHead(doc)
	if err != nil {
		t.Fatal(err)
	}
	if h.Model != "claude-opus-5-5" || !doc.Value(h.ModelEntry).Is(h.Model) || !h.Stream || h.MaxTokens != 32000 ||
		h.Session != "6f0e6e1c-89d4-4f0a-9d3b-0a4c9f7f3d11" || !h.HasTools || !h.HasThinking || h.MessageCount() != 26 || h.HasImages() {
		t.Errorf("%+v, %d messages", h, h.MessageCount())
	}
	h = head(t, `{"messages":[],"model":"a\u0062c","tools":[],"thinking":{"type":"disabled"},"max_tokens":1.5,"metadata":5,"future":{}}`)
	if h.Model != "abc" || h.Stream || h.MaxTokens != -1 || h.Session != "" || h.HasTools || h.HasThinking || h.MessageCount() != 0 {
		t.Errorf("%+v", h)
	}
}

// Only faults without which no upstream can be chosen are the host's.
func TestHeadErrors(t *testing.T) {
	f := func(body, field, message string) {
		t.Helper()
		_, err := ReadHead(index(t, body))
		var fail *adapter.Failure
		if !errors.As(err, &fail) || fail.Class != adapter.Invalid || fail.Field != field || !strings.Contains(fail.Message, message) {
			t.Errorf("%s: %v, not %s: %s", body, err, field, message)
		}
	}
	f(`"x"`, "", "must be a JSON object")
	f(`{}`, "model", "field required")
	f(`{"model":["m"],"messages":[]}`, "model", "must be a string")
	f(`{"model":"","messages":[]}`, "model", "must not be empty")
	f(`{"model":"`+strings.Repeat("m", jsonindex.ExternOver+1)+`","messages":[]}`, "model", "too long")
	f(`{"model":"m"}`, "messages", "field required")
	f(`{"model":"m","messages":"hi"}`, "messages", "must be an array")
	f(`{"model":"m","messages":[],"stream":1}`, "stream", "must be true or false")

	head(t, `{"model":"m","messages":[5,{"role":"bot"}],"max_tokens":"many","tools":"all","system":7,"thinking":1,"stream":null}`)
}

func TestSession(t *testing.T) {
	f := func(userID, want string) {
		t.Helper()
		if have := Session(index(t, userID).Root()); have != want {
			t.Errorf("%s: %q, not %q", userID, have, want)
		}
	}
	f(`"{\"device_id\":\"d\",\"session_id\":\"ab-12_C\"}"`, "ab-12_C")
	f(`"{\"session_id\" : \"x\",\"more\":1}"`, "x")
	f(`"user_0a1b_account__session_6f0e-89"`, "6f0e-89")
	f(`"user_0a1b_account_u_session_a_session_b"`, "b")
	f(`"{\"session_id\":\"\"}"`, "")
	f(`"{\"session_id\":\"a b\"}"`, "")
	f(`"{\"session_id\":\"open"`, "")
	f(`"{\"session_id\":5}"`, "")
	f(`"{\"session_id\""`, "")
	f(`"x_session_a b"`, "")
	f(`"x_session_"`, "")
	f(`"somebody"`, "")
	f(`5`, "")
	f(`null`, "")
	f(`"{\"session_id\":\"`+strings.Repeat("a", 200)+`\"}"`, "")
	f(`"`+strings.Repeat("a", jsonindex.ExternOver+1)+`"`, "")
}

func TestHasImages(t *testing.T) {
	f := func(content string, want bool) {
		t.Helper()
		h := head(t, `{"model":"m","messages":[{"role":"user","content":"x"},{"role":"user","content":`+content+`}]}`)
		if h.HasImages() != want {
			t.Errorf("%s: %v", content, !want)
		}
	}
	f(`"image"`, false)
	f(`[{"type":"text","text":"image"}]`, false)
	f(`[{"type":"text","text":"x"},{"type":"image"}]`, true)
	f(`[{"source":{},"type":"document"}]`, true)
	f(`[{"type":"tool_result","content":[{"type":"image"}]}]`, true)
	f(`[{"type":"tool_result","content":"image"},5,{"type":7}]`, false)
	f(`[`+strings.Repeat(`{"type":"text"},`, 5000)+`{"type":"image"}]`, false) // beyond what is looked at
}

// The hash follows the beginning of a conversation and nothing else.
func TestPrefixHash(t *testing.T) {
	hash := func(body string) uint64 {
		h := head(t, `{"model":"m",`+body+`}`)
		return h.PrefixHash()
	}
	long := strings.Repeat("0123456789", 3000)
	const first = `"system":"Be brief.","messages":[{"role":"user","content":"Hi"}`
	base := hash(first + `]`)
	same := []string{
		first + `,{"role":"assistant","content":"Ho"},{"role":"user","content":"More"}]`,
		`"messages":[{"role":"user","content":"Hi"}],"system":"Be brief."`,
		`"system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}]`,
		`"system":"Be brief.","messages":[{"role":"system","content":"x"},{"role":"user","content":"Hi"}]`,
	}
	for _, body := range same {
		if hash(body) != base {
			t.Errorf("%s: another hash", body)
		}
	}
	seen := map[uint64]string{base: first}
	for _, body := range []string{
		`"messages":[{"role":"user","content":"Hi"}]`,
		`"system":"Be brief!","messages":[{"role":"user","content":"Hi"}]`,
		`"system":"Be brief.","messages":[{"role":"user","content":"Ho"}]`,
		`"system":"Be brief.","messages":[]`,
		`"system":"Be brief.H","messages":[{"role":"user","content":"i"}]`,
		`"system":"` + long[:15000] + `","messages":[]`,
		`"system":"` + long[:14000] + `","messages":[]`,
		`"system":"x` + long[1:15000] + `","messages":[]`,
		`"system":"` + long[:14999] + `x","messages":[]`,
		`"system":"` + long + `","messages":[]`, // longer than what the index lets adapters read
		`"system":"` + long[:len(long)-1] + `x","messages":[]`,
	} {
		if was, ok := seen[hash(body)]; ok {
			t.Errorf("%.60s and %.60s have the same hash", body, was)
		}
		seen[hash(body)] = body
	}
	if base != 0 && hash(first+`]`) != base {
		t.Error("not stable")
	}
}
