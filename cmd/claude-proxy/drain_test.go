package main

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/hosttest"
)

// slow is an answer of about a second and a half, in 50 pieces.
func slow() hosttest.Step {
	return hosttest.Step{Times: -1, Answer: &hosttest.Answer{Parts: []hosttest.Part{{Text: strings.Repeat("word ", 50)}}}, Fault: hosttest.Fault{DelayEvent: hosttest.Duration(30 * time.Millisecond)}}
}

// streaming begins a streamed request and returns when its first content is there.
func (p *proxy) streaming(t *testing.T, model string) (first string, rest func() string) {
	t.Helper()
	first, resp := streamFrom(t, p.url, ask(model, "hi", true))
	return first, func() string {
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Errorf("the stream broke off: %v", err)
		}
		return string(b)
	}
}

// streamFrom asks the proxy at url and returns the first bytes of the answer with the rest of it.
func streamFrom(t *testing.T, url, body string) (first string, rest *http.Response) {
	t.Helper()
	req, err := http.NewRequest("POST", url+"/v1/messages", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-api-key", clientKey)
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 64)
	if _, err := io.ReadFull(resp.Body, b); err != nil {
		t.Fatal(err)
	}
	return string(b), resp
}

// O01: at SIGTERM live streams finish.
func TestDrainLetsStreamsFinish(t *testing.T) {
	for _, a := range adapters {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			p := start(t, channel("main", a.name, upstreamOf(t, slow()).URL))
			first, rest := p.streaming(t, a.model)
			p.stop()
			if body := first + rest(); ends(body) != "complete" {
				t.Errorf("%s\n%s", ends(body), body)
			}
		})
	}
}

// O01: what outlives the drain ends with an error event that tells clients to try again.
func TestDrainEndsWhatIsLeft(t *testing.T) {
	for _, a := range adapters {
		t.Run(a.name, func(t *testing.T) {
			p := start(t, channel("main", a.name, upstreamOf(t, slow()).URL), "server: { drain_timeout: 200ms }")
			first, rest := p.streaming(t, a.model)
			p.stop()
			body := first + rest()
			if ends(body) != "error" || !strings.Contains(body, "overloaded_error") {
				t.Errorf("%s\n%s", ends(body), body)
			}
		})
	}
}

// O01: a connection that a client opened to spare keeps nobody waiting.
func TestDrainOfSilentConnections(t *testing.T) {
	var p *proxy
	t.Cleanup(func() { // after the proxy has stopped
		if strings.Contains(p.log.String(), "still live") {
			t.Error("the drain ran into its end")
		}
	})
	p = start(t, channel("main", "openai", upstreamOf(t).URL), "server: { drain_timeout: 3s }")
	c, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := p.post("/v1/messages", ask("m", "hi", false)); got.status != 200 { // the proxy has taken the connection before
		t.Fatal(got)
	}
	p.stop()
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("it got a byte")
	}
}
