package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/hosttest"
)

// program is the whole program, running as `claude-proxy serve` in a folder.
type program struct {
	t    *testing.T
	url  string
	out  *spoken
	stop func() int
}

// spoken collects what a program says and lets a test wait for a word.
type spoken struct {
	hosttest.Log
	more chan struct{}
}

func (h *spoken) Write(p []byte) (int, error) {
	n, err := h.Log.Write(p)
	select {
	case h.more <- struct{}{}:
	default: // somebody is told already
	}
	return n, err
}

// await waits until the program has said this.
func (p *program) await(word string) {
	p.t.Helper()
	patience := time.After(time.Minute)
	for !strings.Contains(p.out.String(), word) {
		select {
		case <-p.out.more:
		case <-patience:
			p.t.Fatalf("the program never said %q:\n%s", word, p.out.String())
		}
	}
}

var printedURL = regexp.MustCompile(`listening on (http://\S+)`)

// serve runs the program in the shell's folder until the test, or stop, ends it.
func (s *shell) serve(args ...string) *program {
	s.t.Helper()
	p := &program{t: s.t, out: &spoken{more: make(chan struct{}, 1)}}
	ctx, cancel := context.WithCancel(s.t.Context())
	code := make(chan int, 1)
	go func() { code <- run(ctx, append([]string{"serve"}, args...), p.out, p.out) }()
	p.stop = sync.OnceValue(func() int {
		cancel()
		select {
		case c := <-code:
			return c
		case <-time.After(time.Minute):
			return -1
		}
	})
	s.t.Cleanup(func() {
		if c := p.stop(); c != 0 {
			s.t.Errorf("the program ends with %d:\n%s", c, p.out.String())
		}
		if strings.Contains(p.out.String(), "canary") {
			s.t.Errorf("the program shows a key:\n%s", p.out.String())
		}
	})
	p.await("Try it:")
	p.url = printedURL.FindStringSubmatch(p.out.String())[1]
	return p
}

// do sends a request with this key; status 0 is no answer.
func (p *program) do(method, path, key, body string, headers ...string) (status int, answer string, h http.Header) {
	p.t.Helper()
	req, err := http.NewRequest(method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("x-api-key", key)
	req.Header.Set("content-type", "application/json")
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return 0, err.Error(), nil
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), resp.Header
}

func (p *program) messages(key, model string) (int, string) {
	p.t.Helper()
	status, body, _ := p.do("POST", "/v1/messages", key, ask(model, "hi", false))
	return status, body
}

// The files of the proxy before this one start this one: the config.json after `import`, the .env as it is.
func TestImportedFilesStartAProxy(t *testing.T) {
	s := newShell(t)
	openai, gemini, claude := upstreamOf(t), upstreamOf(t), upstreamOf(t)
	s.put(".config/config.json", fmt.Sprintf(`{
  "upstream": [
    { "name": "OpenAI", "serviceType": "openai", "baseUrl": %q, "apiKeys": [%q, %q], "modelMapping": { "opus": "gpt-5.6", "sonnet": "gpt-4o" } },
    { "name": "Gemini", "serviceType": "gemini", "baseUrl": "%s/v1beta", "apiKeys": [%q] },
    { "serviceType": "claude", "baseUrl": %q, "apiKeys": [%q], "insecureSkipVerify": false }
  ],
  "currentUpstream": 0,
  "loadBalance": "failover"
}`, openai.URL+"/v1", upstreamKey, secondKey, gemini.URL, upstreamKey, claude.URL, upstreamKey))
	s.put(".env", "# server\nPORT=0\nNODE_ENV=production\nENABLE_WEB_UI=true\nPROXY_ACCESS_KEY="+clientKey+"\nLOAD_BALANCE_STRATEGY=failover\nLOG_LEVEL=info\n"+
		"ENABLE_REQUEST_LOGS=true\nENABLE_RESPONSE_LOGS=true\nREQUEST_TIMEOUT=300000\nMAX_CONCURRENT_REQUESTS=100\nENABLE_CORS=true\nCORS_ORIGIN=*\n"+
		"ENABLE_RATE_LIMIT=false\nRATE_LIMIT_WINDOW=60000\nRATE_LIMIT_MAX_REQUESTS=100\nHEALTH_CHECK_ENABLED=true\nHEALTH_CHECK_PATH=/health\n")
	out, said := s.run(0, "", "import")
	has(t, out, "name: OpenAI", "${OPENAI_KEY}", `"*opus*": gpt-5.6`)
	has(t, said, "3 channels, 2 keys", "nothing was written", "only the current channel (OpenAI)")
	out, _ = s.run(0, "", "import", "--write")
	has(t, out, "3 channels")
	has(t, s.file(".env"), "# server\nPORT=0\n", "OPENAI_KEY="+upstreamKey)
	s.run(1, "", "import", "--write")

	p := s.serve()
	status, body := p.messages(clientKey, "claude-opus-4")
	if status != 200 || len(openai.Requests()) != 1 || openai.Requests()[0].Model != "gpt-5.6" {
		t.Fatalf("%d %s", status, body)
	}
	if status, _, _ := p.do("GET", "/health", "", ""); status != 200 {
		t.Errorf("health: %d", status)
	}
	// The others take over.
	openai.Close()
	if status, body = p.messages(clientKey, "gemini-3-pro"); status != 200 || len(gemini.Requests()) == 0 {
		t.Errorf("%d %s", status, body)
	}
}

// Every name of old does what it says, in the real environment of the whole program.
func TestEveryVariableOfOld(t *testing.T) {
	up := upstreamOf(t, hosttest.Step{Match: &hosttest.Match{Model: "slow"}, Times: -1, Fault: hosttest.Fault{Hang: "head"}})
	channels := "version: 1\nserver: { queue: { length: 10, wait: 100ms } }\nchannels:\n" + channel("a", "openai", up.URL, "weight: 1") + channel("b", "openai", up.URL, "weight: 1")
	run := func(name string, vars map[string]string, check func(t *testing.T, p *program)) {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			s.put("plugins.yaml", channels)
			t.Setenv("PORT", "0")
			t.Setenv("PROXY_ACCESS_KEY", clientKey)
			for k, v := range vars {
				t.Setenv(k, v)
			}
			check(t, s.serve())
		})
	}
	is := func(t *testing.T, got, want any, why string) {
		t.Helper()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", why, got, want)
		}
	}
	addr := free(t)
	_, port, _ := strings.Cut(addr, ":")
	run("PORT", map[string]string{"PORT": port}, func(t *testing.T, p *program) { is(t, p.url, "http://"+addr, "address") })
	run("HOST", map[string]string{"HOST": "localhost"}, func(t *testing.T, p *program) {
		status, _, _ := p.do("GET", "/health", "", "")
		is(t, status, 200, "on localhost")
	})
	run("NODE_ENV", map[string]string{"NODE_ENV": "development"}, func(t *testing.T, p *program) {
		p.messages(clientKey, "gpt-4o")
		_ = p.stop()
		has(t, p.out.String(), "msg=request")
	})
	run("PROXY_ACCESS_KEY", nil, func(t *testing.T, p *program) {
		status, _ := p.messages(clientKey, "gpt-4o")
		is(t, status, 200, "the key")
		status, _ = p.messages("wrong", "gpt-4o")
		is(t, status, 401, "another key")
		has(t, p.out.String(), "$PROXY_ACCESS_KEY")
	})
	run("LOAD_BALANCE_STRATEGY", map[string]string{"LOAD_BALANCE_STRATEGY": "round-robin"}, func(t *testing.T, p *program) {
		for range 4 {
			if status, body, _ := p.do("POST", "/v1/messages", clientKey, ask("gpt-4o", fmt.Sprint("hello ", time.Now().UnixNano()), false)); status != 200 {
				t.Fatal(body)
			}
		}
		_ = p.stop()
		if a, b := strings.Count(p.out.String(), "channel=a"), strings.Count(p.out.String(), "channel=b"); a != 2 || b != 2 {
			t.Errorf("a served %d, b %d", a, b)
		}
	})
	run("LOG_LEVEL", map[string]string{"LOG_LEVEL": "error"}, func(t *testing.T, p *program) {
		p.messages(clientKey, "gpt-4o")
		_ = p.stop()
		is(t, strings.Contains(p.out.String(), "level=INFO"), false, "lines at info")
	})
	run("ENABLE_REQUEST_LOGS", map[string]string{"ENABLE_REQUEST_LOGS": "false"}, func(t *testing.T, p *program) {
		p.messages(clientKey, "gpt-4o")
		_ = p.stop()
		is(t, strings.Contains(p.out.String(), "bytes_in="), false, "what came in")
		has(t, p.out.String(), "status=200")
	})
	run("ENABLE_RESPONSE_LOGS", map[string]string{"ENABLE_RESPONSE_LOGS": "false"}, func(t *testing.T, p *program) {
		p.messages(clientKey, "gpt-4o")
		_ = p.stop()
		is(t, strings.Contains(p.out.String(), "bytes_out="), false, "what came of it")
		has(t, p.out.String(), "bytes_in=")
	})
	run("REQUEST_TIMEOUT", map[string]string{"REQUEST_TIMEOUT": "300"}, func(t *testing.T, p *program) {
		status, body, _ := p.do("POST", "/v1/messages", clientKey, ask("slow", "hi", true))
		is(t, status, 504, body)
		has(t, p.out.String(), "REQUEST_TIMEOUT is 300ms")
	})
	run("MAX_CONCURRENT_REQUESTS", map[string]string{"MAX_CONCURRENT_REQUESTS": "1", "REQUEST_TIMEOUT": "20000"}, func(t *testing.T, p *program) {
		before := len(up.Requests())
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, "POST", p.url+"/v1/messages", strings.NewReader(ask("slow", "hi", true)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("x-api-key", clientKey)
		done := make(chan struct{})
		go func() {
			defer close(done)
			if resp, err := http.DefaultTransport.RoundTrip(req); err == nil {
				_ = resp.Body.Close()
			}
		}()
		up.Wait(20*time.Second, func(r []hosttest.Request) bool { return len(r) > before })
		status, _ := p.messages(clientKey, "gpt-4o")
		is(t, status, 529, "the second request")
		cancel()
		<-done
	})
	run("HEALTH_CHECK_PATH", map[string]string{"HEALTH_CHECK_PATH": "/alive"}, func(t *testing.T, p *program) {
		status, _, _ := p.do("GET", "/alive", "", "")
		is(t, status, 200, "the path")
	})
	run("CORS_ORIGIN", map[string]string{"ENABLE_CORS": "true", "CORS_ORIGIN": "https://app.example"}, func(t *testing.T, p *program) {
		_, _, h := p.do("OPTIONS", "/v1/messages", "", "", "origin: https://app.example", "access-control-request-method: POST")
		is(t, h.Get("access-control-allow-origin"), "https://app.example", "the origin")
		_, _, h = p.do("OPTIONS", "/v1/messages", "", "", "origin: https://evil.example", "access-control-request-method: POST")
		is(t, h.Get("access-control-allow-origin"), "", "another origin")
	})
	run("RATE_LIMIT", map[string]string{"ENABLE_RATE_LIMIT": "true", "RATE_LIMIT_WINDOW": "3600000", "RATE_LIMIT_MAX_REQUESTS": "2"}, func(t *testing.T, p *program) {
		var got []int
		for range 3 {
			status, _ := p.messages(clientKey, "gpt-4o")
			got = append(got, status)
		}
		is(t, got, []int{200, 200, 429}, "three requests")
	})
	run("ENABLE_WEB_UI", map[string]string{"ENABLE_WEB_UI": "false"}, func(t *testing.T, p *program) {
		_, body, h := p.do("GET", "/", "", "", "accept: text/html")
		is(t, strings.Contains(h.Get("content-type"), "html"), false, body)
	})
}

// The running proxy is found by other commands, and takes what they change by itself.
func TestServeIsFoundAndWatches(t *testing.T) {
	s := newShell(t)
	t.Setenv("PORT", "0")
	t.Setenv("PROXY_ACCESS_KEY", clientKey)
	s.put("plugins.yaml", "version: 1\nchannels:\n"+channel("a", "openai", says(t, "before").URL))
	p := s.serve()
	if out := s.ok("snippet", "curl"); !strings.Contains(out, p.url) {
		t.Errorf("the running proxy is not found:\n%s", out)
	}
	// Another command changes the file; the proxy sees it by itself.
	after := says(t, "after")
	s.ok("channels", "set", "a", "base_url="+after.URL)
	p.await("base_url changed")
	if _, body := p.messages(clientKey, "gpt-4o"); !strings.Contains(body, "after") {
		t.Error(body)
	}
	// Another address is announced too. (PORT wins over the file, so it has to go.)
	t.Setenv("PORT", "")
	addr := free(t)
	s.put("plugins.yaml", "version: 1\nserver: { listen: \""+addr+"\" }\nchannels:\n"+channel("a", "openai", after.URL))
	p.await("listen")
	p.await(addr)
	if out := s.ok("snippet", "curl"); !strings.Contains(out, addr) {
		t.Errorf("the new address is not found:\n%s", out)
	}
	var out bytes.Buffer
	if code := p.stop(); code != 0 {
		t.Errorf("%d", code)
	}
	if code := runWith(t.Context(), []string{"status"}, strings.NewReader(""), &out, &out); code != exitAbsent {
		t.Errorf("status of a proxy that stopped ends with %d: %s", code, &out)
	}
}
