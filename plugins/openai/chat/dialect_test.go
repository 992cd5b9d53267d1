package chat

import (
	"flag"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/adaptertest"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

var update = flag.Bool("update", false, "rewrite the goldens in testdata")

// module is a dialect as an adapter.
type module struct{ d Dialect }

func (m module) Manifest() adapter.Manifest {
	return adapter.Manifest{
		Name: "dialect", Version: "0", Title: adapter.Text{EN: m.d.Name, ZH: m.d.Name}, Auth: "bearer",
		Operations: []adapter.Operation{adapter.Messages, adapter.Models},
	}
}

func (m module) New(options jsonindex.Value) (adapter.Adapter, error) {
	for it := options.Iter(); it.Next(); {
		return nil, adapter.Fail(adapter.Invalid, string(it.Key()), "there are no options")
	}
	return New(m.d)
}

// narrow takes as little as a server of the old kind may.
func narrow() Dialect {
	return Dialect{
		Name: "Narrow", Path: "/v1/chat/completions", ModelsPath: "/v1/models",
		Families:      []Family{{LimitField: "max_tokens", SystemRole: "system", Stops: 4, Sampling: true}},
		StringContent: true, EmptyResult: "(no output)", ToolNameLimit: 64, Reasoning: []string{"reasoning_content", "reasoning"},
	}
}

// wide takes strings and pictures.
func wide() Dialect {
	d := narrow()
	d.Name, d.SystemInline, d.Images, d.Files, d.ToolNameLimit = "Wide", true, true, true, 0
	return d
}

// old does with reasoning all that a server may.
func old() Dialect {
	d := narrow()
	d.Name, d.Alternate, d.RepeatedIDs, d.PlainPatterns, d.TopK, d.JSONObject, d.EmptyContent = "Old", true, true, true, true, true, true
	d.Families[0].Efforts = []string{"low", "high"}
	d.Continues, d.ContinueMark = true, "prefix"
	d.Thinking = Thinking{
		Issuer: "old", Details: "reasoning_details", Back: "reasoning_content", BackAlways: true, BackEmpty: true, Open: "<think>", Close: "</think>",
		On: Member{"thinking", `{"type":"enabled"}`}, Off: Member{"thinking", `{"type":"disabled"}`},
		State: []string{"extra_content", "google", "thought_signature"}, StateDummy: "none", StateNeeded: true,
	}
	return d
}

// tagged is another such server: contents as parts, the system prompt as user text, reasoning in tags both ways.
func tagged() Dialect {
	d := old()
	d.Name, d.StringContent, d.Alternate, d.Families = "Tagged", false, false, []Family{{LimitField: "max_tokens", SystemRole: "user", Stops: 1}}
	d.Thinking.Back, d.Thinking.Inside, d.Thinking.Budget = BackInTags, true, []string{"reasoning", "max_tokens"}
	d.Images = true
	return d
}

// TestNarrow plays testdata/narrow: what differs where the server takes less than OpenAI.
func TestNarrow(t *testing.T) {
	adaptertest.Run(t, runner.Native(module{narrow()}), "testdata/narrow", adaptertest.Options{Update: *update, Fields: true})
}

// TestWide plays testdata/wide: texts are strings, but pictures and files still need parts.
func TestWide(t *testing.T) {
	adaptertest.Run(t, runner.Native(module{wide()}), "testdata/wide", adaptertest.Options{Update: *update, Fields: true})
}

func TestDialectMistakes(t *testing.T) {
	f := func(change func(*Dialect), want string) {
		t.Helper()
		d := proper()
		change(&d)
		_, err := New(d)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	f(func(d *Dialect) { d.Name = "" }, "Name, Path and ModelsPath are required")
	f(func(d *Dialect) { d.Path = "v1" }, "Name, Path and ModelsPath are required")
	f(func(d *Dialect) { d.ModelsPath = "" }, "Name, Path and ModelsPath are required")
	f(func(d *Dialect) { d.Families = nil }, "must fit every model")
	f(func(d *Dialect) { d.Families[0].Models = []string{"gpt*"} }, "must fit every model")
	f(func(d *Dialect) { d.Families[0].LimitField = "" }, "LimitField and SystemRole are required")
	f(func(d *Dialect) { d.Families[0].Efforts = []string{"high", "low"} }, "not in rising order")
	f(func(d *Dialect) { d.Families[0].Efforts = []string{"turbo"} }, "unknown")
	f(func(d *Dialect) { d.Thinking.Open = "<think>" }, "must be two tags")
	f(func(d *Dialect) { d.Thinking.Open, d.Thinking.Close = "<think>", "<think>" }, "must be two tags")
	f(func(d *Dialect) { d.Thinking.Open, d.Thinking.Close = "think:", ":think" }, "must be two tags")
	f(func(d *Dialect) { d.Thinking.Open, d.Thinking.Close = "<"+strings.Repeat("x", maxTag), "</x>" }, "must be two tags")
	f(func(d *Dialect) { d.Thinking.Back = "reasoning" }, "need an Issuer")
	f(func(d *Dialect) { d.Thinking.Details = "reasoning_details" }, "need an Issuer")
	f(func(d *Dialect) { d.Thinking.State = []string{"state"} }, "need an Issuer")
	f(func(d *Dialect) { d.Thinking.Inside = true }, "need tags")
	f(func(d *Dialect) { d.Thinking.Issuer, d.Thinking.Back = "x", BackInTags }, "need tags")
	f(func(d *Dialect) { d.Thinking.StateDummy = "x" }, "needs State")
	f(func(d *Dialect) {
		d.Thinking.Issuer, d.Thinking.State, d.Thinking.StateNeeded = "x", []string{"state"}, true
	}, "needs StateDummy")
}

func TestFamily(t *testing.T) {
	d := Dialect{Families: []Family{{Models: []string{"gpt-4*", "o3", "o3-*"}, LimitField: "old"}, {Models: []string{"a*-chat*b"}, LimitField: "middle"}, {LimitField: "new"}}}
	f := func(model, want string) {
		t.Helper()
		if got := d.family(model).LimitField; got != want {
			t.Errorf("%s: family %s, want %s", model, got, want)
		}
	}
	f("gpt-4", "old")
	f("gpt-4o-mini", "old")
	f("openai/gpt-4.1", "old")
	f("ft:gpt-4o-mini:org:name:id", "old")
	f("o3", "old")
	f("o3-mini", "old")
	f("o30", "new")
	f("my-gpt-4", "new")
	f("", "new")
	f("a1-chat2b", "middle")
	f("a-chatb", "middle")
	f("a-chat", "new")
	f("a-cha-chatxb", "middle")
}
