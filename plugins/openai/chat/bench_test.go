package chat

import (
	"encoding/json"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

func BenchmarkRequest4K(b *testing.B)  { benchmarkRequest(b, toolRequest()) }
func BenchmarkRequest30K(b *testing.B) { benchmarkRequest(b, agentRequest()) }

// benchmarkRequest measures the conversion alone, with the index that every request needs, and structs of encoding/json
// that do the same work.
func benchmarkRequest(b *testing.B, body string) {
	a := newAdapter(b, proper())
	call := &adapter.Call{ID: "req_1", Model: "gpt-5", Stream: true, Session: "5f0c", Body: parse(b, body, jsonindex.ClientMode())}
	src := []byte(body)
	var up adapter.UpstreamRequest
	begin := func(b *testing.B) {
		up.Reset()
		if _, err := a.Begin(call, &up); err != nil {
			b.Fatal(err)
		}
		up.Body.Finish()
	}
	b.Run("convert", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			begin(b)
		}
		b.ReportMetric(float64(len(body)), "body-B")
	})
	b.Run("index+convert", func(b *testing.B) {
		b.ReportAllocs()
		var builder jsonindex.Builder
		for range b.N {
			if err := builder.Index(call.Body, src, jsonindex.ClientMode()); err != nil {
				b.Fatal(err)
			}
			begin(b)
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			if _, err := structRequest(src); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkEventText(b *testing.B) { benchmarkEvent(b, textChunk, "") }
func BenchmarkEventArgs(b *testing.B) { benchmarkEvent(b, argsChunk, startChunk, openChunk) }

func benchmarkEvent(b *testing.B, chunk string, before ...string) {
	x := begun(b, before...)
	doc := parse(b, chunk, jsonindex.UpstreamMode())
	ev := adapter.Event{Data: []byte(chunk), JSON: doc.Root()}
	var out ops.Emitter
	event := func(b *testing.B) {
		out.Reset()
		if err := x.Event(ev, &out); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("convert", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			event(b)
		}
	})
	b.Run("index+convert", func(b *testing.B) {
		b.ReportAllocs()
		var builder jsonindex.Builder
		for range b.N {
			if err := builder.Index(doc, ev.Data, jsonindex.UpstreamMode()); err != nil {
				b.Fatal(err)
			}
			event(b)
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			if _, err := structEvent(ev.Data); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// begun is an exchange that has read these chunks.
func begun(t testing.TB, before ...string) adapter.Exchange {
	t.Helper()
	var up adapter.UpstreamRequest
	call := &adapter.Call{ID: "req_1", Model: "gpt-5", Stream: true, Body: parse(t, toolRequest(), jsonindex.ClientMode())}
	x, err := newAdapter(t, proper()).Begin(call, &up)
	if err != nil {
		t.Fatal(err)
	}
	var out ops.Emitter
	for _, chunk := range before {
		if chunk == "" {
			continue
		}
		if err := x.Event(adapter.Event{JSON: parse(t, chunk, jsonindex.UpstreamMode()).Root()}, &out); err != nil {
			t.Fatal(err)
		}
	}
	return x
}

// TestEventsDoNotAllocate is what makes a stream of thousands of deltas cheap.
func TestEventsDoNotAllocate(t *testing.T) {
	for _, c := range []struct {
		name, chunk string
		before      []string
	}{
		{"text", textChunk, nil},
		{"arguments", argsChunk, []string{startChunk, openChunk}},
		{"usage", `{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":1}}}`, nil},
	} {
		x := begun(t, append(c.before, textChunk)...)
		ev := adapter.Event{JSON: parse(t, c.chunk, jsonindex.UpstreamMode()).Root()}
		var out ops.Emitter
		if n := testing.AllocsPerRun(200, func() {
			out.Reset()
			if err := x.Event(ev, &out); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations an event, want none", c.name, n)
		}
		if out.Len() == 0 {
			t.Errorf("%s: the event emitted nothing", c.name)
		}
	}
}

// The same work with structs and encoding/json, as most gateways do it.

type structBlock struct {
	Type      string          `json:"type"`
	Text      string          `json:"text,omitempty"`
	ID        string          `json:"id,omitempty"`
	Name      string          `json:"name,omitempty"`
	Input     json.RawMessage `json:"input,omitempty"`
	ToolUseID string          `json:"tool_use_id,omitempty"`
	Content   structContent   `json:"content,omitempty"`
	IsError   bool            `json:"is_error,omitempty"`
}

type structContent []structBlock

func (c *structContent) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		*c = structContent{{Type: "text"}}
		return json.Unmarshal(b, &(*c)[0].Text)
	}
	return json.Unmarshal(b, (*[]structBlock)(c))
}

type claudeRequest struct {
	Model     string        `json:"model"`
	MaxTokens int64         `json:"max_tokens"`
	Stream    bool          `json:"stream"`
	System    structContent `json:"system"`
	Messages  []struct {
		Role    string        `json:"role"`
		Content structContent `json:"content"`
	} `json:"messages"`
	Tools []struct {
		Name        string          `json:"name"`
		Description string          `json:"description"`
		InputSchema json.RawMessage `json:"input_schema"`
	} `json:"tools"`
	Metadata struct {
		UserID string `json:"user_id"`
	} `json:"metadata"`
	OutputConfig struct {
		Effort string `json:"effort"`
	} `json:"output_config"`
}

type chatFunction struct {
	Name        string          `json:"name,omitempty"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"`
	Arguments   string          `json:"arguments,omitempty"`
}

type chatCall struct {
	Index    *int         `json:"index,omitempty"`
	ID       string       `json:"id,omitempty"`
	Type     string       `json:"type"`
	Function chatFunction `json:"function"`
}

type chatMessage struct {
	Role       string     `json:"role"`
	Content    any        `json:"content"`
	ToolCalls  []chatCall `json:"tool_calls,omitempty"`
	ToolCallID string     `json:"tool_call_id,omitempty"`
}

type chatRequest struct {
	Model    string        `json:"model"`
	Tools    []chatCall    `json:"tools,omitempty"`
	Messages []chatMessage `json:"messages"`
	Limit    int64         `json:"max_completion_tokens"`
	Effort   string        `json:"reasoning_effort,omitempty"`
	Stream   bool          `json:"stream,omitempty"`
	User     string        `json:"safety_identifier,omitempty"`
}

func structRequest(body []byte) ([]byte, error) {
	var in claudeRequest
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, err
	}
	out := chatRequest{
		Model: "gpt-5", Limit: in.MaxTokens, Effort: in.OutputConfig.Effort, Stream: in.Stream, User: in.Metadata.UserID,
		Messages: []chatMessage{{Role: "developer", Content: in.System}},
	}
	for _, t := range in.Tools {
		out.Tools = append(out.Tools, chatCall{Type: "function", Function: chatFunction{Name: t.Name, Description: t.Description, Parameters: t.InputSchema}})
	}
	for _, m := range in.Messages {
		var texts []structBlock
		var calls []chatCall
		for _, b := range m.Content {
			switch b.Type {
			case "text":
				texts = append(texts, b)
			case "tool_use":
				calls = append(calls, chatCall{ID: b.ID, Type: "function", Function: chatFunction{Name: b.Name, Arguments: string(b.Input)}})
			case "tool_result":
				out.Messages = append(out.Messages, chatMessage{Role: "tool", ToolCallID: b.ToolUseID, Content: b.Content})
			}
		}
		if len(texts)+len(calls) > 0 {
			out.Messages = append(out.Messages, chatMessage{Role: m.Role, Content: texts, ToolCalls: calls})
		}
	}
	return json.Marshal(&out)
}

type chatChunk struct {
	ID      string `json:"id"`
	Model   string `json:"model"`
	Choices []struct {
		Index int `json:"index"`
		Delta struct {
			Content   *string    `json:"content"`
			ToolCalls []chatCall `json:"tool_calls"`
		} `json:"delta"`
		FinishReason *string `json:"finish_reason"`
	} `json:"choices"`
	Usage *struct {
		PromptTokens     int64 `json:"prompt_tokens"`
		CompletionTokens int64 `json:"completion_tokens"`
	} `json:"usage"`
}

type claudeDelta struct {
	Type  string `json:"type"`
	Index int    `json:"index"`
	Delta struct {
		Type        string `json:"type"`
		Text        string `json:"text,omitempty"`
		PartialJSON string `json:"partial_json,omitempty"`
	} `json:"delta"`
}

func structEvent(data []byte) ([]byte, error) {
	var in chatChunk
	if err := json.Unmarshal(data, &in); err != nil {
		return nil, err
	}
	out := claudeDelta{Type: "content_block_delta"}
	for _, c := range in.Choices {
		if c.Delta.Content != nil {
			out.Delta.Type, out.Delta.Text = "text_delta", *c.Delta.Content
		}
		for _, t := range c.Delta.ToolCalls {
			out.Delta.Type, out.Delta.PartialJSON = "input_json_delta", t.Function.Arguments
		}
	}
	return json.Marshal(&out)
}
