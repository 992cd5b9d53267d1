package chat

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// tooLong says whether the prompt does not fit into the model's context, or not together with the output limit.
func (f *fault) tooLong() bool {
	if f.code == "context_length_exceeded" || f.kind == "exceed_context_size_error" {
		return true
	}
	m := strings.ToLower(f.message)
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
	most, prompt, answer := lengths(f.message)
	if answer == 0 || prompt <= 0 || prompt >= most {
		out.Field = "messages"
		out.Message = promptTooLong(f.message)
		return
	}
	out.Field = "max_tokens"
	out.Message = fmt.Sprintf("input length and `max_tokens` exceed context limit: %d + %d > %d, decrease input length or `max_tokens` and try again",
		prompt, answer, most)
	if x.sent&(sentLimit|sentOldLimit) != 0 {
		out.Remedy = &adapter.Remedy{Name: remedyLimit, Value: strconv.Itoa(most - prompt)}
	}
}

const contextIs = "maximum context length is "

// lengths reads how many tokens a model takes and what the prompt and the answer were to have of them; 0 for what the
// message does not say.
func lengths(message string) (most, prompt, answer int) {
	most = numberAfter(message, contextIs)
	for _, after := range [...]string{" in the completion", " in the output", " output tokens"} {
		if answer == 0 {
			answer = numberBefore(message, after)
		}
	}
	if answer == 0 {
		answer = numberAfter(message, "is too large: ")
	}
	for _, before := range [...]string{"your request has ", "prompt contains at least ", "prompt contains "} {
		if prompt == 0 {
			prompt = numberAfter(message, before)
		}
	}
	if prompt == 0 {
		asked := max(numberAfter(message, "you requested "), numberAfter(message, "you requested about "))
		prompt = asked - answer
	}
	return most, prompt, answer
}

// outputLimit is the most tokens that a model can answer with, where an error names them; else 0.
func outputLimit(message string) int {
	for _, before := range [...]string{
		"supports at most ", "max_tokens is [1, ", "max_tokens should be [1, ", "`max_tokens` must be less than or equal to `",
	} {
		if n := numberAfter(message, before); n > 0 {
			return n
		}
	}
	return 0
}

// promptTooLong says it in Claude's words, by which clients know that they have to shorten the conversation.
func promptTooLong(message string) string {
	const claude = "prompt is too long"
	if strings.HasPrefix(message, claude) {
		return message
	}
	most := numberAfter(message, contextIs)
	for _, before := range [...]string{"resulted in ", "you requested ", "you requested about ", "request has "} {
		if have := numberAfter(message, before); have > most && most > 0 {
			return claude + ": " + strconv.Itoa(have) + " tokens > " + strconv.Itoa(most) + " maximum"
		}
	}
	if message == "" {
		return claude
	}
	return claude + ": " + message
}

// numberAfter is the number behind the first occurrence of a text, 0 when there is none.
func numberAfter(s, before string) int {
	_, rest, ok := strings.Cut(s, before)
	if !ok {
		return 0
	}
	end := 0
	for end < len(rest) && end < 12 && rest[end]-'0' < 10 {
		end++
	}
	n, err := strconv.Atoi(rest[:end])
	if err != nil {
		return 0
	}
	return n
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
