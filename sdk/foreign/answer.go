package foreign

import (
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// TokenCount reads a number of tokens of an answer: -1, which is unknown, when it is none, and at most what an op takes.
func TokenCount(v jsonindex.Value) int64 {
	n, ok := v.Int()
	if !ok || n < 0 {
		return -1
	}
	return min(n, ops.MaxTokenCount)
}

// Raw is the JSON text of a value of an answer, where nothing is extern.
func Raw(v jsonindex.Value) []byte {
	raw, _ := v.Raw()
	return raw
}

// Clip is a value as text of at most so many bytes: a string's meaning, anything else as it stands, "" for null.
func Clip(v jsonindex.Value, most int) string {
	if v.IsNull() {
		return ""
	}
	text, ok := v.Text()
	if !ok {
		text = string(Raw(v))
	}
	return Shorten(text, most)
}
