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
	"net/url"
	"strings"
	"syscall"

	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// fault says in words what a round trip died of and what to do. The words are made here, of what is known to be harmless;
// the error itself is kept for the log.
func (c *Client) fault(err error) *failure.Fault {
	kind, message := c.explain(err)
	class := adapter.Overloaded
	if kind == failure.KindProtocol {
		class = adapter.Protocol
	}
	f := &failure.Fault{Source: failure.Channel, Kind: kind, Class: class, Message: message, Err: err}
	if kind == failure.KindLocal || kind == failure.KindOffline {
		f.Source = failure.Proxy
	}
	return f
}

// exhausted are the errors of a program or machine that has nothing left to make a connection with.
var exhausted = []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL}

// explainLocal recognises what no upstream is to blame for.
func (c *Client) explainLocal(err error) (failure.Kind, string, bool) {
	var dns *net.DNSError
	for _, e := range exhausted {
		if errors.Is(err, e) {
			return failure.KindLocal, "the proxy cannot open a connection: " + e.Error(), true
		}
	}
	switch {
	case errors.Is(err, syscall.ENETDOWN), errors.Is(err, syscall.ENETUNREACH):
		return failure.KindOffline, fmt.Sprintf("the proxy's machine has no network towards %s", c.host), true
	case errors.As(err, &dns) && !dns.IsNotFound && (dns.IsTimeout || dns.IsTemporary):
		return failure.KindOffline, fmt.Sprintf("the DNS of the proxy's machine does not answer (asked for %s)", dns.Name), true
	}
	return 0, "", false
}

func (c *Client) explain(err error) (failure.Kind, string) {
	var blocked *blockedError
	var refused *proxyRefusal
	var dns *net.DNSError
	if kind, what, ok := c.explainLocal(err); ok {
		return kind, what
	}
	switch {
	case errors.As(err, &blocked):
		return failure.KindBlocked, fmt.Sprintf("leads to %s, a link-local or metadata address that is never dialled; check base_url", blocked.address)
	case errors.As(err, &refused):
		return failure.KindConnect, fmt.Sprintf("cannot be reached: the outgoing proxy answered %d; check proxy_url and its user and password", refused.status)
	case errors.As(err, &dns):
		return failure.KindDNS, fmt.Sprintf("has a host that does not exist: %s; check base_url and the DNS of this machine", dns.Name)
	}
	if what, ok := c.explainTLS(err); ok {
		return failure.KindTLS, what
	}
	var op *net.OpError
	if errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect" || strings.HasPrefix(op.Op, "socks")) {
		return failure.KindConnect, c.explainDial(op)
	}
	var timeout net.Error
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET),
		errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed):
		return failure.KindCut, "broke the connection before it answered"
	case errors.As(err, &timeout) && timeout.Timeout():
		return failure.KindTimeout, "did not answer in time"
	case strings.Contains(err.Error(), "malformed"), strings.Contains(err.Error(), "server response headers exceeded"):
		return failure.KindProtocol, "answered with something that is not HTTP; check scheme and port of base_url"
	}
	return failure.KindCut, "failed before it answered; the log names the cause"
}

func (c *Client) explainDial(op *net.OpError) string {
	at := c.host
	if op.Addr != nil {
		at = op.Addr.String()
	}
	who := "cannot be reached"
	if op.Op != "dial" {
		who = "cannot be reached through the outgoing proxy"
	}
	switch {
	case op.Timeout():
		return fmt.Sprintf("%s: no connection to %s within %s", who, at, c.channel.Timeouts.Connect)
	case errors.Is(op, syscall.ECONNREFUSED):
		return fmt.Sprintf("%s: %s refused the connection; is the server running there?", who, at)
	case errors.Is(op, syscall.EHOSTUNREACH):
		return fmt.Sprintf("%s: there is no route to %s", who, at)
	}
	return fmt.Sprintf("%s: connecting to %s failed", who, at)
}

// explainTLS recognises what a handshake can fail of.
func (c *Client) explainTLS(err error) (string, bool) {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var verify *tls.CertificateVerificationError
	var alert tls.AlertError
	text := err.Error()
	switch {
	case errors.As(err, &unknown):
		return "has a certificate of an authority that is not known here; set ca_file if it is yours", true
	case errors.As(err, &host):
		return fmt.Sprintf("has a certificate for another name than %s; check base_url", c.host), true
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "has a certificate that is expired or not valid yet; check it and the clock of this machine", true
	case errors.As(err, &invalid), errors.As(err, &verify):
		return "has a certificate that is not valid", true
	case errors.As(err, &record), strings.Contains(text, "server gave HTTP response to HTTPS client"):
		return "does not speak TLS; base_url may have to begin with http://", true
	case errors.As(err, &alert), strings.Contains(text, "remote error: tls:"), strings.Contains(text, "tls: "):
		return "could not agree with this host on TLS; it may be too old (TLS 1.2 is the least)", true
	case strings.Contains(text, "TLS handshake timeout"):
		return fmt.Sprintf("did not finish the TLS handshake within %s", c.channel.Timeouts.Connect), true
	}
	return "", false
}

// proxyRefusal is an outgoing proxy's answer to CONNECT.
type proxyRefusal struct{ status int }

func (e *proxyRefusal) Error() string { return fmt.Sprintf("the outgoing proxy answered %d", e.status) }

// checkProxyAnswer gives a refused CONNECT a type; net/http would make a bare text of it.
func checkProxyAnswer(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return &proxyRefusal{resp.StatusCode}
	}
	return nil
}

// cancelled is the fault of a request whose context ended: its time was up, or the client left. A caller that cancels for
// reasons of its own finds them in context.Cause.
func cancelled(ctx context.Context, err error) *failure.Fault {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &failure.Fault{Source: failure.Channel, Kind: failure.KindTimeout, Class: adapter.Overloaded, Message: "did not answer in time", Err: err}
	}
	return &failure.Fault{Source: failure.Client, Kind: failure.KindGone, Class: adapter.Invalid, Message: "the client is gone", Err: err}
}
