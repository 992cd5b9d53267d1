package config

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Base is a checked base_url that adapter paths are joined to. It is immutable
// and shared by goroutines.
type Base struct {
	scheme, host string
	// path is in escaped form, without a slash at the end.
	path string
	// versioned says that path already names the API's version.
	versioned bool
}

// ParseBase checks a base_url: http or https, a host, and no user, query or
// fragment. Its errors do not repeat the text, which may hold a credential.
func ParseBase(text string) (*Base, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("is not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("is not an http or https URL")
	case u.User != nil:
		return nil, errors.New("holds a user or password")
	case u.RawQuery != "" || u.ForceQuery:
		return nil, errors.New("holds a query")
	case u.Fragment != "" || strings.Contains(text, "#"):
		return nil, errors.New("holds a fragment")
	case u.Hostname() == "":
		return nil, errors.New("has no host")
	case badHostname(u.Hostname()):
		return nil, errors.New("has a host that is not a name or an address")
	}
	if p := u.Port(); p != "" && !validPort(p) || strings.HasSuffix(u.Host, ":") {
		return nil, errors.New("has a port that is not 1 to 65535")
	}
	path := strings.TrimRight(u.EscapedPath(), "/")
	if why := badPath(path); why != "" {
		return nil, errors.New("has a path that " + why)
	}
	return &Base{scheme: u.Scheme, host: u.Host, path: path, versioned: namesVersion(path)}, nil
}

// namesVersion reports whether a base path already holds the version of the
// API: it ends in a version segment ("/v1", "/api/v3", "/v1beta"), or in
// "openai" below one, which is how Google and Cloudflare lay out their OpenAI
// doors:
// https://ai.google.dev/gemini-api/docs/openai
// https://developers.cloudflare.com/ai-gateway/usage/providers/openai/
func namesVersion(path string) bool {
	segments := strings.Split(path, "/")
	last := len(segments) - 1
	if isVersion(segments[last]) {
		return true
	}
	if segments[last] != "openai" {
		return false
	}
	for _, s := range segments[:last] {
		if isVersion(s) {
			return true
		}
	}
	return false
}

// isVersion reports whether a path segment has the form v, digits, then lower
// case letters or digits: v1, v2, v1beta, v1p1beta1.
func isVersion(segment string) bool {
	if len(segment) < 2 || segment[0] != 'v' || segment[1] < '0' || segment[1] > '9' {
		return false
	}
	for i := 2; i < len(segment); i++ {
		if c := segment[i]; (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// Join returns the address for what an adapter asks for: a path that starts
// with one slash, with an optional query ("/v1/messages?beta=true"). Where the
// base already names a version, the path's own leading version segment is
// dropped, so that a base_url works with and without it.
//
// Scheme, host and port are always those of the base. A path that tries to
// leave it is an error that blames the adapter. The caller owns the URL.
func (b *Base) Join(path string) (*url.URL, error) {
	path, query, hasQuery := strings.Cut(path, "?")
	if why := badAdapterPath(path); why != "" {
		return nil, fmt.Errorf("the adapter returned a path that %s: %s", why, quote(path))
	}
	if hasQuery && !printable(query) || strings.Contains(query, "#") {
		return nil, fmt.Errorf("the adapter returned a query with a character that is not allowed: %s", quote(query))
	}
	if b.versioned {
		first, _, _ := strings.Cut(path[1:], "/")
		if isVersion(first) {
			path = path[1+len(first):]
		}
	}
	u := &url.URL{Scheme: b.scheme, Host: b.host, Path: b.path + path, RawQuery: query}
	if strings.Contains(u.Path, "%") {
		plain, err := url.PathUnescape(u.Path)
		if err != nil {
			return nil, fmt.Errorf("the adapter returned a path that has a bad escape: %s", quote(path))
		}
		u.Path, u.RawPath = plain, u.Path
	}
	return u, nil
}

// badAdapterPath says what is wrong with a path without its query, "" if
// nothing is.
func badAdapterPath(path string) string {
	switch {
	case path == "" || path[0] != '/':
		return "does not start with a slash"
	case strings.HasPrefix(path, "//"):
		return "names a host"
	}
	first, _, _ := strings.Cut(path[1:], "/")
	if strings.Contains(first, "@") {
		return "names a user"
	}
	return badPath(path)
}

// badPath says what is wrong with an escaped path, "" if nothing is. A dot
// segment is looked for in the unescaped form as well, where an upstream may
// find it.
func badPath(path string) string {
	if !printable(path) || strings.ContainsAny(path, `\#`) {
		return "has a character that is not allowed"
	}
	if strings.Contains(path, "//") {
		return "has an empty segment"
	}
	plain := path
	if strings.Contains(path, "%") {
		var err error
		if plain, err = url.PathUnescape(path); err != nil {
			return "has a bad escape"
		}
		for i := range len(plain) {
			if c := plain[i]; c < ' ' || c == 0x7f || c == '\\' {
				return "has a character that is not allowed"
			}
		}
	}
	for s := range strings.SplitSeq(plain, "/") {
		if s == "." || s == ".." {
			return "has a dot segment"
		}
	}
	return ""
}

// printable reports whether s is ASCII without spaces and control characters.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// Endpoint returns the address for what the channel's adapter asks for; see
// [Base.Join]. Channels that came from [Load] have their base_url parsed
// already.
func (c *Channel) Endpoint(path string) (*url.URL, error) {
	base := c.base
	if base == nil {
		var err error
		if base, err = ParseBase(c.BaseURL); err != nil {
			return nil, fmt.Errorf("channel %q: base_url %w", c.Name, err)
		}
	}
	u, err := base.Join(path)
	if err != nil {
		return nil, fmt.Errorf("channel %q: %w", c.Name, err)
	}
	return u, nil
}
