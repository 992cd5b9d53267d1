package plugins_test

import "encoding/json"

// The Chat path with structs and encoding/json, as most gateways do it: what the benchmarks compare with.

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
