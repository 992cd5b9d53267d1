package gemini

import (
	"encoding/base64"
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

const (
	// madeID begins the ids of calls to which the upstream gave none. They are not sent back.
	madeID = "toolu_gm_"
	// foreignID begins the client's form of an upstream's id that Claude clients would not take.
	foreignID = "toolu_gx_"
	// maxName is the most characters of a function's name.
	maxName = 128
)

// publicID is the client's form of an upstream's id: the same where it consists of letters, digits, "_" and "-" alone,
// else the id in base64. upstreamID leads back. "" when the id cannot be used at all.
func publicID(id string) string {
	const longest = 256
	if id == "" || len(id) > longest || strings.HasPrefix(id, madeID) {
		return ""
	}
	if isID(id) && !strings.HasPrefix(id, foreignID) {
		return id
	}
	return foreignID + base64.RawURLEncoding.EncodeToString([]byte(id))
}

// upstreamID is the upstream's form of a client's id.
func upstreamID(id string) string {
	if rest, ok := strings.CutPrefix(id, foreignID); ok {
		if b, err := base64.RawURLEncoding.DecodeString(rest); err == nil && len(b) > 0 {
			return string(b)
		}
	}
	return id
}

// isID says whether s consists of the characters that Claude's ids are made of.
func isID(s string) bool {
	for i := range len(s) {
		if c := s[i]; !alphanumeric(c) && c != '_' && c != '-' {
			return false
		}
	}
	return s != ""
}

func alphanumeric(c byte) bool { return c-'0' < 10 || c|0x20-'a' < 26 }

// isFunctionName says whether the upstream takes a function's name: a letter or "_", then letters, digits and "_.:-", 128
// characters at most. https://ai.google.dev/api/caching#FunctionDeclaration
func isFunctionName[T string | []byte](s T) bool {
	if len(s) == 0 || len(s) > maxName || s[0] != '_' && s[0]|0x20-'a' >= 26 {
		return false
	}
	for i := range len(s) {
		if !nameByte(s[i]) {
			return false
		}
	}
	return true
}

func nameByte(c byte) bool {
	return alphanumeric(c) || c == '_' || c == '.' || c == ':' || c == '-'
}

// functionName is a name that the upstream takes in place of one that it does not: the name as far as it can be kept and
// a hash of all of it.
func functionName(name string) string {
	const sum = 12
	hash := adapter.NewID(name, "_", 0)[:sum]
	b := make([]byte, 0, maxName)
	if name == "" || name[0] != '_' && name[0]|0x20-'a' >= 26 {
		b = append(b, '_')
	}
	for i := 0; i < len(name) && len(b) < maxName-sum; i++ {
		c := name[i]
		if !nameByte(c) {
			c = '_'
		}
		b = append(b, c)
	}
	return string(append(b, hash...))
}

// qualified is a model's resource name, such as "models/gemini-3-flash".
func qualified(name string) string {
	for _, collection := range [...]string{"models/", "tunedModels/"} {
		if rest, ok := strings.CutPrefix(name, collection); ok && rest != "" && !strings.Contains(rest, "/") {
			return name
		}
	}
	return "models/" + name
}

// modelPath is the path of a model. What stands in a name as "/" or ":" does not part the path.
func modelPath(name string) string {
	const hex = "0123456789ABCDEF"
	collection, rest, _ := strings.Cut(qualified(name), "/")
	b := append([]byte("/v1beta/"), collection...)
	b = append(b, '/')
	for i := range len(rest) {
		c := rest[i]
		if alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~' {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}
