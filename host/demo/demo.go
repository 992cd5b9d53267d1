// Package demo is the upstream of a proxy that has no channel yet.
//
// It speaks Chat Completions over an in-process transport, so that a first request goes the whole way that later ones
// will go: routing, the openai adapter, the stream, the renderer. It has no network and knows no model.
package demo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// pace is the pause between two words of a streamed answer.
const pace = 12 * time.Millisecond

// Channel is the configuration of the implicit channel.
func Channel() config.Channel {
	c := config.DefaultChannel()
	c.Name, c.Adapter, c.BaseURL = "demo", "openai", "http://demo.invalid/v1"
	c.Description = "answers until a channel is defined"
	c.Loss = "allow"
	c.Keys = []config.Key{{ID: "demo", Label: "demo", Secret: config.NewSecret("demo"), Weight: 1, Enabled: true}}
	return c
}

// Transport answers Chat Completions requests. It is safe for concurrent use.
type Transport struct{}

var _ http.RoundTripper = Transport{}

// RoundTrip implements http.RoundTripper.
func (Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := readRequest(r)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(r.URL.Path, "/models") {
		return respond(r, http.StatusOK, "application/json", strings.NewReader(models)), nil
	}
	doc, err := jsonindex.Parse(body, jsonindex.UpstreamMode())
	if err != nil || !strings.HasSuffix(r.URL.Path, "/chat/completions") {
		return respond(r, http.StatusNotFound, "application/json", strings.NewReader(unknown)), nil
	}
	root := doc.Root()
	a := compose(root, len(body))
	if !root.Get("stream").True() {
		return respond(r, http.StatusOK, "application/json", bytes.NewReader(a.whole())), nil
	}
	a.reportUsage = root.Get("stream_options").Get("include_usage").True()
	return respond(r, http.StatusOK, "text/event-stream", &stream{ctx: r.Context(), answer: a}), nil
}

const (
	models  = `{"object":"list","data":[{"id":"demo","object":"model","created":0,"owned_by":"claude-proxy"}]}`
	unknown = `{"error":{"message":"the demo speaks Chat Completions only","type":"invalid_request_error","param":null,"code":null}}`
)

// answer is what one request gets, whole or streamed. A word counts as a token, four bytes of the request as well.
type answer struct {
	model       string
	words       []string
	finish      string
	prompt      int
	reportUsage bool
}

func compose(root jsonindex.Value, size int) answer {
	model, _ := root.Get("model").Text()
	a := answer{model: model, words: strings.SplitAfter(reply(lastWords(root)), " "), finish: "stop", prompt: size/4 + 1}
	for _, name := range [...]string{"max_completion_tokens", "max_tokens"} {
		if n, ok := root.Get(name).Int(); ok && n > 0 && n < int64(len(a.words)) {
			a.words, a.finish = a.words[:n], "length"
		}
	}
	return a
}

func readRequest(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	if cerr := r.Body.Close(); err == nil {
		err = cerr
	}
	return body, err
}

func respond(r *http.Request, status int, contentType string, body io.Reader) *http.Response {
	return &http.Response{
		StatusCode: status, Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(body), ContentLength: -1, Request: r,
	}
}

// reply is what the demo has to say.
func reply(asked string) string {
	text := "This is the demo channel of Claude Proxy: your request went through the whole proxy and came back, but no model has seen it. "
	if asked != "" {
		text += "You wrote: \"" + asked + "\". "
	}
	return text + "To reach a real model, add a channel with an adapter, a base_url and a key: in the web UI, or in plugins.yaml."
}

// lastWords finds the text of the last message of the user, shortened.
func lastWords(root jsonindex.Value) string {
	var last jsonindex.Value
	for it := root.Get("messages").Iter(); it.Next(); {
		if it.Val.Get("role").Is("user") {
			last = it.Val.Get("content")
		}
	}
	text, _ := last.Text()
	for it := last.Iter(); it.Next(); {
		if s, ok := it.Val.Get("text").Text(); ok {
			text = s // Claude Code puts the prompt last
		}
	}
	const most = 120
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return string(runes)
}

func (a *answer) whole() []byte {
	var w jsonindex.Writer
	w.Lit(`{"id":"chatcmpl-demo","object":"chat.completion","created":0,"model":`)
	w.Quote(a.model)
	w.Lit(`,"choices":[{"index":0,"message":{"role":"assistant","content":`)
	w.Quote(strings.Join(a.words, ""))
	w.Lit(`},"finish_reason":`)
	w.Quote(a.finish)
	w.Lit(`}],"usage":`)
	a.usage(&w)
	w.Lit("}")
	w.Finish()
	return w.AppendTo(nil, nil)
}

func (a *answer) usage(w *jsonindex.Writer) {
	w.Lit(`{"prompt_tokens":`)
	w.Int(int64(a.prompt))
	w.Lit(`,"completion_tokens":`)
	w.Int(int64(len(a.words)))
	w.Lit(`,"total_tokens":`)
	w.Int(int64(a.prompt + len(a.words)))
	w.Lit("}")
}

// stream is the body of a streamed answer: one event per Read call that finds nothing left of the last.
type stream struct {
	answer
	ctx  context.Context
	at   int
	rest []byte
}

// Read implements io.Reader.
func (s *stream) Read(b []byte) (int, error) {
	if len(s.rest) == 0 {
		if err := s.next(); err != nil {
			return 0, err
		}
	}
	n := copy(b, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// next makes the next event, after a pause.
func (s *stream) next() error {
	var w jsonindex.Writer
	w.Lit("data: ")
	switch {
	case s.at < len(s.words):
		if s.at > 0 {
			timer := time.NewTimer(pace)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-s.ctx.Done():
				return s.ctx.Err()
			}
		}
		s.chunk(&w)
		w.Lit(`[{"index":0,"delta":{"role":"assistant","content":`)
		w.Quote(s.words[s.at])
		w.Lit(`},"finish_reason":null}]}`)
	case s.at == len(s.words):
		s.chunk(&w)
		w.Lit(`[{"index":0,"delta":{},"finish_reason":`)
		w.Quote(s.finish)
		w.Lit("}]}")
		if !s.reportUsage {
			s.at++
		}
	case s.at == len(s.words)+1:
		s.chunk(&w)
		w.Lit(`[],"usage":`)
		s.usage(&w)
		w.Lit("}")
	case s.at == len(s.words)+2:
		w.Lit("[DONE]")
	default:
		return io.EOF
	}
	w.Lit("\n\n")
	w.Finish()
	s.at++
	s.rest = w.AppendTo(s.rest[:0], nil)
	return nil
}

func (s *stream) chunk(w *jsonindex.Writer) {
	w.Lit(`{"id":"chatcmpl-demo","object":"chat.completion.chunk","created":0,"model":`)
	w.Quote(s.model)
	w.Lit(`,"choices":`)
}
