package config

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/claude-proxy/claude-proxy/host/pattern"
)

// checkRule runs the check that a field's tag rule names; nil means fine.
func checkRule(rule, text string) *fault {
	switch rule {
	case "":
		return nil
	case "listen":
		return checkListen(text)
	case "health_path":
		return checkHealthPath(text)
	case "dir":
		if strings.TrimSpace(text) == "" {
			return &fault{message: "the path is empty"}
		}
		return checkPath(text)
	case "optional_dir", "ca_file":
		return checkPath(text)
	case "host":
		return checkHost(text)
	case "origin":
		return checkOrigin(text)
	case "name":
		return checkName(text, 64)
	case "label":
		if text == "" {
			return nil
		}
		return checkName(text, 128)
	case "model":
		return checkModel(text)
	case "pattern":
		if _, _, err := pattern.CompileEntry(text); err != nil {
			return bad(text, err.Error())
		}
		return nil
	case "map_pattern":
		if _, err := pattern.Compile(text); err != nil {
			return bad(text, err.Error())
		}
		return nil
	case "adapter":
		return checkAdapter(text)
	case "base_url":
		return checkBaseURL(text)
	case "website":
		return checkWebsite(text)
	case "auth_scheme":
		return checkAuthScheme(text)
	case "header_name":
		return checkHeaderName(text)
	case "env_name":
		if !validEnvName(text) {
			return bad(text, "is not the name of a variable")
		}
		return nil
	case "sha256":
		return checkSHA256(text)
	}
	panic("BUG: no rule " + rule)
}

func checkListen(text string) *fault {
	fault := bad(text, "is not host:port")
	fault.allowed = "127.0.0.1:3000, localhost:3000, [::1]:3000, :3000 for all interfaces"
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		switch {
		case validPort(text):
			fault.hint = didYouMean("127.0.0.1:" + text)
		case strings.Contains(text, "://"):
			if u, err := url.Parse(text); err == nil && u.Host != "" && u.User == nil {
				fault.hint = didYouMean(u.Host)
			}
		case !badHostname(text):
			fault.hint = didYouMean(net.JoinHostPort(text, "3000"))
		}
		return fault
	}
	if port != "0" && !validPort(port) {
		fault.message = "has a port that is not 0 to 65535"
		return fault
	}
	if host != "" && badHostname(host) {
		fault.message = "has a host that is not a name or an address"
		return fault
	}
	return nil
}

// loopback reports whether a listen address that passed its check is reachable
// from this machine only.
func loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

func checkHealthPath(text string) *fault {
	fault := bad(text, "is not a path")
	fault.allowed = "/health, /healthz, …"
	switch {
	case !strings.HasPrefix(text, "/") || badPath(text) != "" || strings.Contains(text, "?"):
		if text != "" && !strings.HasPrefix(text, "/") && badPath("/"+text) == "" {
			fault.hint = didYouMean("/" + text)
		}
		return fault
	case len(text) > 1 && strings.HasSuffix(text, "/"):
		fault.message, fault.hint = "ends with a slash", didYouMean(strings.TrimRight(text, "/"))
		return fault
	}
	for _, taken := range [...]string{"/v1", "/admin", "/api/hello", "/metrics"} {
		if text == taken || strings.HasPrefix(text, taken+"/") {
			fault.message = "belongs to the proxy already"
			return fault
		}
	}
	if text == "/" {
		fault.message = "belongs to the web UI"
		return fault
	}
	return nil
}

func checkPath(text string) *fault {
	if strings.ContainsRune(text, 0) {
		return &fault{message: "the path holds a zero byte", hidden: true}
	}
	if strings.HasPrefix(text, "~/") {
		fault := bad(text, `starts with "~", which only a shell understands`)
		fault.hint = didYouMean("${HOME}" + text[1:])
		return fault
	}
	return nil
}

// badHostname reports whether s is neither an IP address nor a host name.
// Names of containers hold underscores, so those pass.
func badHostname(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return false
	}
	s = strings.TrimSuffix(s, ".")
	if s == "" || len(s) > 253 {
		return true
	}
	numeric := true
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 {
			return true
		}
		numeric = true
		for _, r := range label {
			if r < '0' || r > '9' {
				numeric = false
			}
			if r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				return true
			}
		}
	}
	// A name whose last label is a number is a broken address (RFC 3696).
	return numeric
}

func validPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

func checkHost(text string) *fault {
	if badHostname(strings.Trim(text, "[]")) {
		fault := bad(text, "is not a host name")
		fault.allowed = "proxy.example.com, 192.0.2.7"
		if u, err := url.Parse(text); err == nil && u.Hostname() != "" && u.User == nil {
			fault.hint = didYouMean(u.Hostname())
		} else if host, _, err := net.SplitHostPort(text); err == nil && !badHostname(host) {
			fault.hint = didYouMean(host)
		}
		return fault
	}
	return nil
}

func checkOrigin(text string) *fault {
	if text == "*" {
		return nil
	}
	fault := bad(text, "is not an origin")
	fault.allowed = `"*", or scheme://host[:port] without a path`
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Host == "" {
		if u, err = url.Parse("https://" + text); err == nil && !badHostname(u.Hostname()) && u.User == nil {
			fault.hint = didYouMean("https://" + u.Host)
		}
		return fault
	}
	if u.User != nil {
		fault.found, fault.message, fault.hidden = "", "the origin holds a user or password", true
		return fault
	}
	if origin := u.Scheme + "://" + u.Host; origin != text {
		fault.hint = didYouMean(origin)
		return fault
	}
	return nil
}

// checkName keeps names to what a header, a metric label and a path can show:
// letters and digits of any script, a few signs, single spaces inside.
func checkName(text string, longest int) *fault {
	if text == "" {
		return &fault{message: "the name is empty"}
	}
	fault := bad(text, "is not a name")
	fault.allowed = "up to " + strconv.Itoa(longest) + " letters, digits and - _ . : @ + ( ), with single spaces between"
	if utf8.RuneCountInString(text) > longest || !utf8.ValidString(text) ||
		strings.TrimSpace(text) != text || strings.Contains(text, "  ") {
		return fault
	}
	for _, r := range text {
		if r != ' ' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune("-_.:@+()", r) {
			return fault
		}
	}
	return nil
}

// checkModel refuses only what no model name can be.
func checkModel(text string) *fault {
	if _, err := pattern.Compile(text); err != nil {
		return bad(text, "as the name of a model "+err.Error())
	}
	if strings.Contains(text, "*") {
		return bad(text, `is a pattern: the new name is written out, "*" stands on the left only`)
	}
	return nil
}

func checkAdapter(text string) *fault {
	fault := bad(text, "is not the name of an adapter")
	fault.allowed = strings.Join(builtinAdapters(), ", ") + ", or a plugin's file name without .wasm"
	if name, ok := strings.CutSuffix(text, ".wasm"); ok {
		fault.hint = didYouMean(name)
		return fault
	}
	if text == "" || len(text) > 64 || text[0] == '.' || text[0] == '-' {
		return fault
	}
	for _, r := range text {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.", r) {
			return fault
		}
	}
	return nil
}

func checkBaseURL(text string) *fault {
	if _, err := ParseBase(text); err != nil {
		fault := &fault{message: "the URL " + err.Error(), hidden: true,
			allowed: "https://host[:port][/path], http too"}
		if !strings.Contains(text, "://") && !strings.Contains(text, "@") {
			if _, err := ParseBase("https://" + text); err == nil {
				fault.hint = didYouMean("https://" + text)
			}
		}
		return fault
	}
	trimmed := strings.TrimRight(text, "/")
	for _, endpoint := range [...]string{"/chat/completions", "/v1/messages", "/v1/responses"} {
		if base, ok := strings.CutSuffix(trimmed, endpoint); ok {
			if strings.HasPrefix(endpoint, "/v1") {
				base += "/v1"
			}
			fault := bad(text, "names an endpoint: the adapter adds that itself")
			fault.hint = didYouMean(base)
			return fault
		}
	}
	return nil
}

func checkWebsite(text string) *fault {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		// The UI makes a link of it, so javascript: must not pass.
		fault := bad(text, "is not an http or https URL")
		if err == nil && u.Scheme == "" {
			fault.hint = didYouMean("https://" + text)
		}
		return fault
	}
	if u.User != nil {
		return &fault{message: "the URL holds a user or password", hidden: true}
	}
	return nil
}

func checkSHA256(text string) *fault {
	if text == "" {
		return nil
	}
	lower := strings.ToLower(text)
	if len(lower) != 64 || strings.Trim(lower, "0123456789abcdef") != "" {
		return &fault{message: "a sha256 is 64 hex digits"}
	}
	if lower != text {
		return &fault{message: "a sha256 is written in lower case"}
	}
	return nil
}

// ValidName reports whether a text can be the name of a channel or a client key.
func ValidName(text string) bool { return checkName(text, 64) == nil }
