package openaiold_test

import (
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/plugins/openaiold"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/adaptertest"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
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
	for _, lines := range adaptertest.Streams(f, "testdata") {
		f.Add(lines)
	}
	all := everyServer(f)
	f.Fuzz(func(t *testing.T, lines string) {
		for _, a := range all {
			x := exchange(t, a)
			var out ops.Emitter
			err := adaptertest.ReadEvents(x, lines, &out)
			if err == nil && !out.DoneSeen() {
				err = x.End(adapter.EOF, &out)
			}
			adaptertest.CheckAnswer(t, out.Buf, err)
		}
	})
}

// FuzzWhole reads a body as an answer of every kind of server.
func FuzzWhole(f *testing.F) {
	for _, text := range adaptertest.Sections(f, "testdata", "upstream.json") {
		f.Add(text)
	}
	all := everyServer(f)
	f.Fuzz(func(t *testing.T, body string) {
		doc, err := jsonindex.Parse([]byte(body), jsonindex.UpstreamMode())
		if err != nil {
			return
		}
		for _, a := range all {
			var out ops.Emitter
			err := exchange(t, a).Whole(doc.Root(), &out)
			adaptertest.CheckAnswer(t, out.Buf, err)
		}
	})
}

// FuzzFailure reads a body as the error of every kind of server.
func FuzzFailure(f *testing.F) {
	for _, section := range []string{"upstream.json", "upstream.text"} {
		for _, text := range adaptertest.Sections(f, "testdata", section) {
			f.Add(400, text)
		}
	}
	all := everyServer(f)
	f.Fuzz(func(t *testing.T, status int, body string) {
		resp := adapter.UpstreamResponse{Status: status, Data: []byte(body)}
		if doc, err := jsonindex.Parse([]byte(body), jsonindex.UpstreamMode()); err == nil {
			resp.JSON = doc.Root()
		}
		for _, a := range all {
			adaptertest.CheckError(t, exchange(t, a).Failure(&resp))
		}
	})
}

// FuzzRequest converts a request for every kind of server.
func FuzzRequest(f *testing.F) {
	f.Add(agentRequest)
	for _, text := range adaptertest.Sections(f, "testdata", "client.json") {
		f.Add(text)
	}
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
			adaptertest.CheckRequest(t, a, &adapter.Call{ID: "req_1", Model: "m", Stream: true, Session: "s", Body: doc})
		}
	})
}
