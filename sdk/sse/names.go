package sse

// intern returns b as a string, without an allocation for the event names of the APIs in everyday use
// (https://platform.claude.com/docs/en/build-with-claude/streaming,
// https://platform.openai.com/docs/api-reference/responses-streaming) and for a name that repeats the last unknown one.
func (p *Parser) intern(b []byte) string {
	switch string(b) {
	case "content_block_delta":
		return "content_block_delta"
	case "content_block_start":
		return "content_block_start"
	case "content_block_stop":
		return "content_block_stop"
	case "message_start":
		return "message_start"
	case "message_delta":
		return "message_delta"
	case "message_stop":
		return "message_stop"
	case "ping":
		return "ping"
	case "error":
		return "error"
	case "message":
		return "message"
	case "response.created":
		return "response.created"
	case "response.in_progress":
		return "response.in_progress"
	case "response.queued":
		return "response.queued"
	case "response.output_item.added":
		return "response.output_item.added"
	case "response.output_item.done":
		return "response.output_item.done"
	case "response.content_part.added":
		return "response.content_part.added"
	case "response.content_part.done":
		return "response.content_part.done"
	case "response.output_text.delta":
		return "response.output_text.delta"
	case "response.output_text.done":
		return "response.output_text.done"
	case "response.output_text.annotation.added":
		return "response.output_text.annotation.added"
	case "response.refusal.delta":
		return "response.refusal.delta"
	case "response.refusal.done":
		return "response.refusal.done"
	case "response.function_call_arguments.delta":
		return "response.function_call_arguments.delta"
	case "response.function_call_arguments.done":
		return "response.function_call_arguments.done"
	case "response.reasoning_summary_part.added":
		return "response.reasoning_summary_part.added"
	case "response.reasoning_summary_part.done":
		return "response.reasoning_summary_part.done"
	case "response.reasoning_summary_text.delta":
		return "response.reasoning_summary_text.delta"
	case "response.reasoning_summary_text.done":
		return "response.reasoning_summary_text.done"
	case "response.reasoning_text.delta":
		return "response.reasoning_text.delta"
	case "response.reasoning_text.done":
		return "response.reasoning_text.done"
	case "response.completed":
		return "response.completed"
	case "response.incomplete":
		return "response.incomplete"
	case "response.failed":
		return "response.failed"
	}
	if string(b) != p.last {
		p.last = string(b)
	}
	return p.last
}
