package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/claude-proxy/claude-proxy/sdk/render/grammar"
	"github.com/claude-proxy/claude-proxy/sdk/sse"
)

// soakPatience is how long a client waits for the end of an answer before it counts as lost.
const soakPatience = 90 * time.Second

// soakClients ask and check what they get.
type soakClients struct {
	url     string
	options soakOptions
	http    *http.Transport
	report  *soakReport
}

func newSoakClients(url string, o soakOptions, report *soakReport) *soakClients {
	return &soakClients{url: url, options: o, http: &http.Transport{MaxIdleConnsPerHost: o.Streams, DisableCompression: true}, report: report}
}

// run keeps the number of streams under way until ctx ends, and lets those under way finish.
func (c *soakClients) run(ctx context.Context) {
	var all sync.WaitGroup
	for i := range c.options.Streams {
		all.Go(func() {
			rnd := rand.New(rand.NewPCG(c.options.Seed, uint64(i)))
			for n := 0; ctx.Err() == nil; n++ {
				c.ask(rnd, fmt.Sprintf("%d-%d", i, n))
			}
		})
	}
	all.Wait()
}

// rest gives up idle connections, so that what the proxy still holds is its own.
func (c *soakClients) rest() { c.http.CloseIdleConnections() }

// soakWords are what questions are made of: some have runes of several bytes and characters that JSON escapes.
var soakWords = strings.Fields(`stone "river" wind ünï 🌍 back\slash light 水 tree/leaf <tag> salt & iron`)

// ask sends one request and judges the answer. Upstreams repeat the question, so each client knows its own.
func (c *soakClients) ask(rnd *rand.Rand, id string) {
	words := []string{"question", id}
	for range 10 + rnd.IntN(30) {
		words = append(words, soakWords[rnd.IntN(len(soakWords))])
	}
	text := strings.Join(words, " ")
	body, err := json.Marshal(map[string]any{
		"model": soakModels[rnd.IntN(len(soakModels))].model, "max_tokens": 4096, "stream": true,
		"messages": []any{map[string]any{"role": "user", "content": text}},
	})
	if err != nil {
		panic("BUG: a question does not encode: " + err.Error()) // strings and numbers
	}
	switch n := rnd.IntN(100); {
	case n < 3:
		c.leave(rnd, body)
	case n < 8:
		body = bytes.Replace(body, []byte(`"stream":true`), []byte(`"stream":false`), 1)
		c.report.count(c.judge("/v1/messages", body, "You said: "+text, false))
	default:
		c.report.count(c.judge("/v1/messages", body, "You said: "+text, true))
	}
}

// leave sends a request and goes away in the middle of the answer.
func (c *soakClients) leave(rnd *rand.Rand, body []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rnd.IntN(2000))*time.Millisecond)
	defer cancel()
	resp, err := c.send(ctx, "/v1/messages", body)
	if err == nil {
		_, _ = io.Copy(io.Discard, resp.Body) // until the time is up
		resp.Body.Close()
	}
	c.report.count(soakLeft, "")
}

func (c *soakClients) send(ctx context.Context, path string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("x-api-key", soakClientKey)
	req.Header.Set("content-type", "application/json")
	return c.http.RoundTrip(req)
}

// What a client may see of a request. Lost and wrong must not be.
const (
	soakAnswered = "answered"
	soakLeft     = "left by the client"
	soakLost     = "LOST"
	soakWrong    = "WRONG"
)

// judge sends a request and says what came of it, with details of what must not be.
func (c *soakClients) judge(path string, body []byte, want string, stream bool) (verdict, detail string) {
	ctx, cancel := context.WithTimeout(context.Background(), soakPatience)
	defer cancel()
	resp, err := c.send(ctx, path, body)
	if err != nil {
		return soakLost, "no answer: " + err.Error()
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		return soakLost, fmt.Sprintf("the answer broke off: %v: %.300q", err, tail(got))
	}
	if bytes.Contains(got, []byte(soakUpstreamKey)) || bytes.Contains(got, []byte(soakClientKey)) {
		return soakWrong, "an answer holds a key"
	}
	switch {
	case resp.StatusCode != 200:
		return judgeError(resp, got)
	case !stream:
		var m struct{ Content []struct{ Text string } }
		if err := json.Unmarshal(got, &m); err != nil || grammar.CheckWhole(got) != nil || len(m.Content) != 1 || m.Content[0].Text != want {
			return soakWrong, fmt.Sprintf("an unstreamed answer: %.300q", got)
		}
		return soakAnswered, ""
	}
	return judgeStream(got, want)
}

// judgeError: an error has Claude's shape, an id, and a status that tells who is at fault.
func judgeError(resp *http.Response, got []byte) (verdict, detail string) {
	var e struct {
		Type      string
		Error     struct{ Type, Message string }
		RequestID string `json:"request_id"`
	}
	if json.Unmarshal(got, &e) != nil || e.Type != "error" || e.Error.Message == "" || e.RequestID == "" || e.RequestID != resp.Header.Get("request-id") {
		return soakWrong, fmt.Sprintf("an error of another shape: %d %.300q", resp.StatusCode, got)
	}
	switch resp.StatusCode {
	case 429, 502, 504, 529:
		return fmt.Sprintf("error %d before content", resp.StatusCode), e.Error.Message
	}
	return soakWrong, fmt.Sprintf("an error that nobody asked for: %d %.300q", resp.StatusCode, got)
}

// judgeStream: a stream is whole and says what was asked, or it ends in one error event and what it said before is the
// beginning of that.
func judgeStream(got []byte, want string) (verdict, detail string) {
	said, kind, err := heard(got)
	switch {
	case err != nil:
		return soakWrong, fmt.Sprintf("%v: %.300q", err, tail(got))
	case kind == "message_stop" && said == want && grammar.CheckStream(got) == nil:
		return soakAnswered, ""
	case kind == "error" && strings.HasPrefix(want, said) && grammar.CheckPrefix(got) == nil:
		if said == "" {
			return "error event before content", ""
		}
		return "error event after content", ""
	}
	return soakWrong, fmt.Sprintf("ends in %q, said %q of %q: %.300q", kind, said, want, tail(got))
}

// heard is the text of a stream and the name of its last event.
func heard(body []byte) (said, last string, err error) {
	p := sse.NewParser(sse.Limits{})
	p.Feed(body)
	var ev sse.Event
	for {
		ok, err := p.Next(&ev)
		if err != nil || !ok {
			return said, last, err
		}
		if !ev.HasData {
			continue
		}
		last = ev.Name
		var m struct{ Delta struct{ Text string } }
		if ev.Name != "content_block_delta" {
			continue
		}
		if err := json.Unmarshal(ev.Data, &m); err != nil {
			return said, last, err
		}
		said += m.Delta.Text
	}
}

func tail(b []byte) []byte { return b[max(0, len(b)-300):] }
