package upstream

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/claude-proxy/claude-proxy/host/failure"
)

// answering serves one fixed answer.
func answering(t *testing.T, status int, header http.Header, body []byte) *Client {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		w.Write(body)
	}))
	t.Cleanup(srv.Close)
	return client(t, srv.URL, nil)
}

func zip(b []byte) []byte {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	w.Write(b)
	w.Close()
	return buf.Bytes()
}

// U24
func TestRedirect(t *testing.T) {
	f := func(location, message string) {
		t.Helper()
		c := answering(t, 307, http.Header{"Location": {location}}, nil)
		fails(t, c, request(), failure.KindRedirect, message)
	}
	f("https://evil.example/take?key=1", `redirected to "evil.example", which is not followed`)
	f("/v2/elsewhere", "redirected to another path of 127.0.0.1")
	f("", "redirected to nowhere")
	f("http://%zz", "redirected to nowhere")
}

func TestRedirectTakesNoKeyAlong(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the redirect was followed: %v", r.Header)
	}))
	defer srv.Close()
	r := request()
	r.Auth = "header:x-goog-api-key"
	fails(t, answering(t, 302, http.Header{"Location": {srv.URL}}, nil), r, failure.KindRedirect, "")
}

// U23
func TestEncodings(t *testing.T) {
	gz := http.Header{"Content-Encoding": {"gzip"}}
	f := func(c *Client, want string) {
		t.Helper()
		if resp, body := do(t, c, request()); body != want || resp.ContentLength != -1 && resp.ContentLength != int64(len(want)) {
			t.Errorf("body %q of %d", body, resp.ContentLength)
		}
	}
	f(answering(t, 200, gz, zip([]byte(`{"a":1}`))), `{"a":1}`)
	f(answering(t, 200, http.Header{"Content-Encoding": {"X-GZIP"}}, zip([]byte("x"))), "x")
	f(answering(t, 200, http.Header{"Content-Encoding": {"identity"}}, []byte("x")), "x")
	f(answering(t, 200, gz, nil), "")
	f(answering(t, 200, gz, zip(nil)), "")
	// More than 1 MiB of a usual ratio passes.
	random := rand.New(rand.NewPCG(1, 2))
	big := make([]byte, ratioFrom+64<<10)
	for i := range big {
		big[i] = "0123456789abcdef"[random.IntN(16)]
	}
	f(answering(t, 200, gz, zip(big)), string(big))
	// A failed status tells enough without its body.
	f(answering(t, 500, http.Header{"Content-Encoding": {"br"}}, []byte("junk")), "")
	fails(t, answering(t, 200, http.Header{"Content-Encoding": {"br"}}, []byte("junk")), request(), failure.KindEncoding, `"br"`)
	fails(t, answering(t, 200, http.Header{"Content-Encoding": {"gzip, br"}}, []byte("junk")), request(), failure.KindEncoding, "not asked for")
}

func TestBadGzip(t *testing.T) {
	f := func(body []byte, message string) {
		t.Helper()
		resp, fault := answering(t, 200, http.Header{"Content-Encoding": {"gzip"}}, body).Do(t.Context(), request())
		if fault != nil {
			t.Fatal(fault)
		}
		defer resp.Body.Close()
		_, err := io.Copy(io.Discard, resp.Body)
		if !errors.As(err, &fault) || fault.Kind != failure.KindEncoding || !strings.Contains(fault.Message, message) {
			t.Errorf("%v, want %q", err, message)
		}
		if _, err := resp.Body.Read(make([]byte, 1)); err != fault {
			t.Errorf("after the fault: %v", err)
		}
	}
	f([]byte(`{"plain":true}`), "it is not")
	whole := zip(bytes.Repeat([]byte("hello "), 100))
	f(whole[:len(whole)-9], "cut off")
	whole[len(whole)-5] ^= 1
	f(whole, "it is not")
	f(zip(make([]byte, 8<<20)), "inflates without measure")
}

func TestInflaterPassesConnectionErrors(t *testing.T) {
	broken := errors.New("connection reset")
	body := io.MultiReader(bytes.NewReader(zip([]byte("some text"))[:15]), iotest.ErrReader(broken))
	z := newInflater(io.NopCloser(body))
	if _, err := io.Copy(io.Discard, z); err != broken {
		t.Errorf("error %v", err)
	}
	// A bomb's first MiB comes out whole, so that no small answer is suspected.
	z = newInflater(io.NopCloser(bytes.NewReader(zip(make([]byte, ratioFrom)))))
	if n, err := io.Copy(io.Discard, z); n != ratioFrom || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestStreamsPassAtOnce(t *testing.T) {
	next := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for range 3 {
			io.WriteString(w, "data: x\n\n")
			w.(http.Flusher).Flush()
			<-next
		}
	}))
	defer srv.Close()
	r := request()
	r.Stream = true
	resp, fault := client(t, srv.URL, nil).Do(t.Context(), r)
	if fault != nil {
		t.Fatal(fault)
	}
	defer resp.Body.Close()
	buf := make([]byte, 100)
	for range 3 {
		n, err := resp.Body.Read(buf)
		if string(buf[:n]) != "data: x\n\n" || err != nil {
			t.Fatalf("%q %v", buf[:n], err)
		}
		next <- struct{}{}
	}
}

func TestResponseReads(t *testing.T) {
	c := answering(t, 429, http.Header{"Retry-After": {"7"}, "Content-Type": {"Text/HTML ; charset=utf-8"}}, nil)
	resp, _ := do(t, c, request())
	if d, ok := resp.RetryAfter(); d != 7*time.Second || !ok {
		t.Errorf("retry after %v %v", d, ok)
	}
	if !resp.HTML() {
		t.Error("not HTML")
	}
	resp, _ = do(t, answering(t, 200, http.Header{"Content-Type": {"application/json"}}, nil), request())
	if _, ok := resp.RetryAfter(); ok || resp.HTML() {
		t.Error("nothing was said")
	}
}

func TestOddAnswers(t *testing.T) {
	f := func(answer string, kind failure.Kind, message string) {
		t.Helper()
		srv := rawServer(t, func(conn net.Conn) { io.WriteString(conn, answer) })
		fails(t, client(t, srv, nil), request(), kind, message)
	}
	f("SSH-2.0-OpenSSH_9\r\n\r\n", failure.KindProtocol, "not HTTP")
	f("HTTP/1.1 200 OK\r\nContent-Le", failure.KindProtocol, "not HTTP")
	f("HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", maxResponseHeader+8192)+"\r\n\r\n", failure.KindProtocol, "not HTTP")
}
