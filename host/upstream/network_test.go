package upstream

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/failure"
)

// U10
func TestCannotConnect(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	fails(t, client(t, "http://"+addr, nil), request(), failure.KindConnect, addr+" refused the connection; is the server running")
}

// What a resolver or a kernel says is put into words; the sockets are not needed for that.
func TestExplain(t *testing.T) {
	c := client(t, "https://api.example/v1", nil)
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	f := func(err error, kind failure.Kind, message string) {
		t.Helper()
		fault := c.fault(err)
		if fault.Kind != kind || !strings.Contains(fault.Message, message) || !errors.Is(fault, err) {
			t.Errorf("%v: %v %q, want %v %q", err, fault.Kind, fault.Message, kind, message)
		}
	}
	f(dial(&net.DNSError{Name: "api.example", IsNotFound: true}), failure.KindDNS, "does not exist: api.example")
	f(dial(os.NewSyscallError("connect", syscall.EHOSTUNREACH)), failure.KindConnect, "no route to api.example")
	// What is wrong here is not the upstream's fault.
	f(dial(&net.DNSError{Name: "api.example", IsTimeout: true}), failure.KindOffline, "asked for api.example")
	f(dial(&net.DNSError{Name: "api.example", IsTemporary: true}), failure.KindOffline, "does not answer")
	f(dial(os.NewSyscallError("connect", syscall.ENETUNREACH)), failure.KindOffline, "no network towards api.example")
	f(dial(os.NewSyscallError("socket", syscall.EMFILE)), failure.KindLocal, "too many open files")
	f(dial(os.NewSyscallError("connect", syscall.EADDRNOTAVAIL)), failure.KindLocal, "cannot open a connection")
	f(dial(os.NewSyscallError("connect", syscall.ETIMEDOUT)), failure.KindConnect, "within 10s")
	f(dial(os.ErrPermission), failure.KindConnect, "connecting to api.example failed")
	f(dial(&blockedError{"169.254.169.254:80"}), failure.KindBlocked, "169.254.169.254:80")
	f(&net.OpError{Op: "proxyconnect", Net: "tcp", Err: syscall.ECONNREFUSED}, failure.KindConnect, "through the outgoing proxy")
	f(&net.OpError{Op: "remote error", Err: tls.AlertError(70)}, failure.KindTLS, "TLS 1.2")
	f(errors.New("net/http: TLS handshake timeout"), failure.KindTLS, "handshake within 10s")
	f(os.ErrDeadlineExceeded, failure.KindTimeout, "in time")
	f(errors.New("anything else"), failure.KindCut, "the log names the cause")
}

// U25
func TestForbidden(t *testing.T) {
	f := func(want bool, addresses ...string) {
		t.Helper()
		for _, a := range addresses {
			if got := forbidden(netip.MustParseAddr(a)); got != want {
				t.Errorf("forbidden(%s) = %v", a, got)
			}
		}
	}
	f(true, "169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
		"fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "224.0.0.1", "ff02::1")
	f(false, "127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "fd12::1", "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1")
	for host, want := range map[string]bool{"169.254.169.254": true, "Metadata.Google.Internal.": true, "api.example": false, "localhost": false} {
		if forbiddenHost(host) != want {
			t.Errorf("forbiddenHost(%s) = %v", host, !want)
		}
	}
}

func TestGuardAtDialTime(t *testing.T) {
	for _, host := range []string{"169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]:8080", "metadata.google.internal"} {
		fails(t, client(t, "http://"+host+"/v1", nil), request(), failure.KindBlocked, "link-local or metadata address")
	}
	// A name that leads there is found when it is dialled.
	c := client(t, "http://rebound.example/v1", nil)
	transport := c.transport.(*http.Transport)
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dial(ctx, network, "169.254.169.254:80")
	}
	fails(t, c, request(), failure.KindBlocked, "169.254.169.254:80")
}

func newTLS(t *testing.T, edit func(*httptest.Server)) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }))
	srv.EnableHTTP2 = true
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	if edit != nil {
		edit(srv)
	}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv
}

// U26
func TestTLS(t *testing.T) {
	srv := newTLS(t, nil)
	fails(t, client(t, srv.URL, nil), request(), failure.KindTLS, "set ca_file")

	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	withCA := func(ch *config.Channel) { ch.CAFile = ca }
	if _, proto := do(t, client(t, srv.URL, withCA), request()); proto != "HTTP/2.0" {
		t.Errorf("spoke %s", proto)
	}
	if _, proto := do(t, client(t, srv.URL, func(ch *config.Channel) { ch.InsecureSkipVerify = true }), request()); proto != "HTTP/2.0" {
		t.Errorf("spoke %s", proto)
	}
	other := strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)
	fails(t, client(t, other, withCA), request(), failure.KindTLS, "another name than localhost")
	old := newTLS(t, func(s *httptest.Server) {
		s.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	})
	fails(t, client(t, old.URL, withCA), request(), failure.KindTLS, "TLS 1.2 is the least")
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	fails(t, client(t, strings.Replace(plain.URL, "http:", "https:", 1), nil), request(), failure.KindTLS, "may have to begin with http://")
	mute := rawServer(t, func(net.Conn) {})
	fails(t, client(t, strings.Replace(mute, "http:", "https:", 1), func(ch *config.Channel) { ch.Timeouts.Connect = 50 * time.Millisecond }),
		request(), failure.KindTLS, "handshake within 50ms")
}

// through makes a client that uses an outgoing proxy, as proxy_url would.
func through(t *testing.T, base, proxy string) *Client {
	t.Helper()
	u, err := url.Parse(proxy)
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, base, func(ch *config.Channel) { ch.InsecureSkipVerify = true })
	c.transport.(*http.Transport).Proxy = http.ProxyURL(u)
	return c
}

func TestProxy(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "direct") }))
	defer plain.Close()
	secure := newTLS(t, nil)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user := r.Header.Get("Proxy-Authorization"); user == "" {
			w.WriteHeader(407)
			return
		}
		if r.Method != "CONNECT" {
			io.WriteString(w, "by proxy for "+r.URL.Host)
			return
		}
		up, err := net.Dial("tcp", r.Host)
		if err != nil {
			w.WriteHeader(502)
			return
		}
		down, buf, _ := w.(http.Hijacker).Hijack()
		io.WriteString(down, "HTTP/1.1 200 OK\r\n\r\n")
		pipe(down, up, buf)
	}))
	defer proxy.Close()
	authed := strings.Replace(proxy.URL, "http://", "http://user:canary-proxy-password@", 1)
	if _, body := do(t, through(t, plain.URL, authed), request()); body != "by proxy for "+strings.TrimPrefix(plain.URL, "http://") {
		t.Errorf("body %q", body)
	}
	if _, body := do(t, through(t, secure.URL, authed), request()); body != "HTTP/2.0" {
		t.Errorf("body %q", body)
	}
	fails(t, through(t, secure.URL, proxy.URL), request(), failure.KindConnect, "the outgoing proxy answered 407")
	refused := through(t, secure.URL, "http://user:canary-proxy-password@127.0.0.1:1")
	fails(t, refused, request(), failure.KindConnect, "refused the connection")
	_, fault := refused.Do(t.Context(), request())
	if strings.Contains(fault.Message+fault.Err.Error(), "canary") {
		t.Errorf("the proxy's password leaks: %v %v", fault, fault.Err)
	}
	// A proxy is no way around the guard.
	fails(t, through(t, "http://169.254.169.254/", authed), request(), failure.KindBlocked, "")
}

func pipe(down, up net.Conn, buffered io.Reader) {
	done := make(chan struct{})
	go func() {
		io.Copy(up, buffered)
		up.Close()
		close(done)
	}()
	io.Copy(down, up)
	down.Close()
	<-done
}

func TestSOCKS5(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "served") }))
	defer srv.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	asked := make(chan string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		buf := make([]byte, 262)
		io.ReadFull(conn, buf[:3])      // version, one method, none
		conn.Write([]byte{5, 0})        // no authentication
		io.ReadFull(conn, buf[:5])      // version, connect, reserved, type, first byte
		n := int(buf[4])                // a name of this length
		io.ReadFull(conn, buf[5:5+n+2]) // the name and the port
		asked <- string(buf[5 : 5+n])   //
		conn.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
		up, err := net.Dial("tcp", strings.TrimPrefix(srv.URL, "http://"))
		if err != nil {
			return
		}
		pipe(conn, up, conn)
	}()
	if _, body := do(t, through(t, "http://api.example", "socks5://"+l.Addr().String()), request()); body != "served" {
		t.Errorf("body %q", body)
	}
	if host := <-asked; host != "api.example" {
		t.Errorf("the proxy was asked for %q", host)
	}
}
