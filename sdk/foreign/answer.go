package foreign

import (
	"bytes"
	"strings"

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

// MaxMessage is the most bytes of an upstream's error message that are passed on.
const MaxMessage = 2 << 10

// TextMessage is the message of an error body that is no JSON, of at most MaxMessage bytes. A page for people is none.
func TextMessage(body []byte) string {
	body = bytes.TrimSpace(body)
	if len(body) == 0 || body[0] == '<' {
		return ""
	}
	return Shorten(strings.ToValidUTF8(string(body), "\ufffd"), MaxMessage)
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
