package gemini

import (
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/foreign"
)

const (
	// madeID begins the ids of calls to which the upstream gave none. They are not sent back.
	madeID = "toolu_gm_"
	// foreignID begins the client's form of an upstream's id that Claude clients would not take.
	foreignID = "toolu_gx_"
	// maxName is the most characters of a function's name.
	maxName = 128
)

// publicID is the client's form of an upstream's id, "" when it cannot be used; upstreamID leads back.
func publicID(id string) string {
	if strings.HasPrefix(id, madeID) {
		return ""
	}
	return foreign.PublicID(id, foreignID)
}

// upstreamID is the upstream's form of a client's id.
func upstreamID(id string) string { return foreign.UpstreamID(id, foreignID) }

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

// functionName is a name that the upstream takes in place of one that it does not.
func functionName(name string) string {
	if name == "" || name[0] != '_' && name[0]|0x20-'a' >= 26 {
		name = "_" + name
	}
	return foreign.ShortName(name, maxName, nameByte)
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
