package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/upstream"
)

// ask sends a body to the demo through the client that its channel has, and returns status and answer.
func ask(t *testing.T, ctx context.Context, path, body string) (int, io.ReadCloser) {
	t.Helper()
	ch := Channel()
	c, err := upstream.New(&ch, upstream.Options{Transport: Transport{}})
	if err != nil {
		t.Fatal(err)
	}
	resp, fault := c.Do(ctx, upstream.Request{Path: path, Auth: "bearer", Key: ch.Keys[0].Secret, Body: [][]byte{[]byte(body)}})
	if fault != nil {
		t.Fatal(fault)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp.Status, resp.Body
}

const chatPath = "/v1/chat/completions"

type usage struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
	Total      int `json:"total_tokens"`
}

func TestWhole(t *testing.T) {
	f := func(body, inside, finish string) {
		t.Helper()
		status, r := ask(t, t.Context(), chatPath, body)
		var a struct {
			Model   string
			Choices []struct {
				Message struct{ Role, Content string }
				Finish  string `json:"finish_reason"`
			}
			Usage usage
		}
		if err := json.NewDecoder(r).Decode(&a); err != nil || status != 200 || len(a.Choices) != 1 {
			t.Fatalf("%d %v %+v", status, err, a)
		}
		c := a.Choices[0]
		if a.Model != "m" || c.Message.Role != "assistant" || !strings.Contains(c.Message.Content, inside) || c.Finish != finish {
			t.Errorf("%s\ngave %+v, want %q", body, a, inside)
		}
		if u := a.Usage; u.Prompt <= 0 || u.Completion != len(strings.SplitAfter(strings.TrimSuffix(c.Message.Content, " "), " ")) || u.Total != u.Prompt+u.Completion {
			t.Errorf("usage %+v", u)
		}
	}
	f(`{"model":"m","messages":[{"role":"user","content":"old"},{"role":"assistant","content":"x"},{"role":"user","content":"say \"hi\"\n 界"}]}`,
		`You wrote: "say "hi" 界". To reach a real model, add a channel`, "stop")
	f(`{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a reminder"},{"type":"text","text":"the prompt"}]}],"tools":[{"type":"function"}]}`,
		`You wrote: "the prompt"`, "stop")
	f(`{"model":"m","messages":[]}`, "This is the demo channel", "stop")
	f(`{"model":"m","messages":[{"role":"user","content":"`+strings.Repeat("界", 500)+`"}]}`, strings.Repeat("界", 120)+"…", "stop")
	f(`{"model":"m","max_completion_tokens":4,"messages":[]}`, "This is the demo ", "length")
	f(`{"model":"m","max_tokens":4,"messages":[]}`, "This is the demo ", "length")
}

func TestStream(t *testing.T) {
	_, r := ask(t, t.Context(), chatPath, `{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}`)
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	events := strings.Split(strings.TrimSuffix(string(b), "\n\n"), "\n\n")
	var text strings.Builder
	finish, total := "", 0
	for _, e := range events[:len(events)-1] {
		var chunk struct {
			Choices []struct {
				Delta  struct{ Content string }
				Finish string `json:"finish_reason"`
			}
			Usage usage
		}
		data, ok := strings.CutPrefix(e, "data: ")
		if err := json.Unmarshal([]byte(data), &chunk); err != nil || !ok {
			t.Fatalf("%q: %v", e, err)
		}
		for _, c := range chunk.Choices {
			text.WriteString(c.Delta.Content)
			finish += c.Finish
		}
		total += chunk.Usage.Total
	}
	if events[len(events)-1] != "data: [DONE]" || finish != "stop" || total == 0 || !strings.Contains(text.String(), `You wrote: "hi"`) {
		t.Errorf("finish %q, total %d, text %q, end %q", finish, total, text.String(), events[len(events)-1])
	}
	// Usage is sent where it was asked for.
	_, r = ask(t, t.Context(), chatPath, `{"model":"m","stream":true,"max_tokens":2,"messages":[]}`)
	if b, _ = io.ReadAll(r); bytes.Contains(b, []byte("usage")) || !bytes.HasSuffix(b, []byte("data: [DONE]\n\n")) || !bytes.Contains(b, []byte(`"length"`)) {
		t.Errorf("%s", b)
	}
}

func TestStreamEndsWithItsRequest(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, r := ask(t, ctx, chatPath, `{"model":"m","stream":true,"messages":[]}`)
	if _, err := r.Read(make([]byte, 4096)); err != nil {
		t.Fatal(err)
	}
	cancel()
	began := time.Now()
	if _, err := io.Copy(io.Discard, r); !errors.Is(err, context.Canceled) || time.Since(began) > time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}

func TestOtherPaths(t *testing.T) {
	if status, r := ask(t, t.Context(), "/v1/models", ""); status != 200 {
		b, _ := io.ReadAll(r)
		t.Errorf("models: %d %s", status, b)
	}
	for path, body := range map[string]string{"/v1/embeddings": `{}`, chatPath: `{"broken`} {
		status, r := ask(t, t.Context(), path, body)
		if b, _ := io.ReadAll(r); status != http.StatusNotFound || !json.Valid(b) {
			t.Errorf("%s: %d %s", path, status, b)
		}
	}
}

func TestChannelIsWhole(t *testing.T) {
	ch := Channel()
	if ch.Name != "demo" || ch.Adapter != "openai" || !ch.Enabled || len(ch.Serves) != 0 || len(ch.Keys) != 1 || ch.Timeouts == (config.Timeouts{}) {
		t.Errorf("%+v", ch)
	}
}
