package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/app"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/hosttest"
	"github.com/claude-proxy/claude-proxy/host/registry"
	"github.com/claude-proxy/claude-proxy/plugins"
)

// benchRole names, in the environment, what a child process of the benchmark serves.
const benchRole = "CLAUDE_PROXY_BENCH_ROLE"

// TestMain lets the test binary serve as one of the processes that BenchmarkProxy compares.
func TestMain(m *testing.M) {
	if role := os.Getenv(benchRole); role != "" {
		if err := benchChild(role, os.Getenv("CLAUDE_PROXY_BENCH_UPSTREAM")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// benchChild serves until its standard input ends, so that it never outlives the benchmark.
func benchChild(role, upstream string) error {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin) // any end of it is the end
		cancel()
	}()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", l.Addr())
	switch role {
	case "upstream":
		return serveUntil(ctx, l, new(hosttest.Fast))
	case "bare":
		u, err := url.Parse(upstream)
		if err != nil {
			return err
		}
		p := httputil.NewSingleHostReverseProxy(u)
		p.Transport = &http.Transport{MaxIdleConnsPerHost: 256}
		p.FlushInterval = -1
		return serveUntil(ctx, l, wholeBody(p))
	}
	dir, err := os.MkdirTemp("", "claude-proxy-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "plugins.yaml")
	text := fmt.Sprintf("version: 1\nchannels:\n%slog: { requests: true, responses: true }\n", channel("main", role, upstream))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	reg := registry.New(plugins.Builtin())
	cfg, report := config.Load(config.LoadOptions{Path: path, Adapters: reg.Names(), LookupEnv: func(name string) (string, bool) { return clientKey, name == "PROXY_ACCESS_KEY" }})
	if cfg == nil {
		return report.Err()
	}
	a, err := app.New(cfg, app.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Registry: reg, Version: "bench"})
	if err != nil {
		return err
	}
	return a.Serve(ctx, l)
}

// wholeBody reads the request before it is passed on; a bare proxy that does not cuts some streams short.
func wholeBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(b))
		next.ServeHTTP(w, r)
	})
}

func serveUntil(ctx context.Context, l net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h}
	context.AfterFunc(ctx, func() { srv.Close() })
	if err := srv.Serve(l); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// child is one of the processes.
type child struct {
	url string
	pid int
}

func startChild(b *testing.B, role, upstream string) child {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), benchRole+"="+role, "CLAUDE_PROXY_BENCH_UPSTREAM="+upstream)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		cmd.Wait() // it ends by itself once its input does
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return child{url: strings.TrimSpace(line), pid: cmd.Process.Pid}
}

// cpu is the processor time that the process has used, user and system; 0 where the system does not tell.
func (c child) cpu() time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	var ticks int
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		if err != nil {
			return 0
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// drive sends n requests over 16 connections and checks every answer.
func (c child) drive(b *testing.B, path, body, want string, n int) {
	b.Helper()
	const connections = 16
	transport := &http.Transport{MaxIdleConnsPerHost: connections}
	defer transport.CloseIdleConnections()
	var wg sync.WaitGroup
	for i := range connections {
		wg.Go(func() {
			for j := i; j < n; j += connections {
				req, err := http.NewRequest("POST", c.url+path, strings.NewReader(body))
				if err != nil {
					b.Error(err)
					return
				}
				req.Header.Set("x-api-key", clientKey)
				req.Header.Set("authorization", "Bearer "+clientKey)
				req.Header.Set("anthropic-version", "2023-06-01")
				req.Header.Set("content-type", "application/json")
				resp, err := transport.RoundTrip(req)
				if err != nil {
					b.Error(err)
					return
				}
				got, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || resp.StatusCode != 200 || !bytes.Contains(got, []byte(want)) {
					b.Errorf("%s: status %d, %v: %.300s", path, resp.StatusCode, err, got)
					return
				}
			}
		})
	}
	wg.Wait()
}

// agentRequest is a coding agent's request of about 30 KB, with tools and history.
func agentRequest(model string, stream bool, size int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"model":%q,"max_tokens":32000,"stream":%v,"metadata":{"user_id":"u"},"system":[{"type":"text","text":"You are an agent.\nWork \"well\".","cache_control":{"type":"ephemeral"}}],"tools":[`, model, stream)
	for i := range 12 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":"tool_%d","description":"Does a thing.\nWith lines and \"quotes\".","input_schema":{"type":"object","properties":{"path":{"type":"string","description":"A path"},"n":{"type":"integer"}},"required":["path"],"additionalProperties":false}}`, i)
	}
	b.WriteString(`],"messages":[{"role":"user","content":"Fix the bug in main.go"}`)
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `,{"role":"assistant","content":[{"type":"text","text":"Looking at file %d.\n"},{"type":"tool_use","id":"toolu_%04d","name":"tool_%d","input":{"path":"/src/f%d.go","n":%d,"old":"a\tb \"q\" \\n"}}]}`, i, i, i%12, i, i)
		fmt.Fprintf(&b, `,{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_%04d","content":"%s"}]}`, i, strings.Repeat(`if err != nil {\n\treturn fmt.Errorf(\"x: %w\", err)\n}\n`, 8))
	}
	b.WriteString(`]}`)
	return b.String()
}

// BenchmarkProxy compares the whole proxy with a bare httputil.ReverseProxy, each a process of its own, in turns. The
// figures are processor time of the proxy's process per request (cpu-µs/req) and the ratio to the bare proxy of the same
// rounds (x-bare). Run it with -benchtime=2000x or so; a single iteration only shows that it works.
func BenchmarkProxy(b *testing.B) {
	up := startChild(b, "upstream", "")
	bare := startChild(b, "bare", up.url)
	chat, _ := url.Parse(up.url)
	for _, ours := range []struct {
		role, barePath string
	}{{"openai", "/v1/chat/completions"}, {"claude", "/v1/messages"}} {
		proxied := startChild(b, ours.role, chat.String())
		for _, s := range []struct {
			name, body, want string
		}{
			{"small", ask("fast-plain", "hi", false), `"content"`},
			{"30KB", agentRequest("fast-plain", false, 30_000), `"content"`},
			{"stream200", ask("fast-stream-200", "hi", true), ""},
			{"agent", agentRequest("fast-agent", true, 30_000), ""},
		} {
			b.Run(ours.role+"/"+s.name, func(b *testing.B) {
				want := s.want
				if want == "" {
					want = "message_stop"
				}
				bareWant := want
				if ours.role == "openai" && s.want == "" {
					bareWant = "[DONE]"
				}
				proxied.drive(b, "/v1/messages", s.body, want, 32)
				bare.drive(b, ours.barePath, s.body, bareWant, 32)
				var cpuOurs, cpuBare time.Duration
				const rounds = 5
				n := max(1, b.N/rounds)
				b.ResetTimer()
				for range rounds {
					before := proxied.cpu()
					proxied.drive(b, "/v1/messages", s.body, want, n)
					cpuOurs += proxied.cpu() - before
					before = bare.cpu()
					bare.drive(b, ours.barePath, s.body, bareWant, n)
					cpuBare += bare.cpu() - before
				}
				b.StopTimer()
				b.ReportMetric(float64(cpuOurs.Microseconds())/float64(n*rounds), "cpu-µs/req")
				if cpuBare > 0 {
					b.ReportMetric(float64(cpuOurs)/float64(cpuBare), "x-bare")
				}
			})
		}
	}
}

// BenchmarkRelay is the whole way over loopback in one process: client, proxy and upstream together, with what all three
// allocate. It shows changes; what the proxy alone costs is BenchmarkProxy's to say.
func BenchmarkRelay(b *testing.B) {
	up := hosttest.New(b, &hosttest.Script{Keys: []string{upstreamKey}})
	for _, a := range adapters {
		p := start(b, channel("main", a.name, up.URL), "log: { level: error }")
		for _, s := range []struct{ name, body string }{
			{"small", ask("fast-plain", "hi", false)},
			{"30KB", agentRequest("fast-plain", false, 30_000)},
			{"stream200", ask("fast-stream-200", "hi", true)},
		} {
			b.Run(a.name+"/"+s.name, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(s.body)))
				for b.Loop() {
					if got := p.post("/v1/messages", s.body); got.status != 200 {
						b.Fatalf("%d %s", got.status, got.body)
					}
				}
			})
		}
	}
}
