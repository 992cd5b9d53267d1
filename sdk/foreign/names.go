package foreign

import (
	"encoding/base64"
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// IsName says whether s consists of the characters that names of functions and Claude's ids are made of: letters, digits,
// "_" and "-". The empty text is none.
func IsName[T string | []byte](s T) bool {
	for i := range len(s) {
		if !IsNameByte(s[i]) {
			return false
		}
	}
	return len(s) > 0
}

// IsNameByte says whether c is such a character.
func IsNameByte(c byte) bool {
	return c-'0' < 10 || c|0x20-'a' < 26 || c == '_' || c == '-'
}

// maxID is the longest id of an upstream that clients are given.
const maxID = 256

// PublicID is the client's form of an upstream's id: the same where Claude clients take it, else prefix and the id in
// base64. UpstreamID leads back. "" when the id cannot be used at all: it is empty, or longer than 256 bytes.
func PublicID(id, prefix string) string {
	if id == "" || len(id) > maxID {
		return ""
	}
	if IsName(id) && !strings.HasPrefix(id, prefix) {
		return id
	}
	return prefix + base64.RawURLEncoding.EncodeToString([]byte(id))
}

// UpstreamID is the upstream's form of a client's id.
func UpstreamID(id, prefix string) string {
	if rest, ok := strings.CutPrefix(id, prefix); ok {
		if b, err := base64.RawURLEncoding.Strict().DecodeString(rest); err == nil && len(b) > 0 {
			return string(b)
		}
	}
	return id
}

// ShortName is a name of at most limit characters in place of one that is too long or holds others: its beginning, with
// "_" for what takes refuses, and a hash of all of it, so that the same name always gives the same.
func ShortName(name string, limit int, takes func(byte) bool) string {
	const sum = 12
	hash := adapter.NewID(name, "_", 0)[:sum]
	head := []byte(name[:min(len(name), max(limit-sum, 0))])
	for i, c := range head {
		if !takes(c) {
			head[i] = '_'
		}
	}
	return string(head) + hash
}

// WriteToolName writes a function's name as a JSON string. One that is longer than limit or holds other characters than
// IsName takes is shortened; where the function is defined, back is not nil and leads from the short name to the client's.
func (l *Ledger) WriteToolName(w *jsonindex.Writer, v jsonindex.Value, limit int, back *map[string]string) error {
	if raw := v.Head(); v.Kind() == jsonindex.String && len(raw) <= limit && IsName(raw) {
		w.Raw(v)
		return nil
	}
	name, ok := v.Text()
	if !ok {
		return messages.Invalid(v, "is too long for a name")
	}
	if len(name) > limit || !IsName(name) {
		short := ShortName(name, limit, IsNameByte)
		if back != nil {
			if *back == nil {
				*back = map[string]string{}
			}
			(*back)[short] = name
		}
		l.Loss(adapter.Tuned, "tools", "name", "long names are shortened on the way")
		name = short
	}
	w.Quote(name)
	return nil
}
