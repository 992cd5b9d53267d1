package adapter

import (
	"strconv"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// Operation is what a client asked for.
type Operation uint8

const (
	// Messages is POST /v1/messages.
	Messages Operation = iota
	// CountTokens is POST /v1/messages/count_tokens; its answer is one usage op and done.
	CountTokens
	// Models is GET /v1/models; its answer is model ops and done. Call.Body is nil.
	Models
)

func (o Operation) String() string {
	switch o {
	case CountTokens:
		return "count_tokens"
	case Models:
		return "models"
	}
	return "messages"
}

// Header is one HTTP header. Names are lower case on both ways.
type Header struct{ Name, Value string }

// Call is one client request as an adapter sees it. It is read-only and shared by all attempts. It never carries the
// client's credentials or cookies.
type Call struct {
	Op Operation
	// ID is unique for this client request. It seeds every id that an adapter makes up; see NewID.
	ID string
	// Model is the upstream's name of the model, after the channel's renaming.
	Model string
	// ClientModel is the name that the client asked for.
	ClientModel string
	// MaxOutputTokens is the channel's cap for this model; 0 means no cap is configured.
	MaxOutputTokens int64
	// Stream says that the client wants an event stream.
	Stream bool
	// Body is the client's body, indexed; nil for Models.
	Body *jsonindex.Doc
	// Headers are those client headers that the manifest asks for.
	Headers []Header
	// Query is the client's raw query string without the question mark.
	Query string
	// Session is the client's session id (x-claude-code-session-id or the one in metadata), "" if it has none.
	Session string
	// Remedies are those that a Failure of an earlier attempt asked for, in order. Usually none.
	Remedies []Remedy
}

// Header returns the first value of the named header, compared without case, or "".
func (c *Call) Header(name string) string { return find(c.Headers, name) }

// Remedy returns the value of the named remedy and whether it was asked for.
func (c *Call) Remedy(name string) (value string, ok bool) {
	for _, r := range c.Remedies {
		if r.Name == name {
			return r.Value, true
		}
	}
	return "", false
}

// NewID makes the n-th id with this prefix for this call: the prefix and 22 letters and digits. The same call, prefix and n
// give the same id, in every sandbox and on every machine.
func (c *Call) NewID(prefix string, n int) string { return NewID(c.ID, prefix, n) }

// NewID is Call.NewID for an exchange, which keeps a copy of the call's id instead of the call.
func NewID(callID, prefix string, n int) string {
	const (
		offset   = 14695981039346656037
		prime    = 1099511628211
		alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	)
	seed := callID + "\x00" + prefix + "\x00" + strconv.Itoa(n)
	b := append(make([]byte, 0, len(prefix)+22), prefix...)
	for half := range uint64(2) {
		h := uint64(offset) ^ half*0x9E3779B97F4A7C15
		for i := range len(seed) {
			h = (h ^ uint64(seed[i])) * prime
		}
		// A 64-bit finalizer: FNV alone leaves the last characters of similar seeds alike.
		h ^= h >> 33
		h *= 0xff51afd7ed558ccd
		h ^= h >> 33
		for range 11 {
			b = append(b, alphabet[h%62])
			h /= 62
		}
	}
	return string(b)
}

func find(hs []Header, name string) string {
	for i := range hs {
		if equalFold(hs[i].Name, name) {
			return hs[i].Value
		}
	}
	return ""
}

// equalFold compares header names: ASCII only.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		x, y := a[i], b[i]
		if x-'A' < 26 {
			x |= 0x20
		}
		if y-'A' < 26 {
			y |= 0x20
		}
		if x != y {
			return false
		}
	}
	return true
}
