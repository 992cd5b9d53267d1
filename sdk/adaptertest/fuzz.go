package adaptertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/render"
	"github.com/claude-proxy/claude-proxy/sdk/render/grammar"
)

// stopper is what the parts of a fuzz test need of *testing.T, *testing.F and *testing.B.
type stopper interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Sections gives the section of this name, such as "client.json", of every case in the folder dir that has it: the seeds of
// a fuzz test. A folder without one is an error.
func Sections(t stopper, dir, name string) (texts []string) {
	t.Helper()
	for _, c := range cases(t, dir) {
		text, ok, err := c.archive.get(name)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		if ok {
			texts = append(texts, text)
		}
	}
	if len(texts) == 0 {
		t.Fatalf("no case in %s has a section %s", dir, name)
	}
	return texts
}

// Streams gives the streamed answer of every case in the folder dir that has one, each as [ReadEvents] takes it: the data of
// one event in a line. A folder without one is an error.
func Streams(t stopper, dir string) (texts []string) {
	t.Helper()
	for _, c := range cases(t, dir) {
		if !c.streamed() {
			continue
		}
		frames, err := cutFrames(c.answer, c.data, nil)
		if err != nil {
			continue // the case is about a stream that cannot be cut
		}
		var b bytes.Buffer
		for i, f := range frames {
			if i > 0 {
				b.WriteByte('\n')
			}
			b.Write(bytes.ReplaceAll(f.data, []byte("\n"), []byte(" ")))
		}
		texts = append(texts, b.String())
	}
	if len(texts) == 0 {
		t.Fatalf("no case in %s has a stream", dir)
	}
	return texts
}

func cases(t stopper, dir string) []*Case {
	t.Helper()
	list, err := Load(dir)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return list
}

// ReadEvents gives an exchange each line as the data of one event, up to its first error. The end of the stream is left to
// the caller.
func ReadEvents(x adapter.Exchange, lines string, out *ops.Emitter) error {
	for line := range strings.SplitSeq(lines, "\n") {
		ev := adapter.Event{Data: []byte(line)}
		if doc, err := jsonindex.Parse([]byte(line), jsonindex.UpstreamMode()); err == nil {
			ev.JSON = doc.Root()
		}
		if err := x.Event(ev, out); err != nil {
			return err
		}
	}
	return nil
}

// CheckRequest begins a call, whose body and model the host would let through, and checks what comes of it: a proper
// Failure, a complete local answer, or a body that is strict JSON without a key twice and the same when it is made again.
// It returns that body, nil when there is none.
func CheckRequest(t stopper, a adapter.Adapter, call *adapter.Call) *jsonindex.Doc {
	t.Helper()
	var up, again adapter.UpstreamRequest
	if _, err := a.Begin(call, &up); err != nil {
		CheckError(t, err)
		return nil
	}
	if up.Local {
		CheckAnswer(t, up.Answer.Buf, nil)
		return nil
	}
	sent := up.Body.AppendTo(nil, call.Body.Src)
	// A conversion may wrap what the client nested as deep as it may.
	doc, err := jsonindex.Parse(sent, jsonindex.Mode{Unique: true, MaxDepth: 4 * jsonindex.MaxDepth})
	if err != nil {
		t.Fatalf("the upstream's body is wrong: %v\n%s", err, sent)
	}
	if _, err := a.Begin(call, &again); err != nil || !bytes.Equal(again.Body.AppendTo(nil, call.Body.Src), sent) {
		t.Fatalf("the same call gave another body, or error %v\n%s", err, sent)
	}
	return doc
}

// CheckAnswer checks the ops of an answer to a messages call and the error that came with them. They must render to a stream
// and to a whole message, complete and well-formed where err is nil, else incomplete with a proper Failure.
func CheckAnswer(t stopper, emitted []byte, err error) {
	t.Helper()
	if err != nil {
		CheckError(t, err)
	}
	meta := render.Meta{ID: answerID, Model: defaultModel}
	for _, form := range [...]struct {
		state *render.State
		check func([]byte) error
	}{
		{render.NewStream(meta), grammar.CheckStream},
		{render.NewWhole(meta), grammar.CheckWhole},
	} {
		b, refused := form.state.Apply(nil, emitted)
		if refused != nil {
			t.Fatalf("the ops are refused: %v\n%s", refused, ops.Dump(emitted))
		}
		if form.state.Done() != (err == nil) {
			t.Fatalf("done is %t with error %v\n%s", form.state.Done(), err, ops.Dump(emitted))
		}
		if err != nil {
			continue
		}
		if wrong := form.check(b); wrong != nil {
			t.Fatalf("%v\n%s\n%s", wrong, ops.Dump(emitted), b)
		}
	}
}

// CheckModels checks the ops of a list of models and the error that came with them.
func CheckModels(t stopper, emitted []byte, err error) {
	t.Helper()
	if err != nil {
		CheckError(t, err)
		return
	}
	list, err := render.Models(emitted)
	if err != nil {
		t.Fatalf("%v\n%s", err, ops.Dump(emitted))
	}
	for _, m := range list {
		if !json.Valid(m) {
			t.Fatalf("a model is not JSON: %s", m)
		}
	}
}

// CheckError checks that an error is a Failure as the contract wants it, and not the adapter's own fault.
func CheckError(t stopper, err error) {
	t.Helper()
	var f *adapter.Failure
	if !errors.As(err, &f) || f == nil {
		t.Fatalf("error %#v is no Failure", err)
	}
	if wrong := failureFault(&traced{fail: f}); wrong != "" {
		t.Fatalf("%s: %#v", wrong, f)
	}
}
