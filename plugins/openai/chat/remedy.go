package chat

import (
	"strconv"
	"strings"

	"github.com/claude-proxy/claude-proxy/plugins/openai/platform"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
)

// params is a set of parameters of a request that an upstream may refuse and that it can do without.
type params uint32

const (
	sentLimit    params = 1 << iota // max_completion_tokens
	sentOldLimit                    // max_tokens
	sentTemperature
	sentTopP
	sentStop
	sentEffort
	sentParallel
	sentStreamOptions
	sentTier
	sentUser
	sentCacheKey
	sentBreakpoint
	sentStrict
	sentTopK
	sentChoice
	sentThinking
	sentEnableThinking
	sentThinkingBudget
	sentTemplate
	sentReasoning        // the switch, or reasoning that goes back
	sentReasoningContent // reasoning that goes back
	sentReasoningDetails // the same
)

// optional lists the parameters in the order of their bits.
var optional = [...]string{
	"max_completion_tokens", "max_tokens", "temperature", "top_p", "stop", "reasoning_effort", "parallel_tool_calls",
	"stream_options", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_breakpoint", "strict",
	"top_k", "tool_choice", "thinking", "enable_thinking", "thinking_budget", "chat_template_kwargs", "reasoning",
	"reasoning_content", "reasoning_details",
}

// sentBit is the bit of a parameter; 0 for one that cannot be left out.
func sentBit(param string) params {
	for i, name := range optional {
		if name == param {
			return 1 << i
		}
	}
	return 0
}

// remedy is how a refused request may be mended: without a parameter that was sent and is not needed, or with a lower
// output limit. nil when there is nothing to mend.
func (x *exchange) remedy(f *fault) *adapter.Remedy {
	if x.sent&(sentLimit|sentOldLimit) != 0 {
		if n := outputLimit(f.Message); n > 0 {
			return &adapter.Remedy{Name: platform.RemedyLimit, Value: strconv.Itoa(n)}
		}
	}
	if f.Code == "invalid_function_parameters" && x.sent&sentStrict != 0 {
		return &adapter.Remedy{Name: platform.RemedyDrop, Value: "strict"}
	}
	if r := x.reasoningRemedy(f); r != nil {
		return r
	}
	if !f.refusesParameter() {
		return nil
	}
	for i, name := range optional {
		if x.sent&(1<<i) != 0 && f.about(name, x.sent) {
			return &adapter.Remedy{Name: platform.RemedyDrop, Value: name}
		}
	}
	return nil
}

// reasoningRemedy mends what a request said or did not say about earlier reasoning: it must come back, or is not known.
func (x *exchange) reasoningRemedy(f *fault) *adapter.Remedy {
	m := strings.ToLower(f.Message)
	if !x.replayed {
		for _, name := range x.d.Reasoning {
			if indexWord(m, name) >= 0 && (strings.Contains(m, "passed back") || strings.Contains(m, "missing")) {
				return &adapter.Remedy{Name: remedyReplay, Value: name}
			}
		}
	}
	if x.sent&sentEffort != 0 && strings.Contains(m, "does not support thinking") {
		return &adapter.Remedy{Name: platform.RemedyDrop, Value: "reasoning_effort"}
	}
	signed := strings.Contains(m, "signature")
	thinks := strings.Contains(m, "thought") || strings.Contains(m, "thinking") || strings.Contains(m, "reasoning")
	switch {
	case !signed || !thinks:
	case x.sent&sentReasoningDetails != 0:
		return &adapter.Remedy{Name: platform.RemedyDrop, Value: "reasoning_details"}
	case x.d.Thinking.StateDummy != "" && !x.standIn:
		return &adapter.Remedy{Name: remedyState, Value: "all"}
	}
	return nil
}

// refusesParameter says whether the error is that a parameter is unknown or not supported.
func (f *fault) refusesParameter() bool {
	switch f.Code {
	case "unknown_parameter", "unsupported_parameter", "unsupported_value":
		return true
	}
	m := strings.ToLower(f.Message)
	for _, s := range [...]string{
		"unsupported", "not supported", "does not support", "unknown parameter", "unrecognized", "not permitted", "extra fields",
		"allowed for this model",
	} {
		if strings.Contains(m, s) {
			return true
		}
	}
	return false
}

// about says whether the error names the parameter: as param, or, where an upstream gives none, first of all in its
// message, since "use X instead" may follow. sent are the parameters of the request: words such as "thinking" name one
// only where it was sent.
func (f *fault) about(name string, sent params) bool {
	if f.Param != "" {
		return f.Param == name || strings.HasSuffix(f.Param, "."+name)
	}
	at := indexWord(f.Message, name)
	if at < 0 {
		return false
	}
	for n, other := range optional {
		bit := params(1) << n
		if bit > sentStrict && sent&bit == 0 {
			continue
		}
		if i := indexWord(f.Message, other); i >= 0 && i < at {
			return false
		}
	}
	return true
}

// indexWord is the first place where word stands alone in s, -1 when there is none.
func indexWord(s, word string) int {
	for from := 0; ; {
		i := strings.Index(s[from:], word)
		if i < 0 {
			return -1
		}
		i += from
		end := i + len(word)
		if (i == 0 || !foreign.IsNameByte(s[i-1])) && (end == len(s) || !foreign.IsNameByte(s[end])) {
			return i
		}
		from = end
	}
}
