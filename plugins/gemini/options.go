package gemini

import (
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// optionsSchema describes options; readOptions checks the same.
const optionsSchema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "schema": {
      "enum": ["json", "openapi"], "default": "json",
      "description": "How schemas are written: json as JSON Schema (parametersJsonSchema, responseJsonSchema), openapi in the older notation (parameters, responseSchema) for services that know no other."
    },
    "thinking": {
      "enum": ["auto", "level", "budget", "off"], "default": "auto",
      "description": "How the channel's models are told how much to think. auto goes by the model's name; a name that nobody knows counts as a current model, which takes a level."
    },
    "signatures": {
      "enum": ["auto", "on", "off"], "default": "auto",
      "description": "Whether the channel's models demand a thought signature with the first function call of each step. auto goes by the model's name."
    },
    "result_media": {
      "enum": ["auto", "inside", "beside"], "default": "auto",
      "description": "Where images and PDF documents of tool results go: inside the function response, or beside it. auto goes by the model's name."
    },
    "urls": {
      "enum": ["google", "any"], "default": "google",
      "description": "Which addresses of images and documents are passed on: those that belong to Google (Files API, Cloud Storage, YouTube), or any."
    },
    "safety": {
      "type": "object",
      "description": "Safety settings: a threshold for each category.",
      "propertyNames": {"enum": ["harassment", "hate_speech", "sexually_explicit", "dangerous_content", "civic_integrity"]},
      "additionalProperties": {"enum": ["off", "block_none", "block_only_high", "block_medium_and_above", "block_low_and_above"]}
    },
    "stop_sequences": {
      "enum": ["send", "cut"], "default": "send",
      "description": "Who stops at a stop sequence: the service, which takes five and does not tell which one came up, or the proxy, which tells."
    },
    "unsupported_tools": {
      "enum": ["refuse", "drop"], "default": "refuse",
      "description": "What to do with tools, MCP servers and containers that only Claude's own servers can run."
    },
    "prefill": {
      "enum": ["refuse", "send"], "default": "refuse",
      "description": "What to do with a conversation that ends with an assistant message, where the model cannot continue it."
    }
  }
}`

// choice is the place of a value among the words of an option; 0 is the default.
type choice uint8

// options is what a channel chose.
type options struct {
	openAPI     bool
	thinking    choice // auto, level, budget, off
	signatures  choice // auto, on, off
	resultMedia choice // auto, inside, beside
	anyURL      bool
	safety      string // the JSON text of safetySettings, "" for none
	cutStops    bool
	dropTools   bool
	sendPrefill bool
}

const (
	optAuto choice = iota
	optLevel
	optBudget
	optNoThinking
)

const (
	optOn choice = iota + 1
	optOff
)

const (
	optInside choice = iota + 1
	optBeside
)

// readOptions checks the options of a channel.
func readOptions(v jsonindex.Value) (o options, err error) {
	if !v.IsNull() && v.Kind() != jsonindex.Object {
		return o, adapter.Fail(adapter.Invalid, "options", "must be an object")
	}
	for it := v.Iter(); it.Next(); {
		if err := o.set(string(it.Key()), it.Val); err != nil {
			return o, err
		}
	}
	return o, nil
}

// set applies one option.
func (o *options) set(name string, v jsonindex.Value) (err error) {
	var n choice
	switch name {
	case "schema":
		n, err = oneOf(name, v, "json", "openapi")
		o.openAPI = n == 1
	case "thinking":
		o.thinking, err = oneOf(name, v, "auto", "level", "budget", "off")
	case "signatures":
		o.signatures, err = oneOf(name, v, "auto", "on", "off")
	case "result_media":
		o.resultMedia, err = oneOf(name, v, "auto", "inside", "beside")
	case "urls":
		n, err = oneOf(name, v, "google", "any")
		o.anyURL = n == 1
	case "safety":
		o.safety, err = safetySettings(v)
	case "stop_sequences":
		n, err = oneOf(name, v, "send", "cut")
		o.cutStops = n == 1
	case "unsupported_tools":
		n, err = oneOf(name, v, "refuse", "drop")
		o.dropTools = n == 1
	case "prefill":
		n, err = oneOf(name, v, "refuse", "send")
		o.sendPrefill = n == 1
	default:
		err = adapter.Fail(adapter.Invalid, name, "unknown option; known are schema, thinking, signatures, result_media, urls, safety, "+
			"stop_sequences, unsupported_tools and prefill")
	}
	return err
}

// oneOf says which of the words an option is.
func oneOf(name string, v jsonindex.Value, words ...string) (choice, error) {
	for i, w := range words {
		if v.Is(w) {
			return choice(i), nil
		}
	}
	return 0, adapter.Fail(adapter.Invalid, name, "must be one of %s", strings.Join(words, ", "))
}

// safetySettings is the JSON text of the settings that the option asks for.
// https://ai.google.dev/gemini-api/docs/safety-settings
func safetySettings(v jsonindex.Value) (string, error) {
	if v.Kind() != jsonindex.Object {
		return "", adapter.Fail(adapter.Invalid, "safety", "must be an object with a threshold for each category")
	}
	var w jsonindex.Writer
	for it := v.Iter(); it.Next(); {
		category := string(it.Key())
		if _, err := wordOf("safety", category, "harassment", "hate_speech", "sexually_explicit", "dangerous_content", "civic_integrity"); err != nil {
			return "", err
		}
		text, _ := it.Val.Text()
		threshold, err := wordOf("safety."+category, text, "off", "block_none", "block_only_high", "block_medium_and_above", "block_low_and_above")
		if err != nil {
			return "", err
		}
		c := byte(',')
		if w.Len() == 0 {
			c = '['
		}
		w.Byte(c)
		w.Lit(`{"category":"HARM_CATEGORY_` + strings.ToUpper(category) + `","threshold":"` + strings.ToUpper(threshold) + `"}`)
	}
	if w.Len() == 0 {
		return "", nil
	}
	w.Byte(']')
	return string(w.Literal()), nil
}

// wordOf checks that a text is one of the words.
func wordOf(field, text string, words ...string) (string, error) {
	for _, w := range words {
		if text == w {
			return w, nil
		}
	}
	return "", adapter.Fail(adapter.Invalid, field, "found %q; known are %s", text, strings.Join(words, ", "))
}
