package upstream

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

const canary = "canary-upstream-key-0123456789"

// client makes a client of a channel at baseURL, which edit may change.
func client(t testing.TB, baseURL string, edit func(*config.Channel)) *Client {
	t.Helper()
	ch := config.DefaultChannel()
	ch.Name, ch.BaseURL = "main", baseURL
	if edit != nil {
		edit(&ch)
	}
	c, err := New(&ch, Options{UserAgent: "claude-proxy/test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func request() Request {
	return Request{Path: "/v1/chat/completions", Auth: "bearer", Key: config.NewSecret(canary), Body: [][]byte{[]byte(`{"a":`), nil, []byte(`1}`)}}
}

// do sends a request that must succeed and returns the body.
func do(t testing.TB, c *Client, r Request) (*Response, string) {
	t.Helper()
	resp, fault := c.Do(t.Context(), r)
	if fault != nil {
		t.Fatal(fault)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

// fails sends a request that must fail in this way.
func fails(t *testing.T, c *Client, r Request, kind failure.Kind, message string) {
	t.Helper()
	resp, fault := c.Do(t.Context(), r)
	if fault == nil {
		resp.Body.Close()
		t.Fatalf("no fault; want %v %q", kind, message)
	}
	if fault.Kind != kind || !strings.Contains(fault.Message, message) {
		t.Errorf("%v: %q (%v)\nwant %v: %q", fault.Kind, fault.Message, fault.Err, kind, message)
	}
	if strings.Contains(fault.Error()+fmt.Sprint(fault.Err), canary) {
		t.Errorf("the key leaks: %v %v", fault, fault.Err)
	}
}

func TestRequest(t *testing.T) {
	var got *http.Request
	var body []byte
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.Header().Set("X-Request-Id", "up_1")
		w.Header().Set("X-RateLimit-Remaining", "7")
		w.Header().Set("Set-Cookie", "session=1")
		w.Header().Set("X-Internal", "host-17")
		w.WriteHeader(201)
		io.WriteString(w, "{}")
	}))
	defer srv.Close()
	c := client(t, srv.URL+"/base/v1", func(ch *config.Channel) {
		ch.Headers = []config.Header{{Name: "x-gateway", Value: config.NewSecret("canary-gateway")}, {Name: "X-Beta", Value: config.NewSecret("mine")}}
	})
	r := request()
	r.Headers = []adapter.Header{{Name: "x-beta", Value: "theirs"}, {Name: "content-type", Value: "application/json; charset=utf-8"}}
	resp, answer := do(t, c, r)
	if answer != "{}" || resp.Status != 201 || resp.ContentLength != 2 {
		t.Errorf("answer %d %q of %d bytes", resp.Status, answer, resp.ContentLength)
	}
	want := map[string]string{
		"Authorization": "Bearer " + canary, "User-Agent": "claude-proxy/test", "X-Gateway": "canary-gateway", "X-Beta": "mine",
		"Content-Type": "application/json; charset=utf-8", "Accept": "application/json", "Accept-Encoding": "gzip",
	}
	for name, value := range want {
		if v := got.Header[name]; len(v) != 1 || v[0] != value {
			t.Errorf("header %s is %q, want %q", name, v, value)
		}
	}
	// U32: no cookies and nothing internal comes through.
	seen := map[string]string{}
	for _, h := range resp.Headers {
		seen[h.Name] = h.Value
	}
	if seen["x-request-id"] != "up_1" || seen["x-ratelimit-remaining"] != "7" || seen["set-cookie"] != "" || seen["x-internal"] != "" {
		t.Errorf("visible headers %v", seen)
	}
	if got.Method != "POST" || got.URL.String() != "/base/v1/chat/completions" || string(body) != `{"a":1}` || got.ContentLength != 7 || len(got.TransferEncoding) != 0 {
		t.Errorf("%s %s %q of %d bytes, %v", got.Method, got.URL, body, got.ContentLength, got.TransferEncoding)
	}

	r = request()
	r.Method, r.Path, r.Body, r.Auth, r.Stream = "GET", "/v1/models?limit=1000", nil, "header:x-api-key", true
	do(t, c, r)
	if got.Method != "GET" || got.URL.String() != "/base/v1/models?limit=1000" || got.Header.Get("X-Api-Key") != canary ||
		got.Header.Get("Authorization") != "" || got.Header.Get("Accept-Encoding") != "identity" || got.Header.Get("Accept") != "text/event-stream" {
		t.Errorf("%s %s %v", got.Method, got.URL, got.Header)
	}

	for _, auth := range []string{"none", ""} {
		r.Auth = auth
		if do(t, c, r); got.Header.Get("X-Api-Key")+got.Header.Get("Authorization") != "" {
			t.Errorf("auth %q sent %v", auth, got.Header)
		}
	}
	r.Auth, r.Key = "bearer", config.Secret{}
	if do(t, c, r); got.Header.Get("Authorization") != "" {
		t.Errorf("no key sent %v", got.Header)
	}
}

func TestAdapterMayNot(t *testing.T) {
	c := client(t, "http://127.0.0.1:1", nil) // nothing may get as far as the network
	f := func(edit func(*Request), message string) {
		t.Helper()
		r := request()
		edit(&r)
		fails(t, c, r, failure.KindProtocol, message)
		if _, fault := c.Do(t.Context(), r); fault.Source != failure.Adapter {
			t.Errorf("source %v", fault.Source)
		}
	}
	for _, name := range []string{
		"authorization", "Authorization", "x-api-key", "x-goog-api-key", "api-key", "cookie", "host", "content-length", "transfer-encoding",
		"connection", "keep-alive", "te", "trailer", "upgrade", "proxy-authorization", "proxy-connection", "accept-encoding", "user-agent",
		"x-forwarded-for", "forwarded", "expect", "x-own",
	} {
		f(func(r *Request) { r.Auth, r.Headers = "header:x-own", []adapter.Header{{Name: name, Value: "x"}} }, "only the host may set")
	}
	f(func(r *Request) { r.Headers = []adapter.Header{{Name: "x y", Value: "x"}} }, "impossible name")
	f(func(r *Request) { r.Headers = []adapter.Header{{Name: "", Value: "x"}} }, "impossible name")
	f(func(r *Request) { r.Headers = []adapter.Header{{Name: "x-a", Value: "x\r\nx-api-key: y"}} }, "control characters")
	f(func(r *Request) { r.Headers = make([]adapter.Header, 65); fill(r.Headers) }, "65 headers")
	f(func(r *Request) { r.Headers = []adapter.Header{{Name: "x-a", Value: strings.Repeat("x", 33<<10)}} }, "are allowed")
	f(func(r *Request) { r.Method = "DELETE" }, "method")
	f(func(r *Request) { r.Auth = "basic" }, "auth scheme")
	f(func(r *Request) { r.Auth = "header:" }, "auth scheme")
	f(func(r *Request) { r.Auth = "header:a b" }, "auth scheme")
	// P19: the destination is the channel's.
	for _, path := range []string{"", "v1/x", "//evil.example/v1", "http://evil.example/", "/../x", "/v1/%2e%2e/x", "/a\r\nb", "/@evil.example", "/x?y\r\nz"} {
		f(func(r *Request) { r.Path = path }, "address that is refused")
	}
}

func fill(headers []adapter.Header) {
	for i := range headers {
		headers[i] = adapter.Header{Name: fmt.Sprint("x-", i), Value: "x"}
	}
}

func TestKeyThatCannotBeSent(t *testing.T) {
	r := request()
	r.Key = config.NewSecret(canary + "\n")
	c := client(t, "http://127.0.0.1:1", nil)
	fails(t, c, r, failure.KindNone, "characters that cannot be sent")
	if _, fault := c.Do(t.Context(), r); fault.Class != adapter.Auth || failure.Rule(fault).State != failure.Invalid {
		t.Errorf("%v", fault)
	}
}

func TestNewRefuses(t *testing.T) {
	f := func(edit func(*config.Channel), message string) {
		t.Helper()
		ch := config.DefaultChannel()
		ch.Name, ch.BaseURL = "main", "http://127.0.0.1:1"
		edit(&ch)
		if _, err := New(&ch, Options{}); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("error %v, want %q", err, message)
		}
	}
	f(func(c *config.Channel) { c.BaseURL = "ftp://x" }, "base_url")
	f(func(c *config.Channel) { c.CAFile = t.TempDir() + "/none.pem" }, "ca_file")
	f(func(c *config.Channel) { c.CAFile = "upstream_test.go" }, "holds no certificate")
}

// The body leaves in full whatever the sizes of its pieces and of the reads, and can be read again.
func TestBody(t *testing.T) {
	short := [][]byte{[]byte("ab"), nil, []byte("c"), {}, bytes.Repeat([]byte("d"), 10000), []byte("e")}
	long := append(short, bytes.Repeat([]byte("f"), joinUpTo))
	for _, size := range []int{1, 2, 3, 4096, 1 << 20} {
		readInFull(t, short, size)
		readInFull(t, long, size)
		readInFull(t, long[:1], size)
	}
}

func readInFull(t *testing.T, pieces [][]byte, size int) {
	t.Helper()
	want := bytes.Join(pieces, nil)
	req := &http.Request{}
	setBody(req, pieces)
	if req.ContentLength != int64(len(want)) {
		t.Fatalf("length %d", req.ContentLength)
	}
	again, _ := req.GetBody()
	for _, b := range []io.ReadCloser{req.Body, again} {
		var got []byte
		buf := make([]byte, size)
		for {
			n, err := b.Read(buf)
			got = append(got, buf[:n]...)
			if err == io.EOF {
				break
			}
			if n == 0 {
				t.Fatal("a read of nothing")
			}
		}
		if !bytes.Equal(got, want) {
			t.Errorf("reads of %d bytes gave %d of %d bytes", size, len(got), len(want))
		}
	}
}

// U27: a kept connection that was closed under us costs no attempt; one that breaks while the upstream is at work does.
func TestStaleConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var conns, requests atomic.Int32
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns.Add(1)
			go func() {
				defer conn.Close()
				buf := make([]byte, 4096)
				// One answer, then the connection ends on the next request without a word.
				conn.Read(buf)
				requests.Add(1)
				io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
				conn.Read(buf)
				requests.Add(1)
			}()
		}
	}()
	c := client(t, "http://"+l.Addr().String(), nil)
	for range 3 {
		if _, body := do(t, c, request()); body != "{}" {
			t.Fatalf("body %q", body)
		}
	}
	if conns.Load() != 3 || requests.Load() != 5 {
		t.Errorf("%d connections, %d requests; want 3 and 5", conns.Load(), requests.Load())
	}
}

func TestBreaksOnNewConnection(t *testing.T) {
	var requests atomic.Int32
	srv := rawServer(t, func(conn net.Conn) {
		requests.Add(1)
	})
	fails(t, client(t, srv, nil), request(), failure.KindCut, "broke the connection before it answered")
	if requests.Load() != 1 {
		t.Errorf("%d requests; a connection that was never kept is not stale", requests.Load())
	}
}

// rawServer reads one request from each connection, calls answer, and closes.
func rawServer(t *testing.T, answer func(net.Conn)) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				var got []byte
				for buf := make([]byte, 4096); !bytes.HasSuffix(got, []byte("1}")); {
					n, err := conn.Read(buf)
					got = append(got, buf[:n]...)
					if err != nil {
						break
					}
				}
				answer(conn)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

func TestCancel(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	srv := rawServer(t, func(net.Conn) { <-release })
	c := client(t, srv, nil)

	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	began := time.Now()
	_, fault := c.Do(ctx, request())
	if fault == nil || fault.Kind != failure.KindGone || time.Since(began) > time.Second {
		t.Errorf("%v after %v", fault, time.Since(began))
	}

	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, fault = c.Do(ctx, request()); fault == nil || fault.Kind != failure.KindTimeout {
		t.Errorf("%v", fault)
	}
}

func BenchmarkDo(b *testing.B) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, "{}")
	}))
	defer srv.Close()
	r := request()
	r.Body = [][]byte{bytes.Repeat([]byte("x"), 30<<10)}
	run := func(name string, once func() io.ReadCloser) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				body := once()
				io.Copy(io.Discard, body)
				body.Close()
			}
		})
	}
	c := client(b, srv.URL, nil)
	run("client", func() io.ReadCloser {
		resp, fault := c.Do(b.Context(), r)
		if fault != nil {
			b.Fatal(fault)
		}
		return resp.Body
	})
	bare := &http.Transport{MaxIdleConnsPerHost: 10}
	defer bare.CloseIdleConnections()
	run("bare transport", func() io.ReadCloser {
		req, _ := http.NewRequestWithContext(b.Context(), "POST", srv.URL+"/v1/chat/completions", bytes.NewReader(r.Body[0]))
		req.Header.Set("Authorization", "Bearer x")
		req.Header.Set("Content-Type", "application/json")
		resp, err := bare.RoundTrip(req)
		if err != nil {
			b.Fatal(err)
		}
		return resp.Body
	})
}
