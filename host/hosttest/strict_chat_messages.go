package hosttest

import (
	"encoding/base64"
	"slices"
	"strings"
)

// chatMessage checks one message by itself.
func (k *checker) chatMessage(at string, m map[string]any) {
	role := k.enum(join(at, "role"), k.need(at, m, "role"), "developer", "system", "user", "assistant", "tool", "function")
	content := join(at, "content")
	switch role {
	case "developer", "system":
		k.fields(at, m, "role", "content", "name")
		k.chatContent(content, k.need(at, m, "content"), "text")
	case "user":
		k.fields(at, m, "role", "content", "name")
		k.chatContent(content, k.need(at, m, "content"), "text", "image_url", "file", "input_audio")
	case "tool":
		k.fields(at, m, "role", "content", "tool_call_id")
		k.str(join(at, "tool_call_id"), k.need(at, m, "tool_call_id"))
		k.chatContent(content, k.need(at, m, "content"), "text")
	case "assistant":
		k.fields(at, m, "role", "content", "name", "refusal", "audio", "annotations", "tool_calls", "function_call")
		if m["content"] == nil && m["tool_calls"] == nil && m["function_call"] == nil && m["refusal"] == nil {
			k.invalid(content, "expected a string or parts, found null, and no tool calls")
		}
		if m["content"] != nil {
			k.chatContent(content, m["content"], "text", "refusal")
		}
		if list, ok := m["tool_calls"].([]any); ok && len(list) == 0 {
			k.invalid(join(at, "tool_calls"), "empty array, expected at least one call")
		}
		k.each(join(at, "tool_calls"), m["tool_calls"], k.chatCall)
	}
}

// chatCall checks one tool call of the history.
func (k *checker) chatCall(at string, m map[string]any) {
	k.fields(at, m, "id", "type", "function")
	if id := k.str(join(at, "id"), k.need(at, m, "id")); len(id) > 64 {
		k.invalid(join(at, "id"), "string too long, at most 64 characters")
	}
	k.enum(join(at, "type"), k.need(at, m, "type"), "function", "custom")
	at = join(at, "function")
	f := k.object(at, m["function"])
	k.fields(at, f, "name", "arguments")
	k.matches(join(at, "name"), k.need(at, f, "name"), openAIName)
	k.str(join(at, "arguments"), k.need(at, f, "arguments"))
}

// chatContent checks a string or parts of the given types.
func (k *checker) chatContent(at string, v any, types ...string) {
	if _, ok := v.(string); ok {
		return
	}
	list := k.list(at, v)
	if len(list) == 0 {
		k.invalid(at, "empty array, expected at least one part")
	}
	k.each(at, list, func(at string, m map[string]any) {
		kind := k.enum(join(at, "type"), k.need(at, m, "type"), types...)
		switch kind {
		case "text":
			k.fields(at, m, "type", "text", "prompt_cache_breakpoint")
			k.str(join(at, "text"), k.need(at, m, "text"))
		case "refusal":
			k.fields(at, m, "type", "refusal")
		case "image_url":
			k.fields(at, m, "type", "image_url", "prompt_cache_breakpoint")
			at = join(at, "image_url")
			image := k.object(at, m["image_url"])
			k.fields(at, image, "url", "detail")
			k.imageURL(join(at, "url"), k.str(join(at, "url"), k.need(at, image, "url")))
			k.enum(join(at, "detail"), image["detail"], "auto", "low", "high", "original")
		case "file":
			k.fields(at, m, "type", "file", "prompt_cache_breakpoint")
			at = join(at, "file")
			k.openAIFile(at, k.object(at, m["file"]), "file_id", "filename", "file_data")
		}
	})
}

// imageURL wants http(s) or the data of a picture that OpenAI reads.
func (k *checker) imageURL(at, url string) {
	if strings.HasPrefix(url, "https://") || strings.HasPrefix(url, "http://") {
		return
	}
	kind, data, ok := dataURL(url)
	if !ok || !slices.Contains([]string{"image/png", "image/jpeg", "image/gif", "image/webp"}, kind) {
		k.invalid(at, "expected a URL or a base64 data URL of png, jpeg, gif or webp")
		return
	}
	k.base64(at, data)
}

func (k *checker) base64(at, data string) {
	if _, err := base64.StdEncoding.DecodeString(data); err != nil || data == "" {
		k.invalid(at, "not valid base64")
	}
}

func dataURL(url string) (kind, data string, ok bool) {
	rest, ok := strings.CutPrefix(url, "data:")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, ";base64,")
}

// openAIFile checks an inline file, which needs its name.
func (k *checker) openAIFile(at string, m map[string]any, allowed ...string) {
	k.fields(at, m, allowed...)
	if m["file_data"] == nil {
		if m["file_id"] == nil && m["file_url"] == nil {
			k.fail(k.words.missing(join(at, "file_data")))
		}
		return
	}
	k.str(join(at, "filename"), k.need(at, m, "filename"))
	_, data, ok := dataURL(k.str(join(at, "file_data"), m["file_data"]))
	if !ok {
		k.invalid(join(at, "file_data"), "expected a base64 data URL")
		return
	}
	k.base64(join(at, "file_data"), data)
}

// chatPairs checks that tool messages follow their calls at once and completely.
func (k *checker) chatPairs(messages []any) {
	var open []string
	for i, v := range messages {
		m := members(v)
		at := join("messages", i)
		if m["role"] == "tool" {
			n := slices.Index(open, text(m["tool_call_id"]))
			if n < 0 {
				k.invalid(join(at, "tool_call_id"), "messages with role 'tool' must be a response to a preceding message with 'tool_calls'")
				return
			}
			open = slices.Delete(open, n, n+1)
			continue
		}
		if k.unanswered(join(at, "role"), open) {
			return
		}
		open = nil
		for _, call := range elements(m["tool_calls"]) {
			id := text(members(call)["id"])
			if slices.Contains(open, id) {
				k.invalid(join(at, "tool_calls"), "duplicate tool call id %q", id)
			}
			open = append(open, id)
		}
	}
	k.unanswered("messages", open)
}

func (k *checker) unanswered(at string, open []string) bool {
	if len(open) == 0 {
		return false
	}
	k.invalid(at, "an assistant message with 'tool_calls' must be followed by tool messages for each 'tool_call_id', missing: %s", strings.Join(open, ", "))
	return true
}
