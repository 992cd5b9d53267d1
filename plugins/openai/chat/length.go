package chat

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/claude-proxy/claude-proxy/plugins/openai/platform"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// tooLong says whether the prompt does not fit into the model's context, or not together with the output limit.
func (f *fault) tooLong() bool {
	if f.Code == "context_length_exceeded" || f.Kind == "exceed_context_size_error" {
		return true
	}
	m := strings.ToLower(f.Message)
	for _, words := range [...]string{
		"maximum context length", "context window of this model", "prompt is too long", "exceeds the available context size",
		"context length of only", "exceeded model token limit", "prompt exceeds max length", "range of input length",
	} {
		if strings.Contains(m, words) {
			return true
		}
	}
	return false
}

// tooLong tells a prompt that is too long from an output limit that leaves the prompt no room. The latter is mended by a
// lower limit.
func (x *exchange) tooLong(f *fault, out *adapter.Failure) {
	most, prompt, answer := lengths(f.Message)
	if answer == 0 || prompt <= 0 || prompt >= most {
		out.Field = "messages"
		out.Message = platform.PromptTooLong(f.Message)
		return
	}
	out.Field = "max_tokens"
	out.Message = fmt.Sprintf("input length and `max_tokens` exceed context limit: %d + %d > %d, decrease input length or `max_tokens` and try again",
		prompt, answer, most)
	if x.sent&(sentLimit|sentOldLimit) != 0 {
		out.Remedy = &adapter.Remedy{Name: platform.RemedyLimit, Value: strconv.Itoa(most - prompt)}
	}
}

// lengths reads how many tokens a model takes and what the prompt and the answer were to have of them; 0 for what the
// message does not say.
func lengths(message string) (most, prompt, answer int) {
	most = platform.NumberAfter(message, platform.ContextIs)
	for _, after := range [...]string{" in the completion", " in the output", " output tokens"} {
		if answer == 0 {
			answer = numberBefore(message, after)
		}
	}
	if answer == 0 {
		answer = platform.NumberAfter(message, "is too large: ")
	}
	for _, before := range [...]string{"your request has ", "prompt contains at least ", "prompt contains "} {
		if prompt == 0 {
			prompt = platform.NumberAfter(message, before)
		}
	}
	if prompt == 0 {
		asked := max(platform.NumberAfter(message, "you requested "), platform.NumberAfter(message, "you requested about "))
		prompt = asked - answer
	}
	return most, prompt, answer
}

// outputLimit is the most tokens that a model can answer with, where an error names them; else 0.
func outputLimit(message string) int {
	for _, before := range [...]string{
		"supports at most ", "max_tokens is [1, ", "max_tokens should be [1, ", "`max_tokens` must be less than or equal to `",
	} {
		if n := platform.NumberAfter(message, before); n > 0 {
			return n
		}
	}
	return 0
}

// numberBefore is the number in front of the first occurrence of a text, 0 when there is none.
func numberBefore(s, after string) int {
	head, _, ok := strings.Cut(s, after)
	if !ok {
		return 0
	}
	begin := len(head)
	for begin > 0 && len(head)-begin < 12 && head[begin-1]-'0' < 10 {
		begin--
	}
	n, err := strconv.Atoi(head[begin:])
	if err != nil {
		return 0
	}
	return n
}
