package platform

import (
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// Errors come in every shape that servers behind the two APIs send.
func TestReadFault(t *testing.T) {
	for _, c := range []struct {
		body string
		want Fault
	}{
		{`{"error":{"message":"m","type":"t","code":"c","param":"p"}}`, Fault{Status: 400, Message: "m", Kind: "t", Code: "c", Param: "p"}},
		{`{"error":"m"}`, Fault{Status: 400, Message: "m"}},
		{`[{"error":{"message":"m"}}]`, Fault{Status: 400, Message: "m"}},
		{`{"detail":["m"]}`, Fault{Status: 400, Message: `["m"]`}},
		{`{"error_description":"m","type":"error","error":{"type":"t"}}`, Fault{Status: 400, Message: "m", Kind: "t"}},
		{`{"error":{"code":429,"message":"m"}}`, Fault{Status: 400, Message: "m"}},
		{`{"error":{"message":"m","metadata":{"raw":"r"}}}`, Fault{Status: 400, Message: "m", Raw: "r"}},
		{` m `, Fault{Status: 400, Message: "m"}},
		{`<html>`, Fault{Status: 400}},
		{``, Fault{Status: 400}},
	} {
		resp := adapter.UpstreamResponse{Status: 400, Data: []byte(c.body)}
		if doc, err := jsonindex.Parse([]byte(c.body), jsonindex.UpstreamMode()); err == nil {
			resp.JSON = doc.Root()
		}
		if got := ReadFault(&resp); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.body, got, c.want)
		}
	}
}

// An error inside an answer may name its status.
func TestFaultInside(t *testing.T) {
	doc, err := jsonindex.Parse([]byte(`{"code":503}`), jsonindex.UpstreamMode())
	if err != nil {
		t.Fatal(err)
	}
	var f Fault
	if f.Read(doc.Root()); f.Status != 503 || f.Text("X") != "X answered status 503 without a message" {
		t.Errorf("%+v: %s", f, f.Text("X"))
	}
	if text := (&Fault{}).Text("X"); text != "X answered with an error and no message" {
		t.Error(text)
	}
}

func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"1500": 1500 * time.Millisecond, "0.5": 500 * time.Microsecond, "": 0, "-1": 0, "0": 0, "1e400": 0, "NaN": 0, "1e9": 0, "soon": 0,
	} {
		resp := adapter.UpstreamResponse{Headers: []adapter.Header{{Name: "retry-after-ms", Value: value}}}
		if got := RetryAfter(&resp); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}

func TestPromptTooLong(t *testing.T) {
	for message, want := range map[string]string{
		"This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.": "prompt is too long: 9000 tokens > 8192 maximum",
		"maximum context length is 10 tokens; you requested about 12 tokens":                                  "prompt is too long: 12 tokens > 10 maximum",
		"maximum context length is 10 tokens; you requested 9 tokens":                                         "prompt is too long: maximum context length is 10 tokens; you requested 9 tokens",
		"maximum context length is 99999999999999999999":                                                      "prompt is too long: maximum context length is 99999999999999999999",
		"prompt is too long: 2 tokens > 1 maximum":                                                            "prompt is too long: 2 tokens > 1 maximum",
		"": "prompt is too long",
	} {
		if got := PromptTooLong(message); got != want {
			t.Errorf("%q: %q, want %q", message, got, want)
		}
	}
}
