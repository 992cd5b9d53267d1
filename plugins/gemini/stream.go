package gemini

import (
	"bytes"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// exchange reads the answer to one request.
type exchange struct {
	callID string
	// names leads from the upstream's names of functions to the client's, where they differ.
	names map[string]string
	// What the request holds that the upstream may refuse: a thinkingConfig, schemas in the notation of JSON Schema.
	thinking, jsonSchema bool

	open   opened
	block  int // the number of the open block, and of the last one
	sealed bool
	calls  []call

	said      bool // the message op went out
	noted     bool // annotations were reported as lost
	stop      ops.StopReason
	finished  bool
	explained string // of a refusal
	token     string // to ask for the rest with
	done      bool
}

// opened is which kind of block is open.
type opened uint8

const (
	openNothing opened = iota
	openText
	openThinking
)

// Event reads one chunk, a whole GenerateContentResponse. https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse
func (x *exchange) Event(ev adapter.Event, out *ops.Emitter) error {
	if x.done {
		return nil
	}
	if !ev.JSON.Exists() {
		if data := bytes.TrimSpace(ev.Data); len(data) == 0 || string(data) == "[DONE]" {
			return nil // nothing, or the mark of a server that only resembles Gemini
		}
		return x.protocol("an event is not JSON")
	}
	switch ev.JSON.Kind() {
	case jsonindex.Object:
		return x.chunk(ev.JSON, out)
	case jsonindex.Null:
		return nil
	}
	if first := ev.JSON.At(0); first.Get("error").Exists() {
		return x.inside(first)
	}
	return x.protocol("an event is not a JSON object")
}

// chunk reads one response or piece of a response.
func (x *exchange) chunk(v jsonindex.Value, out *ops.Emitter) error {
	var candidates, usage, feedback, id, model jsonindex.Value
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "candidates":
			candidates = it.Val
		case "usageMetadata":
			usage = it.Val
		case "promptFeedback":
			feedback = it.Val
		case "responseId":
			id = it.Val
		case "modelVersion":
			model = it.Val
		case "error":
			if !it.Val.IsNull() {
				return x.inside(v)
			}
		case "continuationToken":
			x.token, _ = it.Val.Text()
		}
	}
	if !x.said && (id.IsString() || model.IsString()) {
		x.said = true
		out.Message(id, model)
	}
	if usage.Kind() == jsonindex.Object {
		x.usage(usage, out)
	}
	if c := first(candidates); c.Exists() {
		return x.candidate(c, out)
	}
	if feedback.Kind() == jsonindex.Object {
		x.blocked(feedback)
	}
	return nil
}

// first is the candidate with index 0; others were never asked for.
func first(candidates jsonindex.Value) jsonindex.Value {
	for it := candidates.Iter(); it.Next(); {
		if n, ok := it.Val.Get("index").Int(); (!ok || n == 0) && it.Val.Kind() == jsonindex.Object {
			return it.Val
		}
	}
	return jsonindex.Value{}
}

// candidate reads what a chunk says of the answer. https://ai.google.dev/api/generate-content#candidate
func (x *exchange) candidate(c jsonindex.Value, out *ops.Emitter) error {
	var parts, finish, message jsonindex.Value
	for it := c.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "content":
			parts = it.Val.Get("parts")
		case "finishReason":
			finish = it.Val
		case "finishMessage":
			message = it.Val
		case "continuationToken":
			x.token, _ = it.Val.Text()
		case "citationMetadata", "groundingMetadata", "groundingAttributions", "urlContextMetadata":
			if !x.noted && hasMembers(it.Val) {
				x.noted = true
				out.Loss("content.citations", ops.Dropped, "the upstream's sources are left out")
			}
		}
	}
	for it := parts.Iter(); it.Next(); {
		if err := x.part(it.Val, out); err != nil {
			return err
		}
	}
	if len(finish.Head()) == 0 || finish.Is("FINISH_REASON_UNSPECIFIED") {
		return nil
	}
	return x.finishReason(finish, message, out)
}

// finishReason notes why the model stopped; the answer is complete at the end of the body, as more may follow.
// https://ai.google.dev/api/generate-content#FinishReason
func (x *exchange) finishReason(v, message jsonindex.Value, out *ops.Emitter) error {
	x.finished = true
	x.stop, x.explained = ops.EndTurn, ""
	reason := shown(v)
	switch reason {
	case "STOP":
	case "MAX_TOKENS":
		x.stop = ops.MaxTokens
	case "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR", "IMAGE_SAFETY",
		"IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "IMAGE_OTHER", "NO_IMAGE":
		x.refuse(reason, message)
	case "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE":
		return x.protocol("the model failed to make its call (%s)%s", reason, behindColon(message))
	case "MISSING_THOUGHT_SIGNATURE":
		f := x.protocol("a thought signature is missing (%s)", reason)
		if x.block == 0 {
			f.Remedy = &adapter.Remedy{Name: remedyDummies}
		}
		return f
	case "CONTINUATION":
		return x.continuation(out)
	case "OTHER":
		if x.block == 0 {
			return x.protocol("the model stopped for no known reason (OTHER)%s", behindColon(message))
		}
		out.Loss("stop_reason", ops.Approximated, "finishReason OTHER")
	default:
		out.Loss("stop_reason", ops.Approximated, "unknown finishReason")
	}
	return nil
}

// continuation takes an answer that is to be asked for in pieces: as long as nothing was said the rest can be asked for
// at once, else the answer ends as one that ran out of tokens.
func (x *exchange) continuation(out *ops.Emitter) error {
	const longest = 64 << 10
	if x.block == 0 && x.token != "" && len(x.token) <= longest {
		f := adapter.Fail(adapter.Overloaded, "", "%s paused before it answered", title)
		f.Remedy = &adapter.Remedy{Name: remedyContinue, Value: x.token}
		return f
	}
	x.stop = ops.MaxTokens
	out.Loss("stop_reason", ops.Approximated, "the upstream paused (CONTINUATION)")
	return nil
}

// refuse notes a refusal.
func (x *exchange) refuse(reason string, message jsonindex.Value) {
	x.stop = ops.Refusal
	x.explained = title + " refused: " + reason
	if text := clip(message); text != "" {
		x.explained = text
	}
}

// blocked notes a prompt that was refused. https://ai.google.dev/api/generate-content#PromptFeedback
func (x *exchange) blocked(feedback jsonindex.Value) {
	reason := feedback.Get("blockReason")
	if len(reason.Head()) == 0 || reason.Is("BLOCK_REASON_UNSPECIFIED") {
		return
	}
	x.finished = true
	x.refuse("the prompt was blocked ("+shown(reason)+")", feedback.Get("blockReasonMessage"))
}

// finish ends the answer.
func (x *exchange) finish(out *ops.Emitter) error {
	x.close(out)
	stop := x.stop
	var details []byte
	switch {
	case stop == ops.Refusal:
		details = append(details, `{"type":"refusal","category":null,"explanation":"`...)
		details = jsonindex.AppendEscaped(details, []byte(x.explained))
		details = append(details, `"}`...)
	case stop == ops.EndTurn && len(x.calls) > 0:
		stop = ops.ToolUse
	}
	out.Stop(stop, "", details)
	out.Done()
	x.done = true
	return nil
}

// End completes an answer that has a finishReason: the end of the body is its end mark.
func (x *exchange) End(reason adapter.EndReason, out *ops.Emitter) error {
	switch {
	case x.done:
		return nil
	case x.finished:
		return x.finish(out)
	case reason == adapter.Cut:
		return x.protocol("the connection broke in the middle of the answer")
	}
	return x.protocol("the answer ended without a finishReason")
}

// usage emits token counts, which are those of the answer so far. The upstream counts cached input as part of the prompt,
// Claude beside it; thoughts beside the answer, Claude as part of it.
// https://ai.google.dev/api/generate-content#UsageMetadata
func (x *exchange) usage(v jsonindex.Value, out *ops.Emitter) {
	t := ops.Unknown()
	tools := int64(-1)
	answer := int64(-1)
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "promptTokenCount":
			t.Input = foreign.TokenCount(it.Val)
		case "cachedContentTokenCount":
			t.CacheRead = foreign.TokenCount(it.Val)
		case "candidatesTokenCount":
			answer = foreign.TokenCount(it.Val)
		case "thoughtsTokenCount":
			t.Thinking = foreign.TokenCount(it.Val)
		case "toolUsePromptTokenCount":
			tools = foreign.TokenCount(it.Val)
		}
	}
	if t.Input >= 0 {
		t.Input = max(0, t.Input-max(0, t.CacheRead)) + max(0, tools)
	}
	if answer >= 0 || t.Thinking >= 0 {
		t.Output = max(0, answer) + max(0, t.Thinking)
	}
	out.Usage(t)
}

// protocol makes the Failure for an answer that makes no sense.
func (x *exchange) protocol(format string, args ...any) *adapter.Failure {
	f := adapter.Fail(adapter.Protocol, "", format, args...)
	f.Message = title + ": " + f.Message
	return f
}
