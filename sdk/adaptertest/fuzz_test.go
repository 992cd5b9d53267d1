package adaptertest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// judge takes the place of a test that a check stops.
type judge struct{}

func (*judge) Helper() {}

func (j *judge) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// stops is what a check stops for, "" when it passes.
func stops(check func(t stopper)) (verdict string) {
	defer func() {
		if r := recover(); r != nil {
			verdict = r.(string)
		}
	}()
	check(&judge{})
	return ""
}

// TestFuzzChecks plants a fault for each check to find.
func TestFuzzChecks(t *testing.T) {
	var text, done, models ops.Emitter
	text.TextString(0, "Hi")
	done.TextString(0, "Hi")
	done.Stop(ops.EndTurn, "", nil)
	done.Done()
	models.Model([]byte(`{"type":"model","id":"m","display_name":"m","created_at":"1970-01-01T00:00:00Z"}`))
	models.Done()
	proper := adapter.Fail(adapter.Protocol, "", "cut")
	for _, c := range []struct {
		name  string
		check func(stopper)
		want  string // "" passes
	}{
		{"a proper failure", func(t stopper) { CheckError(t, proper) }, ""},
		{"any other error", func(t stopper) { CheckError(t, errors.New("oops")) }, "is no Failure"},
		{"a nil failure", func(t stopper) { CheckError(t, (*adapter.Failure)(nil)) }, "is no Failure"},
		{"the adapter's fault", func(t stopper) { CheckError(t, adapter.Fail(adapter.Internal, "", "x")) }, "internal"},
		{"no message", func(t stopper) { CheckError(t, &adapter.Failure{Class: adapter.Invalid}) }, "no message"},
		{"a complete answer", func(t stopper) { CheckAnswer(t, done.Buf, nil) }, ""},
		{"half an answer that failed", func(t stopper) { CheckAnswer(t, text.Buf, proper) }, ""},
		{"half an answer as a success", func(t stopper) { CheckAnswer(t, text.Buf, nil) }, "done is false"},
		{"a complete answer that failed", func(t stopper) { CheckAnswer(t, done.Buf, proper) }, "done is true"},
		{"ops that are none", func(t stopper) { CheckAnswer(t, []byte{0xff}, nil) }, "refused"},
		{"a list of models", func(t stopper) { CheckModels(t, models.Buf, nil) }, ""},
		{"a list that failed", func(t stopper) { CheckModels(t, nil, proper) }, ""},
		{"text as a list of models", func(t stopper) { CheckModels(t, done.Buf, nil) }, "no part of this answer"},
		{"seeds", func(t stopper) { Sections(t, "../examples/echo/testdata", "client.json") }, ""},
		{"no such section", func(t stopper) { Sections(t, "../examples/echo/testdata", "upstream.lines") }, "no case"},
		{"no folder", func(t stopper) { Streams(t, "absent") }, "no case"},
	} {
		got := stops(c.check)
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// fixed writes these bodies in turn.
type fixed struct {
	adapter.Adapter
	bodies []string
}

func (f *fixed) Begin(_ *adapter.Call, up *adapter.UpstreamRequest) (adapter.Exchange, error) {
	var w jsonindex.Writer
	w.Bytes([]byte(f.bodies[0]))
	f.bodies = f.bodies[1:]
	up.Body = w
	return nil, nil
}

// TestCheckRequest finds bodies that are wrong or not the same when they are made again.
func TestCheckRequest(t *testing.T) {
	client, err := jsonindex.Parse([]byte(AgentRequest(1, "Eq")), jsonindex.ClientMode())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		bodies []string
		want   string
	}{
		{[]string{`{"a":1}`, `{"a":1}`}, ""},
		{[]string{`{"a":1,"a":2}`}, "body is wrong"},
		{[]string{`{"a":1`}, "body is wrong"},
		{[]string{`{"a":1}`, `{"a":2}`}, "another body"},
	} {
		got := stops(func(t stopper) {
			doc := CheckRequest(t, &fixed{bodies: c.bodies}, &adapter.Call{Model: "m", Body: client})
			if string(doc.Src) != c.bodies[0] {
				panic("not the body: " + string(doc.Src))
			}
		})
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.bodies, got, c.want)
		}
	}
}
