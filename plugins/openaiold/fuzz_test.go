package openaiold_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/plugins/openaiold"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/render"
	"github.com/claude-proxy/claude-proxy/sdk/render/grammar"
)

// everyServer is a channel of each preset, and two whose options no preset has.
func everyServer(f *testing.F) (all []adapter.Adapter) {
	f.Helper()
	var options []string
	for _, name := range properties(f)["preset"].Enum {
		options = append(options, `{"preset":"`+name+`"}`)
	}
	options = append(options, `{"think_tags":"inside","reasoning_back":"tags","repeated_ids":false}`,
		`{"reasoning_details":"parts","reasoning_fields":["r"],"call_id_limit":9,"tool_name_limit":12,"unsupported_tools":"drop","prefill":"partial"}`)
	for _, o := range options {
		doc, err := jsonindex.Parse([]byte(o), jsonindex.ClientMode())
		if err != nil {
			f.Fatal(err)
		}
		a, err := openaiold.Module{}.New(doc.Root())
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, a)
	}
	return all
}

// seed adds a section of every case that has it.
func seed(f *testing.F, section string, add func(text string)) {
	for _, file := range caseFiles(f) {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		if _, rest, ok := strings.Cut(string(text), "-- "+section+" --\n"); ok {
			body, _, _ := strings.Cut(rest, "\n-- ")
			add(body)
		}
	}
}

func exchange(t *testing.T, a adapter.Adapter) adapter.Exchange {
	t.Helper()
	doc, err := jsonindex.Parse([]byte(`{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}],`+
		`"tools":[{"name":"`+strings.Repeat("long", 20)+`","input_schema":{}}]}`), jsonindex.ClientMode())
	if err != nil {
		t.Fatal(err)
	}
	var up adapter.UpstreamRequest
	x, err := a.Begin(&adapter.Call{ID: "req_1", Model: "m", Stream: true, Body: doc}, &up)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// FuzzEvents reads each line as an event, with every kind of server.
func FuzzEvents(f *testing.F) {
	seed(f, "upstream.sse", func(text string) { f.Add(strings.ReplaceAll(strings.ReplaceAll(text, "\n\n", "\n"), "data: ", "")) })
	all := everyServer(f)
	f.Fuzz(func(t *testing.T, lines string) {
		for _, a := range all {
			var out ops.Emitter
			err := readEvents(exchange(t, a), lines, &out)
			checkAnswer(t, out.Buf, err)
		}
	})
}

func readEvents(x adapter.Exchange, lines string, out *ops.Emitter) error {
	for line := range strings.SplitSeq(lines, "\n") {
		ev := adapter.Event{Data: []byte(line)}
		if doc, err := jsonindex.Parse([]byte(line), jsonindex.UpstreamMode()); err == nil {
			ev.JSON = doc.Root()
		}
		if err := x.Event(ev, out); err != nil {
			return err
		}
	}
	if out.DoneSeen() {
		return nil
	}
	return x.End(adapter.EOF, out)
}

// FuzzWhole reads a body as an answer of every kind of server.
func FuzzWhole(f *testing.F) {
	seed(f, "upstream.json", func(text string) { f.Add(text) })
	all := everyServer(f)
	f.Fuzz(func(t *testing.T, body string) {
		doc, err := jsonindex.Parse([]byte(body), jsonindex.UpstreamMode())
		if err != nil {
			return
		}
		for _, a := range all {
			var out ops.Emitter
			err := exchange(t, a).Whole(doc.Root(), &out)
			checkAnswer(t, out.Buf, err)
		}
	})
}

// FuzzFailure reads a body as the error of every kind of server.
func FuzzFailure(f *testing.F) {
	for _, section := range []string{"upstream.json", "upstream.text"} {
		seed(f, section, func(text string) { f.Add(400, text) })
	}
	all := everyServer(f)
	f.Fuzz(func(t *testing.T, status int, body string) {
		resp := adapter.UpstreamResponse{Status: status, Data: []byte(body)}
		if doc, err := jsonindex.Parse([]byte(body), jsonindex.UpstreamMode()); err == nil {
			resp.JSON = doc.Root()
		}
		for _, a := range all {
			checkError(t, exchange(t, a).Failure(&resp))
		}
	})
}

// FuzzRequest converts a request for every kind of server.
func FuzzRequest(f *testing.F) {
	f.Add(agentRequest(1))
	seed(f, "client.json", func(text string) { f.Add(text) })
	all := everyServer(f)
	f.Fuzz(func(t *testing.T, body string) {
		doc, err := jsonindex.Parse([]byte(body), jsonindex.ClientMode())
		if err != nil {
			return
		}
		if _, err := messages.ReadHead(doc); err != nil {
			return
		}
		for _, a := range all {
			var up adapter.UpstreamRequest
			if _, err := a.Begin(&adapter.Call{ID: "req_1", Model: "m", Stream: true, Session: "s", Body: doc}, &up); err != nil {
				checkError(t, err)
				continue
			}
			if up.Local {
				checkAnswer(t, up.Answer.Buf, nil)
				continue
			}
			// The strict reader also refuses duplicate keys.
			if sent := up.Body.AppendTo(nil, doc.Src); !strict(sent) {
				t.Fatalf("the upstream body is wrong:\n%s", sent)
			}
		}
	})
}

func strict(body []byte) bool {
	_, err := jsonindex.Parse(body, jsonindex.Mode{Unique: true})
	return err == nil
}

// checkError makes sure that an error is one of the contract's and not the adapter's own fault.
func checkError(t *testing.T, err error) {
	t.Helper()
	var fail *adapter.Failure
	if !errors.As(err, &fail) || fail == nil || fail.Class == adapter.Internal || fail.Message == "" || fail.RetryAfter < 0 {
		t.Fatalf("error %#v is no proper Failure", err)
	}
	if fail.Details != nil && !json.Valid(fail.Details) {
		t.Fatalf("details are not JSON: %s", fail.Details)
	}
}

// checkAnswer renders ops as a stream and as a whole message, and checks the error that came with them.
func checkAnswer(t *testing.T, emitted []byte, err error) {
	t.Helper()
	if err != nil {
		checkError(t, err)
	}
	for _, form := range []struct {
		state *render.State
		check func([]byte) error
	}{
		{render.NewStream(render.Meta{ID: "msg_1", Model: "m"}), grammar.CheckStream},
		{render.NewWhole(render.Meta{ID: "msg_1", Model: "m"}), grammar.CheckWhole},
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
