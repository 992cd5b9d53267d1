// Package signature marks the thinking signatures that adapters make up, so that each can tell its own from another's.
//
// A Claude client sends thinking blocks back with their signature untouched
// (https://docs.claude.com/en/docs/build-with-claude/extended-thinking#preserving-thinking-blocks). An adapter whose
// upstream has such a token of its own (an encrypted reasoning item, a thought signature) carries it there behind a tag:
//
//	cp1.<issuer>.<payload>     the payload as it is
//	cp1.<issuer>~<payload>     the payload in base64url without padding
//
// Claude's own signatures are base64 and hold neither a dot nor a tilde, so that they never look like a tag. The first
// form is used whenever the payload consists of letters, digits and -._~+/= alone, as base64 texts do: the tag then needs
// no escape in JSON, and a payload of any length can be passed on without being read, by cutting the tag off; see Cut.
package signature

import (
	"encoding/base64"
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

const (
	// Prefix begins every tag. The digit is the version of the format.
	Prefix = "cp1."
	// MaxIssuer is the most bytes that an issuer's name may have, so that a tag always fits into the readable head of a
	// long string.
	MaxIssuer = 64

	plainMark   = '.' // ends the issuer; the payload follows as it is
	encodedMark = '~' // ends the issuer; the payload follows in base64url
)

// Tag is the signature that carries payload for issuer. An issuer is the name of the adapter that made the payload,
// [a-z0-9-]{1,64}, the same in every version of that adapter; Tag panics on any other. The payload may be any bytes, also
// none.
func Tag(issuer, payload string) string {
	if !validIssuer(issuer) {
		panic("BUG: signature: issuer " + issuer)
	}
	if isPlain(payload) {
		return Prefix + issuer + string(plainMark) + payload
	}
	return Prefix + issuer + string(encodedMark) + base64.RawURLEncoding.EncodeToString([]byte(payload))
}

// Tagged says whether v is a string that carries a tag of any issuer. It reads the head only and allocates nothing.
func Tagged(v jsonindex.Value) bool {
	_, ok := split(v)
	return ok
}

// Issuer is the name of the adapter that made the signature v; false when v is no string or carries no tag, as Claude's
// own signatures. It reads the head only.
func Issuer(v jsonindex.Value) (issuer string, ok bool) {
	t, ok := split(v)
	return string(t.issuer), ok
}

// From says whether v carries a tag of this issuer. It reads the head only and allocates nothing.
func From(v jsonindex.Value, issuer string) bool {
	t, ok := split(v)
	return ok && string(t.issuer) == issuer
}

// Cut is the number of bytes behind which the payload lies in v as it is, to be given to jsonindex.Writer.InnerFrom; false
// when v carries no tag of this issuer or its payload is encoded and must be read with Payload. It reads the head only.
func Cut(v jsonindex.Value, issuer string) (skip int, ok bool) {
	t, ok := split(v)
	if !ok || t.mark != plainMark || string(t.issuer) != issuer {
		return 0, false
	}
	return t.skip, true
}

// Payload is what Tag was given, as a copy; false when v carries no tag of this issuer, is damaged, or is too long to be
// read (see jsonindex.ExternOver).
func Payload(v jsonindex.Value, issuer string) (payload string, ok bool) {
	t, ok := split(v)
	if !ok || string(t.issuer) != issuer {
		return "", false
	}
	s, ok := v.Text()
	if !ok {
		return "", false
	}
	s = s[t.skip:]
	if t.mark == plainMark {
		return s, true
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return string(b), err == nil
}

// parts is a tag taken apart; issuer aliases the document.
type parts struct {
	issuer []byte
	mark   byte
	skip   int // length of the tag up to the payload, the same raw and unescaped
}

// split reads the tag at the beginning of v. A tag that a client has written with escapes is not recognised: no JSON
// encoder escapes any of its characters.
func split(v jsonindex.Value) (t parts, ok bool) {
	head := v.Head()
	if len(head) < len(Prefix) || string(head[:len(Prefix)]) != Prefix {
		return t, false
	}
	rest := head[len(Prefix):]
	for i, c := range rest {
		switch {
		case c == plainMark || c == encodedMark:
			return parts{rest[:i], c, len(Prefix) + i + 1}, i > 0
		case !issuerByte(c) || i == MaxIssuer:
			return t, false
		}
	}
	return t, false
}

func validIssuer(s string) bool {
	for i := range len(s) {
		if !issuerByte(s[i]) {
			return false
		}
	}
	return s != "" && len(s) <= MaxIssuer
}

func issuerByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-'
}

func isPlain(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !issuerByte(c) && (c < 'A' || c > 'Z') && strings.IndexByte("._~+/=", c) < 0 {
			return false
		}
	}
	return true
}
