package openairesponses

import (
	"strconv"
	"strings"

	"github.com/claude-proxy/claude-proxy/plugins/openai/platform"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
)

// Names of remedies.
const (
	// remedyReasoning leaves out the reasoning of earlier turns.
	remedyReasoning = "drop_reasoning"
)

// params is a set of what a request holds that the upstream may refuse and that it can do without.
type params uint16

const (
	sentTemperature params = 1 << iota
	sentTopP
	sentEffort
	sentSummary
	sentParallel
	sentStreamOptions
	sentTier
	sentUser
	sentCacheKey
	sentBreakpoint
	sentStrict
	sentInclude
	sentLimit     // max_output_tokens, which is lowered but never left out
	sentReasoning // reasoning items of earlier turns
)

// optional lists the parameters in the order of their bits.
var optional = [...]string{
	"temperature", "top_p", "reasoning.effort", "reasoning.summary", "parallel_tool_calls", "stream_options", "service_tier",
	"safety_identifier", "prompt_cache_key", "prompt_cache_breakpoint", "strict", "include",
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
	if n := platform.NumberAfter(f.Message, "supports at most "); n >= minLimit && x.sent&sentLimit != 0 {
		return &adapter.Remedy{Name: platform.RemedyLimit, Value: strconv.Itoa(n)}
	}
	if f.Code == "invalid_function_parameters" && x.sent&sentStrict != 0 {
		return &adapter.Remedy{Name: platform.RemedyDrop, Value: "strict"}
	}
	if !f.refusesParameter() {
		return nil
	}
	for i, name := range optional {
		if x.sent&(1<<i) == 0 || !f.about(name) {
			continue
		}
		if strings.HasPrefix(name, f.Param+".") {
			name = f.Param
		}
		return &adapter.Remedy{Name: platform.RemedyDrop, Value: name}
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
		"unsupported", "not supported", "does not support", "unknown parameter", "unrecognized", "not permitted", "must be verified",
	} {
		if strings.Contains(m, s) {
			return true
		}
	}
	return false
}

// about says whether the error names the parameter: as param, or, where the upstream gives none, in its message.
func (f *fault) about(name string) bool {
	if f.Param == "" {
		return hasWord(f.Message, name)
	}
	group, _, _ := strings.Cut(name, ".")
	return f.Param == name || f.Param == group || strings.HasSuffix(f.Param, "."+name) || strings.HasPrefix(f.Param, name+"[")
}

// aboutReasoning says whether the error is that reasoning of an earlier turn is not taken back: it was made with another
// key, or does not fit the items around it. https://platform.openai.com/docs/guides/reasoning#encrypted-reasoning-items
func (f *fault) aboutReasoning() bool {
	if f.Status >= 500 || f.Status == 401 || f.Status == 403 || f.Status == 429 {
		return false
	}
	if f.Code == "invalid_encrypted_content" {
		return true
	}
	for _, s := range [...]string{"encrypted content", "encrypted_content", "type 'reasoning'", "'reasoning' item", "id 'rs_"} {
		if strings.Contains(f.Message, s) {
			return true
		}
	}
	return false
}

// hasWord says whether word stands alone in s.
func hasWord(s, word string) bool {
	apart := func(c rune) bool { return c > 0x7f || c != '.' && !foreign.IsNameByte(byte(c)) }
	for w := range strings.FieldsFuncSeq(s, apart) {
		if strings.Trim(w, ".") == word {
			return true
		}
	}
	return false
}
