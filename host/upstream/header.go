package upstream

import (
	"fmt"
	"net/http"
	"net/textproto"
	"strings"

	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

const (
	// maxHeaders and maxHeaderBytes bound what an adapter may add.
	maxHeaders     = 64
	maxHeaderBytes = 32 << 10
)

// header builds the request's headers: the host's own, the adapter's over them, the channel's over those, and the
// credential last, so that nothing can take its place.
func (c *Client) header(r *Request) (http.Header, *failure.Fault) {
	credential, prefix, fault := scheme(r.Auth)
	if fault != nil {
		return nil, fault
	}
	b := headerBuilder{
		h:      make(http.Header, 6+len(r.Headers)+len(c.channel.Headers)),
		values: make([]string, 0, 6+len(r.Headers)+len(c.channel.Headers)),
	}
	b.set("Content-Type", "application/json")
	b.set("User-Agent", c.userAgent)
	if r.Stream {
		b.set("Accept", "text/event-stream")
		b.set("Accept-Encoding", "identity")
	} else {
		b.set("Accept", "application/json")
		b.set("Accept-Encoding", "gzip")
	}
	if fault := checkHeaders(r.Headers, credential); fault != nil {
		return nil, fault
	}
	for i := range r.Headers {
		b.set(textproto.CanonicalMIMEHeaderKey(r.Headers[i].Name), r.Headers[i].Value)
	}
	for i := range c.channel.Headers {
		b.set(textproto.CanonicalMIMEHeaderKey(c.channel.Headers[i].Name), c.channel.Headers[i].Value.Reveal())
	}
	if credential == "" || r.Key.Empty() {
		return b.h, nil
	}
	secret := r.Key.Reveal()
	if !validValue(secret) {
		return nil, &failure.Fault{Source: failure.Channel, Class: adapter.Auth,
			Message: "has a key with characters that cannot be sent, such as a line break; check how it was pasted"}
	}
	b.set(credential, prefix+secret)
	return b.h, nil
}

// headerBuilder fills a header map with one-element values out of one array.
type headerBuilder struct {
	h      http.Header
	values []string
}

func (b *headerBuilder) set(name, value string) {
	b.values = append(b.values, value)
	n := len(b.values)
	b.h[name] = b.values[n-1 : n : n]
}

// scheme reads the manifest's auth scheme: the header that carries the key, and what stands before it. An empty header
// means that none is sent.
func scheme(auth string) (header, prefix string, fault *failure.Fault) {
	switch auth {
	case "bearer":
		return "Authorization", "Bearer ", nil
	case "none", "":
		return "", "", nil
	}
	name, ok := strings.CutPrefix(auth, "header:")
	if !ok || !validName(name) {
		return "", "", adapterFault("names the auth scheme %.40q, which this host does not know", auth)
	}
	return textproto.CanonicalMIMEHeaderKey(name), "", nil
}

// checkHeaders refuses what an adapter may not send. credential is the header that carries the key.
func checkHeaders(headers []adapter.Header, credential string) *failure.Fault {
	size := 0
	for i := range headers {
		name, value := headers[i].Name, headers[i].Value
		size += len(name) + len(value)
		switch {
		case !validName(name):
			return adapterFault("set a header with the impossible name %.40q", name)
		case !validValue(value):
			return adapterFault("set the header %s to a value with control characters", name)
		case hostOnly(name) || strings.EqualFold(name, credential):
			return adapterFault("set the header %s, which only the host may set", name)
		}
	}
	if len(headers) > maxHeaders || size > maxHeaderBytes {
		return adapterFault("set %d headers of %d bytes; %d of %d bytes are allowed", len(headers), size, maxHeaders, maxHeaderBytes)
	}
	return nil
}

// hostOnly: credentials, cookies, what belongs to one connection, and what names the client or the destination.
func hostOnly(name string) bool {
	switch name = strings.ToLower(name); name {
	case "authorization", "cookie", "cookie2", "set-cookie", "host", "content-length", "transfer-encoding", "connection",
		"keep-alive", "te", "trailer", "upgrade", "expect", "accept-encoding", "user-agent", "forwarded", "via":
		return true
	}
	return strings.HasSuffix(name, "api-key") || strings.HasPrefix(name, "proxy-") || strings.HasPrefix(name, "x-forwarded-") ||
		strings.HasPrefix(name, "sec-")
}

// validName: a token of https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
func validName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

func validValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// adapterFault blames the adapter. The message continues its name.
func adapterFault(format string, args ...any) *failure.Fault {
	return &failure.Fault{Source: failure.Adapter, Kind: failure.KindProtocol, Class: adapter.Internal, Message: fmt.Sprintf(format, args...)}
}
