package main

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go/v2"
	"github.com/anthropics/anthropic-sdk-go/v2/option"

	"github.com/claude-proxy/claude-proxy/host/hosttest"
)

// A red dot of one pixel.
const redDot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="

// adapters are the built-in ones, each with a model of its vendor. Every whole-program test runs through all of them.
var adapters = []struct {
	name, model string
	// endless: the vendor's streams have no end mark, so the end of the body is the only one.
	endless bool
}{
	{name: "openai", model: "gpt-5.6"},
	{name: "openaiold", model: "gpt-4o"},
	{name: "openairesponses", model: "gpt-5.6"},
	{name: "gemini", model: "gemini-3-pro", endless: true},
	{name: "claude", model: "claude-opus-5-5"},
}

func sdkClient(p *proxy, opts ...option.RequestOption) anthropic.Client {
	return anthropic.NewClient(append([]option.RequestOption{
		option.WithoutEnvironmentDefaults(), option.WithBaseURL(p.url), option.WithAPIKey(clientKey), option.WithMaxRetries(0),
	}, opts...)...)
}

// call asks through the SDK, streamed or not, and gives the whole message in either case.
func call(t *testing.T, c anthropic.Client, params anthropic.MessageNewParams, stream bool) (*anthropic.Message, error) {
	t.Helper()
	if !stream {
		return c.Messages.New(t.Context(), params)
	}
	s := c.Messages.NewStreaming(t.Context(), params)
	defer s.Close()
	m := &anthropic.Message{}
	for s.Next() {
		if err := m.Accumulate(s.Current()); err != nil {
			t.Fatalf("the SDK cannot accumulate %s: %v", s.Current().RawJSON(), err)
		}
	}
	return m, s.Err()
}

func user(blocks ...anthropic.ContentBlockParamUnion) anthropic.MessageNewParams {
	return anthropic.MessageNewParams{Model: "any", MaxTokens: 500, Messages: []anthropic.MessageParam{anthropic.NewUserMessage(blocks...)}}
}

// eachWay runs a test through every adapter, streamed and whole.
func eachWay(t *testing.T, steps []hosttest.Step, test func(t *testing.T, c anthropic.Client, stream bool)) {
	for _, a := range adapters {
		for _, stream := range []bool{false, true} {
			name := a.name + "/whole"
			if stream {
				name = a.name + "/stream"
			}
			t.Run(name, func(t *testing.T) {
				up := upstreamOf(t, steps...)
				p := start(t, channel("main", a.name, up.URL, "models: { any: "+a.model+" }"))
				test(t, sdkClient(p), stream)
			})
		}
	}
}

func TestSDKText(t *testing.T) {
	const text = "Grüße, \"世界\" 🌍\nzweite Zeile\t\\ \u2028 end"
	step := hosttest.Step{Answer: &hosttest.Answer{
		Parts: []hosttest.Part{{Text: text}},
		Usage: &hosttest.Usage{Input: 100, Cached: 40, Output: 9},
	}}
	eachWay(t, []hosttest.Step{step}, func(t *testing.T, c anthropic.Client, stream bool) {
		m, err := call(t, c, user(anthropic.NewTextBlock("hi")), stream)
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Content) != 1 || m.Content[0].Text != text {
			t.Errorf("content %q", m.RawJSON())
		}
		if m.StopReason != anthropic.StopReasonEndTurn || m.Usage.InputTokens != 100 || m.Usage.CacheReadInputTokens != 40 || m.Usage.OutputTokens != 9 {
			t.Errorf("stop %s, usage %+v", m.StopReason, m.Usage)
		}
	})
}

func TestSDKToolRoundTrip(t *testing.T) {
	steps := []hosttest.Step{
		{Answer: &hosttest.Answer{Parts: []hosttest.Part{
			{Text: "Let me look."},
			{Tool: &hosttest.ToolCall{ID: "call_a", Name: "weather", Args: json.RawMessage(`{"city":"Paris \"P\" \\ ü","days":[1,2,{"x":null}]}`)}},
			{Tool: &hosttest.ToolCall{ID: "call_b", Name: "weather", Args: json.RawMessage(`{"city":"Rome"}`)}},
			{Tool: &hosttest.ToolCall{ID: "call_c", Name: "now"}},
		}, Stream: hosttest.Stream{Interleave: true, Chunk: 3}}},
		{Answer: &hosttest.Answer{Parts: []hosttest.Part{{Text: "Paris 22, Rome 30."}}}},
	}
	eachWay(t, steps, func(t *testing.T, c anthropic.Client, stream bool) {
		params := user(anthropic.NewTextBlock("weather?"))
		params.Tools = []anthropic.ToolUnionParam{
			{OfTool: &anthropic.ToolParam{Name: "weather", InputSchema: anthropic.ToolInputSchemaParam{Properties: map[string]any{"city": map[string]any{"type": "string"}}}}},
			{OfTool: &anthropic.ToolParam{Name: "now", InputSchema: anthropic.ToolInputSchemaParam{Properties: map[string]any{}}}},
		}
		m, err := call(t, c, params, stream)
		if err != nil {
			t.Fatal(err)
		}
		if m.StopReason != anthropic.StopReasonToolUse || m.Content[0].Text != "Let me look." {
			t.Fatalf("stop %s, content %s", m.StopReason, m.RawJSON())
		}
		var got []any
		results := []anthropic.ContentBlockParamUnion{}
		for _, b := range m.Content {
			if b.Type != "tool_use" {
				continue // some vendors sign their calls, which travels in a thinking block
			}
			var in any
			if err := json.Unmarshal(b.Input, &in); err != nil {
				t.Fatalf("input of %s: %v", b.Name, err)
			}
			got = append(got, in)
			results = append(results, anthropic.NewToolResultBlock(b.ID, "22 degrees", b.Name == "now"))
		}
		want := []any{
			map[string]any{"city": "Paris \"P\" \\ ü", "days": []any{1.0, 2.0, map[string]any{"x": nil}}},
			map[string]any{"city": "Rome"},
			map[string]any{},
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("inputs %v, want %v", got, want)
		}
		params.Messages = append(params.Messages, m.ToParam(), anthropic.NewUserMessage(results...))
		m, err = call(t, c, params, stream)
		if err != nil {
			t.Fatal(err)
		}
		if m.Content[0].Text != "Paris 22, Rome 30." {
			t.Errorf("answer %s", m.RawJSON())
		}
	})
}

func TestSDKImage(t *testing.T) {
	steps := []hosttest.Step{{Match: &hosttest.Match{BodyContains: redDot}, Answer: &hosttest.Answer{Parts: []hosttest.Part{{Text: "a red dot"}}}}}
	eachWay(t, steps, func(t *testing.T, c anthropic.Client, stream bool) {
		m, err := call(t, c, user(anthropic.NewTextBlock("what is it?"), anthropic.NewImageBlockBase64("image/png", redDot)), stream)
		if err != nil {
			t.Fatal(err)
		}
		if m.Content[0].Text != "a red dot" {
			t.Errorf("answer %s", m.RawJSON())
		}
	})
}

// What each upstream refusal becomes for a client of the SDK.
func TestSDKErrors(t *testing.T) {
	for _, c := range []struct {
		name    string
		up      hosttest.Error
		status  int
		message string
		headers map[string]string
	}{
		{"400 keeps its message", hosttest.Error{Status: 400, Message: "temperature is out of range"}, 400, "temperature is out of range", map[string]string{"x-should-retry": "false"}},
		{"U29 401 never reaches the client", hosttest.Error{Status: 401, Message: "wrong key", EchoKey: true}, 502, "credentials", map[string]string{"x-should-retry": "false"}},
		{"U05 403 neither", hosttest.Error{Status: 403, Message: "no"}, 502, "credentials", map[string]string{"x-should-retry": "false"}},
		{"U01 429 with the upstream's wait", hosttest.Error{Status: 429, Message: "slow down"}, 429, "slow down", map[string]string{"retry-after": "7", "x-should-retry": ""}},
		{"U03 529", hosttest.Error{Status: 529, Message: "too much"}, 529, "too much", map[string]string{"x-should-retry": ""}},
		{"U04 500", hosttest.Error{Status: 500, Message: "oops"}, 502, "oops", map[string]string{"x-should-retry": ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			step := hosttest.Step{Times: -1, Error: &c.up}
			if c.headers["retry-after"] != "" {
				step.Headers = map[string]string{"retry-after": c.headers["retry-after"]}
			}
			eachWay(t, []hosttest.Step{step}, func(t *testing.T, client anthropic.Client, stream bool) {
				_, err := call(t, client, user(anthropic.NewTextBlock("hi")), stream)
				var apiErr *anthropic.Error
				if !errors.As(err, &apiErr) {
					t.Fatalf("error %v", err)
				}
				if apiErr.StatusCode != c.status || !strings.Contains(apiErr.Error(), c.message) {
					t.Errorf("status %d: %v", apiErr.StatusCode, apiErr)
				}
				if strings.Contains(apiErr.Error(), "canary") {
					t.Errorf("a key leaked: %v", apiErr)
				}
				if !strings.HasPrefix(apiErr.RequestID, "req_") {
					t.Errorf("request id %q", apiErr.RequestID)
				}
				for name, want := range c.headers {
					if got := apiErr.Response.Header.Get(name); got != want {
						t.Errorf("header %s: %q, want %q", name, got, want)
					}
				}
			})
		})
	}
}

func TestSDKCountAndModels(t *testing.T) {
	for _, a := range adapters {
		t.Run(a.name, func(t *testing.T) {
			p := start(t, channel("main", a.name, upstreamOf(t).URL, "serves: [ one, two, three ]", "models: { one: "+a.model+", two: "+a.model+", three: "+a.model+" }"))
			c := sdkClient(p)
			n, err := c.Messages.CountTokens(t.Context(), anthropic.MessageCountTokensParams{Model: "one", Messages: user(anthropic.NewTextBlock("one two three")).Messages})
			if err != nil || n.InputTokens <= 0 {
				t.Errorf("count %+v, %v", n, err)
			}
			var ids []string
			pages := c.Models.ListAutoPaging(t.Context(), anthropic.ModelListParams{Limit: anthropic.Int(2)})
			for pages.Next() {
				ids = append(ids, pages.Current().ID)
			}
			if err := pages.Err(); err != nil || strings.Join(ids, " ") != "one two three" {
				t.Errorf("models %v, %v", ids, err)
			}
		})
	}
}
