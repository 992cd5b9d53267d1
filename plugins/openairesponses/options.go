package openairesponses

import (
	"path"
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// options is what a channel may choose.
type options struct {
	// reasoning is "auto", "on" or "off": whether the models reason.
	reasoning string
	// summary is how much of the reasoning the upstream tells, "" for nothing.
	summary string
	// dropTools leaves out tools, MCP servers and containers that only Claude's servers or toolsets know.
	dropTools bool
	// refuseStops refuses stop sequences instead of letting the host cut the text.
	refuseStops bool
	// sendPrefill sends a conversation that ends with an assistant message instead of refusing it.
	sendPrefill bool
}

// optionsSchema describes options; readOptions checks the same.
const optionsSchema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "reasoning": {
      "enum": ["auto", "on", "off"], "default": "auto",
      "description": "Whether the channel's models reason. auto goes by the model's name; an unknown name counts as a current reasoning model."
    },
    "reasoning_summary": {
      "enum": ["auto", "concise", "detailed", "off"], "default": "auto",
      "description": "How much of the reasoning is told where the client shows thinking. off asks for no summary; OpenAI gives them to verified organizations only."
    },
    "unsupported_tools": {
      "enum": ["refuse", "drop"], "default": "refuse",
      "description": "What to do with tools, MCP servers and containers that only Claude's own servers can run."
    },
    "stop_sequences": {
      "enum": ["cut", "refuse"], "default": "cut",
      "description": "What to do with stop sequences, which the upstream does not have: let the proxy cut the text, or refuse the request."
    },
    "prefill": {
      "enum": ["refuse", "send"], "default": "refuse",
      "description": "What to do with a conversation that ends with an assistant message, which the model cannot continue."
    }
  }
}`

func readOptions(v jsonindex.Value) (o options, err error) {
	o = options{reasoning: "auto", summary: "auto"}
	if !v.IsNull() && v.Kind() != jsonindex.Object {
		return o, adapter.Fail(adapter.Invalid, "options", "must be an object")
	}
	for it := v.Iter(); it.Next() && err == nil; {
		var word string
		switch name := string(it.Key()); name {
		case "reasoning":
			o.reasoning, err = oneOf(name, it.Val, "auto", "on", "off")
		case "reasoning_summary":
			if o.summary, err = oneOf(name, it.Val, "auto", "concise", "detailed", "off"); o.summary == "off" {
				o.summary = ""
			}
		case "unsupported_tools":
			word, err = oneOf(name, it.Val, "refuse", "drop")
			o.dropTools = word == "drop"
		case "stop_sequences":
			word, err = oneOf(name, it.Val, "cut", "refuse")
			o.refuseStops = word == "refuse"
		case "prefill":
			word, err = oneOf(name, it.Val, "refuse", "send")
			o.sendPrefill = word == "send"
		default:
			err = adapter.Fail(adapter.Invalid, name,
				"unknown option; known are reasoning, reasoning_summary, unsupported_tools, stop_sequences and prefill")
		}
	}
	return o, err
}

// oneOf is the option's value, which must be one of these words.
func oneOf(name string, v jsonindex.Value, words ...string) (string, error) {
	for _, w := range words {
		if v.Is(w) {
			return w, nil
		}
	}
	return "", adapter.Fail(adapter.Invalid, name, "must be one of %s", strings.Join(words, ", "))
}

// family is what a group of models takes.
type family struct {
	// models are patterns of names, "*" for any characters.
	models []string
	// reasons says that the models reason before they answer.
	reasons bool
	// sampling takes temperature and top_p.
	sampling bool
	// efforts are the values of reasoning.effort, in rising order; nil where it is not taken.
	efforts []string
	// breakpoints is the most prompt_cache_breakpoint marks in one request; 0 where there are none.
	breakpoints int
}

// families lists the models that differ from a current one, which stands last. See
// https://platform.openai.com/docs/models and https://platform.openai.com/docs/guides/reasoning.
var families = [...]family{
	{models: []string{"gpt-3.5*", "gpt-4*", "chatgpt-4o*"}, sampling: true},
	{models: []string{"gpt-5-chat*", "gpt-5.*-chat*"}},
	{models: []string{"o1", "o1-*", "o3", "o3-*", "o4-*", "codex-mini*", "gpt-5-codex*"}, reasons: true, efforts: []string{"low", "medium", "high"}},
	{models: []string{"gpt-5-pro*"}, reasons: true, efforts: []string{"high"}},
	{models: []string{"gpt-5", "gpt-5-*"}, reasons: true, efforts: []string{"minimal", "low", "medium", "high"}},
	{models: []string{"gpt-5.1-codex-max*"}, reasons: true, efforts: []string{"none", "low", "medium", "high", "xhigh"}},
	{models: []string{"gpt-5.1*"}, reasons: true, efforts: []string{"none", "low", "medium", "high"}},
	{models: []string{"gpt-5.[245]-pro*"}, reasons: true, efforts: []string{"medium", "high", "xhigh"}},
	{models: []string{"gpt-5.[2-5]*"}, reasons: true, efforts: []string{"none", "low", "medium", "high", "xhigh"}},
	{models: []string{"*"}, reasons: true, efforts: []string{"none", "low", "medium", "high", "xhigh", "max"}, breakpoints: 4},
}

// family finds what the model takes. A vendor in front of the name ("openai/gpt-5") and the mark of a fine-tuned model
// ("ft:gpt-4o:…") do not count.
func (o *options) family(model string) *family {
	if o.reasoning == "off" {
		return &families[0]
	}
	model = model[strings.LastIndexByte(model, '/')+1:]
	model = strings.TrimPrefix(model, "ft:")
	last := len(families) - 1
	for i := range families[:last] {
		f := &families[i]
		if !f.reasons && o.reasoning == "on" {
			continue
		}
		for _, p := range f.models {
			if ok, err := path.Match(p, model); ok && err == nil {
				return f
			}
		}
	}
	return &families[last]
}
