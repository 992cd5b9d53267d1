package failure

import (
	"bytes"
	"net/url"
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

const (
	redacted = "[redacted]"
	// leastPrefix is how much of a secret must stand somewhere to be taken for its beginning: upstreams quote keys cut
	// short, "sk-abcde***************wxyz".
	leastPrefix = 8
	// leastSecret is the shortest secret that is looked for at all; shorter ones would blot out ordinary words.
	leastSecret = 4
)

// tokenMarks are how credentials of common vendors begin.
var tokenMarks = []string{"sk-", "sk_", "AIza", "AKIA", "gsk_", "xai-", "hf_", "ghp_", "ya29.", "pplx-", "nvapi-", "r8_"}

// leastToken is how many characters must follow a mark to make a credential.
const leastToken = 8

// Scrub replaces what must not leave the proxy in b: the given secrets, as they are, escaped or cut short, and whatever
// looks like a credential (sk-…, AIza…, Bearer …). It returns b itself when there is nothing to replace, else a copy. Valid
// JSON stays valid, unless a secret holds characters of JSON's own.
func Scrub(b []byte, secrets []string) []byte {
	spans := Secrets(b, secrets)
	if len(spans) == 0 {
		return b
	}
	var out []byte
	kept := 0
	for _, at := range spans {
		out = append(append(out, b[kept:at[0]]...), redacted...)
		kept = at[1]
	}
	return append(out, b[kept:]...)
}

// Secrets finds what Scrub replaces: from and to of each place, in order.
func Secrets(b []byte, secrets []string) [][2]int {
	forms := make([]string, 0, len(secrets))
	for _, s := range secrets {
		if len(s) < leastSecret {
			continue
		}
		forms = append(forms, s)
		escaped := string(jsonindex.AppendEscaped(nil, []byte(s)))
		for _, form := range [...]string{escaped, strings.ReplaceAll(escaped, "/", `\/`), url.QueryEscape(s)} {
			if form != s {
				forms = append(forms, form)
			}
		}
	}
	begins := beginnings(forms)
	var spans [][2]int
	kept := 0
	for i := 0; i < len(b); {
		if !begins[b[i]] {
			i++
			continue
		}
		n := secretAt(b, i, forms)
		if n == 0 {
			i++
			continue
		}
		spans = append(spans, [2]int{max(escapeStart(b, i), kept), i + n})
		i += n
		kept = i
	}
	return spans
}

// beginnings are the bytes with which something begins that secretAt finds.
func beginnings(forms []string) (begins [256]bool) {
	for _, list := range [...][]string{forms, tokenMarks, {"b", "B"}} {
		for _, s := range list {
			begins[s[0]] = true
		}
	}
	return begins
}

// secretAt says how many bytes at b[i:] belong to a secret; 0 for none.
func secretAt(b []byte, i int, forms []string) int {
	rest := b[i:]
	longest := 0
	for _, s := range forms {
		n := commonPrefix(rest, s)
		if n == len(s) || n >= leastPrefix {
			longest = max(longest, n)
		}
	}
	if longest > 0 && backslashes(rest[:longest])%2 == 1 {
		longest-- // half an escape stays outside
	}
	if longest > 0 {
		// A quoted beginning is followed by stars, dots and often the last characters.
		return longest + tokenLen(rest[longest:])
	}
	if i > 0 && isTokenByte(b[i-1]) && b[i-1] != '*' {
		return 0
	}
	for _, mark := range tokenMarks {
		if bytes.HasPrefix(rest, []byte(mark)) {
			if n := tokenLen(rest[len(mark):]); n >= leastToken {
				return len(mark) + n
			}
		}
	}
	return bearerLen(rest)
}

// escapeStart is i, or where the JSON escape begins that i lies in, so that no half of one is left behind.
func escapeStart(b []byte, i int) int {
	for j := i - 1; j >= 0 && j >= i-5; j-- {
		if b[j] != '\\' {
			continue
		}
		short := j == i-1 // the character that the backslash escapes
		if (short || b[j+1] == 'u') && backslashes(b[:j+1])%2 == 1 {
			return j
		}
		return i
	}
	return i
}

// backslashes counts those at the end of b.
func backslashes(b []byte) int { return len(b) - len(bytes.TrimRight(b, `\`)) }

// bearerLen finds "Bearer <token>" and covers both.
func bearerLen(b []byte) int {
	const scheme = "bearer"
	if len(b) <= len(scheme) || !bytes.EqualFold(b[:len(scheme)], []byte(scheme)) {
		return 0
	}
	n := len(scheme)
	for n < len(b) && b[n] == ' ' {
		n++
	}
	if n == len(scheme) {
		return 0
	}
	token := n
	for n < len(b) && (isTokenByte(b[n]) || strings.IndexByte("~+/=", b[n]) >= 0) {
		n++
	}
	if n-token < leastToken {
		return 0
	}
	return n
}

func commonPrefix(b []byte, s string) int {
	n := 0
	for n < len(b) && n < len(s) && b[n] == s[n] {
		n++
	}
	return n
}

func tokenLen(b []byte) int {
	n := 0
	for n < len(b) && isTokenByte(b[n]) {
		n++
	}
	return n
}

// isTokenByte: what credentials are made of, and what stands for the left-out middle of one.
func isTokenByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-' || c == '.' || c == '*'
}
