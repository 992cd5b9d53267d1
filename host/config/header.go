package config

import (
	"strings"
)

// checkHeaderName refuses what is no header name, and the headers that a
// channel may not set: credentials come from its keys, the rest belongs to the
// connection.
func checkHeaderName(name string) *fault {
	if !isToken(name) {
		f := bad(name, "is not the name of a header")
		f.allowed = "letters, digits and - _ . ~ ! # $ % & ' * + ^ ` |"
		return f
	}
	f := bad(name, "")
	switch strings.ToLower(name) {
	case "authorization", "x-api-key", "x-goog-api-key":
		f.message, f.try = "carries the credential, which comes from keys", `keys: ["${NAME}"]`
	case "cookie":
		f.message = "is never sent upstream"
	case "host":
		f.message = "comes from base_url"
	case "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization",
		"te", "trailer", "transfer-encoding", "upgrade":
		f.message = "belongs to the connection, which the proxy makes itself"
	case "content-length", "expect":
		f.message = "belongs to the body, which the proxy frames itself"
	case "accept-encoding":
		f.message = "is set by the proxy, which has to read the answer"
	default:
		return nil
	}
	return f
}

// isToken reports whether s is a token of RFC 9110, section 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			continue
		}
		if !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != "" && len(s) <= 256
}

// badHeaderValue says what keeps a text from being a header's value (RFC 9110,
// section 5.5), "" if nothing does. It does not repeat the text.
func badHeaderValue(s string) string {
	if len(s) > 8<<10 {
		return "is longer than 8192 bytes"
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\r' || c == '\n':
			return "holds a line break"
		case c < ' ' && c != '\t' || c == 0x7f:
			return "holds a control character"
		}
	}
	return ""
}

// checkAuthScheme refuses what is no way to present a key.
func checkAuthScheme(text string) *fault {
	name, isHeader := strings.CutPrefix(text, "header:")
	switch {
	case text == "" || text == "bearer" || text == "none":
		return nil
	case isHeader && isToken(name):
		f := checkHeaderName(name)
		if f == nil || f.try != "" { // the headers of credentials are what this is for
			return nil
		}
		return f
	}
	f := bad(text, "is no way to present a key")
	f.allowed = "bearer, header:NAME, none, or empty for the adapter's own"
	return f
}
