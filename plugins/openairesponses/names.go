package openairesponses

import (
	"encoding/base64"
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// The upstream's limits; see https://platform.openai.com/docs/api-reference/responses/create#responses-create-tools.
const (
	maxName   = 64
	maxCallID = 64
)

// carriedID begins the client's form of an upstream's id that Claude clients would not take.
const carriedID = "toolu_x_"

func isCarried(id []byte) bool {
	return len(id) > len(carriedID) && string(id[:len(carriedID)]) == carriedID
}

// publicID is the client's form of an upstream's id: the same where it consists of letters, digits, "_" and "-" alone,
// else the id in base64. upstreamID leads back. "" when the id cannot be used at all.
func publicID(id string) string {
	const longest = 128
	if id == "" || len(id) > longest {
		return ""
	}
	if isName(id) && !strings.HasPrefix(id, carriedID) {
		return id
	}
	return carriedID + base64.RawURLEncoding.EncodeToString([]byte(id))
}

// upstreamID is the upstream's form of a client's id. One that is too long becomes a hash, the same for a call and its
// result.
func upstreamID(id string) string {
	if rest, ok := strings.CutPrefix(id, carriedID); ok {
		if b, err := base64.RawURLEncoding.Strict().DecodeString(rest); err == nil && len(b) > 0 {
			id = string(b)
		}
	}
	if len(id) > maxCallID {
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

// shortName is a function's name that the upstream takes: the beginning of the client's and a hash of all of it.
func shortName(name string) string {
	const sum = 12
	hash := adapter.NewID(name, "_", 0)[:sum]
	head := []byte(name[:min(len(name), maxName-sum)])
	for i, c := range head {
		if !nameByte(c) {
			head[i] = '_'
		}
	}
	return string(head) + hash
}

// toolName writes a function's name as a JSON string, shortened where the upstream would not take it. A defined name leads
// back from the answer.
func (r *request) toolName(v jsonindex.Value, defined bool) error {
	if raw := v.Head(); v.Kind() == jsonindex.String && len(raw) <= maxName && isName(raw) {
		r.w.Raw(v)
		return nil
	}
	name, ok := v.Text()
	if !ok {
		return messages.Invalid(v, "is too long for a name")
	}
	if len(name) > maxName || !isName(name) {
		short := shortName(name)
		if defined {
			if r.x.names == nil {
				r.x.names = map[string]string{}
			}
			r.x.names[short] = name
		}
		r.loss(adapter.Tuned, "tools", "name", "long names are shortened on the way")
		name = short
	}
	r.w.Quote(name)
	return nil
}
