// Package upstream sends requests to one channel's upstream.
//
// A [Client] is the only place where a channel's credentials meet the network: adapters name a path and headers, the
// channel's configuration names scheme, host and key, and nothing an adapter, a client or an upstream says can bring
// them together elsewhere. Redirects are not followed, link-local and metadata addresses are not dialled, and every
// failure comes back as a [failure.Fault] that says what to do and holds no secret.
package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

const (
	// maxIdlePerHost keeps a connection for each of many parallel streams; the two of net/http would cost a handshake per
	// request under load.
	maxIdlePerHost = 256
	// idleTimeout is less than that of common load balancers (60 to 350 s), so that they do not close first.
	idleTimeout = 55 * time.Second
	// writeBuffer is where the head of a request is put together in bytes; it stays with the connection while an answer streams.
	// What is larger goes out in a write of its own.
	writeBuffer = 1 << 10
	// maxResponseHeader is the largest response head in bytes.
	maxResponseHeader = 256 << 10
	// pingAfter and pingTimeout find HTTP/2 connections that died silently.
	pingAfter, pingTimeout = 15 * time.Second, 10 * time.Second
	// staleWithin is how soon a kept connection must break to count as stale: longer, and the upstream may have been at
	// work, which a second request would be billed for again.
	staleWithin = time.Second
)

// Options are what New needs besides a channel.
type Options struct {
	// UserAgent is sent to upstreams; a channel's own header of that name wins.
	UserAgent string
	// Transport answers in place of the network, for the demo channel and for tests; nil dials.
	Transport http.RoundTripper
	// Previous is the client of the same channel before its configuration changed, or nil. Its open connections are used
	// on where nothing changed that decides how they are made.
	Previous *Client
	// Dial connects in place of the network, for tests in simulated time; nil is a real dialler that keeps away from
	// forbidden addresses.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Client sends the requests of one channel. It is safe for concurrent use and keeps connections open between requests;
// Close ends the idle ones.
type Client struct {
	channel   *config.Channel
	base      *config.Base
	transport http.RoundTripper
	userAgent string
	// host is shown in messages.
	host string
	// way is what decides how connections are made.
	way way
	// blocked is set when base_url itself names an address that is never dialled: through an outgoing proxy the dialler
	// would not see it.
	blocked bool
}

// New makes the client of a channel, whose configuration must not change afterwards. It reads the channel's CA file and
// opens no connection. Its errors name the setting at fault.
func New(ch *config.Channel, o Options) (*Client, error) {
	base, err := config.ParseBase(ch.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("base_url %w", err)
	}
	root, err := base.Join("/")
	if err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}
	c := &Client{channel: ch, base: base, transport: o.Transport, userAgent: o.UserAgent, host: root.Host}
	if c.transport != nil {
		return c, nil
	}
	c.blocked = forbiddenHost(root.Hostname())
	roots, pem, err := readRoots(ch.CAFile)
	if err != nil {
		return nil, err
	}
	c.way = way{connect: ch.Timeouts.Connect, roots: pem, trusting: ch.InsecureSkipVerify}
	if u := ch.ProxyURL.URL(); u != nil {
		c.way.proxy = u.String()
	}
	if o.Previous != nil && o.Previous.way == c.way && o.Previous.dials() {
		c.transport = o.Previous.transport
		return c, nil
	}
	proxy := http.ProxyFromEnvironment
	if u := ch.ProxyURL.URL(); u != nil {
		proxy = http.ProxyURL(u)
	}
	dial := o.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: ch.Timeouts.Connect, KeepAlive: 30 * time.Second, ControlContext: guard}).DialContext
	}
	c.transport = &http.Transport{
		Proxy:                  proxy,
		OnProxyConnectResponse: checkProxyAnswer,
		DialContext:            dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, InsecureSkipVerify: ch.InsecureSkipVerify},
		TLSHandshakeTimeout:    ch.Timeouts.Connect,
		// Encodings are asked for and decoded here, with limits.
		DisableCompression:     true,
		MaxIdleConns:           2 * maxIdlePerHost,
		MaxIdleConnsPerHost:    maxIdlePerHost,
		IdleConnTimeout:        idleTimeout,
		WriteBufferSize:        writeBuffer,
		MaxResponseHeaderBytes: maxResponseHeader,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout},
	}
	return c, nil
}

// way is everything that decides how a connection is made.
type way struct {
	connect      time.Duration
	proxy, roots string
	trusting     bool
}

// dials: the client makes connections of its own.
func (c *Client) dials() bool {
	_, ok := c.transport.(*http.Transport)
	return ok
}

// Shares says whether both clients use the same connections.
func (c *Client) Shares(other *Client) bool {
	return other != nil && c.dials() && c.transport == other.transport
}

// readRoots adds a PEM file to the system's roots; nil means the system's alone. pem is its text.
func readRoots(file string) (roots *x509.CertPool, pem string, err error) {
	if file == "" {
		return nil, "", nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, "", fmt.Errorf("ca_file: %w", err)
	}
	if roots, err = x509.SystemCertPool(); err != nil {
		roots = x509.NewCertPool() // some systems have none; the file then stands alone
	}
	if !roots.AppendCertsFromPEM(text) {
		return nil, "", fmt.Errorf("ca_file: %s holds no certificate in PEM form", file)
	}
	return roots, string(text), nil
}

// Close closes idle connections. Requests under way go on.
func (c *Client) Close() {
	if t, ok := c.transport.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}

// Request is one request of an adapter with the credential that the balancer chose.
type Request struct {
	// Method is GET or POST; "" is POST.
	Method string
	// Path is path and query as the adapter gives it.
	Path string
	// Headers are the adapter's. Credentials, cookies and what belongs to the connection are the adapter's fault.
	Headers []adapter.Header
	// Body is the whole body in pieces, which are read while the request is under way and, on a stale connection, again:
	// nobody may change them before the answer's body is closed.
	Body [][]byte
	// Key is the credential; empty sends none.
	Key config.Secret
	// Auth is the manifest's scheme: "bearer", "header:<name>" or "none".
	Auth string
	// Stream says that the answer is to be a stream; it is then asked for without compression.
	Stream bool
}

// Do sends a request and returns when the response head is there. ctx bounds the request and the reading of the body.
// Every status but 3xx is a Response, which the caller closes; a Fault means that there is none.
func (c *Client) Do(ctx context.Context, r Request) (*Response, *failure.Fault) {
	if c.blocked {
		return nil, c.fault(&blockedError{c.host})
	}
	req, fault := c.request(&r)
	if fault != nil {
		return nil, fault
	}
	resp, err := c.send(ctx, req, r.Body)
	if err != nil {
		if ctx.Err() != nil {
			return nil, cancelled(ctx, err)
		}
		return nil, c.fault(err)
	}
	return c.response(resp)
}

// request puts the HTTP request together, without a context and a body.
func (c *Client) request(r *Request) (*http.Request, *failure.Fault) {
	u, err := c.base.Join(r.Path)
	if err != nil {
		return nil, adapterFault("asked for an address that is refused: %v", err)
	}
	header, fault := c.header(r)
	if fault != nil {
		return nil, fault
	}
	method := r.Method
	switch method {
	case "":
		method = http.MethodPost
	case http.MethodGet, http.MethodPost:
	default:
		return nil, adapterFault("asked for the method %.20q; GET and POST are allowed", method)
	}
	return &http.Request{
		Method: method, URL: u, Host: u.Host, Header: header, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

// send does one round trip. A kept connection that the upstream had closed meanwhile is not worth an attempt: the request
// goes out once more on a new one.
func (c *Client) send(ctx context.Context, req *http.Request, body [][]byte) (*http.Response, error) {
	var reused atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(i httptrace.GotConnInfo) { reused.Store(i.Reused) },
	})
	began := time.Now()
	req = req.WithContext(traced)
	setBody(req, body)
	resp, err := c.transport.RoundTrip(req)
	if err == nil || !reused.Load() || !isStale(err) || time.Since(began) > staleWithin || ctx.Err() != nil {
		return resp, err
	}
	c.Close() // its neighbours are as old
	setBody(req, body)
	return c.transport.RoundTrip(req)
}

// isStale: the connection was closed before a byte of the answer came.
func isStale(err error) bool {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return false
	}
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		// net/http keeps this error to itself.
		err.Error() == "http: server closed idle connection"
}
