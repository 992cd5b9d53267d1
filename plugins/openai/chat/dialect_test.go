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

func TestNearest(t *testing.T) {
	f := func(efforts, want, nearest string) {
		t.Helper()
		fam := Family{Efforts: strings.Fields(efforts)}
		if got := fam.nearest(want); got != nearest {
			t.Errorf("%s of %s is %s, want %s", want, efforts, got, nearest)
		}
	}
	f("none low medium high", "none", "none")
	f("minimal low high", "none", "minimal")
	f("minimal low high", "medium", "low")
	f("low high", "max", "high")
	f("high", "low", "high")
	f("none minimal low medium high xhigh max", "xhigh", "xhigh")
}
