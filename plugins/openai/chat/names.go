package chat

import (
	"encoding/base64"
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// foreignID begins the client's form of an upstream's id that Claude clients would not take.
const foreignID = "toolu_x_"

func isForeign(id []byte) bool {
	return len(id) > len(foreignID) && string(id[:len(foreignID)]) == foreignID
}

// publicID is the client's form of an upstream's id: the same where it consists of letters, digits, "_" and "-" alone,
// else the id in base64. upstreamID leads back. "" when the id cannot be used at all.
func publicID(id string) string {
	const longest = 256
	if id == "" || len(id) > longest {
		return ""
	}
	if isName(id) && !strings.HasPrefix(id, foreignID) {
		return id
	}
	return foreignID + base64.RawURLEncoding.EncodeToString([]byte(id))
}

// upstreamID is the upstream's form of a client's id, shortened where it is longer than limit. The same id always gives
// the same one, so that calls and results keep together.
func upstreamID(id string, limit int) string {
	if rest, ok := strings.CutPrefix(id, foreignID); ok {
		if b, err := base64.RawURLEncoding.DecodeString(rest); err == nil && len(b) > 0 {
			id = string(b)
		}
	}
	if limit > 0 && len(id) > limit {
		return adapter.NewID(id, "call_", 0)
	}
	return id
}

// isName says whether s consists of the characters that names of functions and Claude's ids are made of.
func isName[T string | []byte](s T) bool {
	for i := range len(s) {
		if !nameByte(s[i]) {
			return false
		}
	}
	return len(s) > 0
}

func nameByte(c byte) bool {
	return c-'0' < 10 || c|0x20-'a' < 26 || c == '_' || c == '-'
}

// shortName is a function's name of at most limit characters out of the allowed ones: the beginning of the name and a
// hash of all of it.
func shortName(name string, limit int) string {
	const sum = 12
	hash := adapter.NewID(name, "_", 0)[:sum]
	head := []byte(name[:min(len(name), max(limit-sum, 0))])
	for i, c := range head {
		if !nameByte(c) {
			head[i] = '_'
		}
	}
	return string(head) + hash
}
