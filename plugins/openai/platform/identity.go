package platform

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// UserID is the user id of a request's metadata, null when there is none; other members of the metadata are recorded.
func UserID(l *foreign.Ledger, metadata jsonindex.Value) (user jsonindex.Value, err error) {
	for it := metadata.Iter(); it.Next(); {
		if string(it.Key()) == "user_id" {
			user = it.Val
		} else {
			l.Loss(adapter.Noop, "metadata", string(it.Key()), "unknown field")
		}
	}
	if !user.IsNull() && !user.IsString() {
		return user, messages.Invalid(user, "must be a string")
	}
	return user, nil
}

// WriteUser writes a user id as a hash that names nobody, 64 characters, as a JSON string.
// https://platform.openai.com/docs/guides/safety-best-practices
func WriteUser(w *jsonindex.Writer, user jsonindex.Value) {
	w.Byte('"')
	var space [512]byte // Claude Code's are about 150 bytes long
	sum := sha256.Sum256(stablePart(space[:0], user))
	w.Buf = hex.AppendEncode(w.Buf, sum[:])
	w.Byte('"')
}

// stablePart is a user id without the session that Claude Code writes into it, so that a user stays the same one. The
// text is appended to space.
func stablePart(space []byte, v jsonindex.Value) []byte {
	text, ok := v.AppendText(space)
	if !ok {
		return v.Head()
	}
	if i := bytes.LastIndex(text, []byte("_session_")); i > 0 {
		return text[:i]
	}
	const key = `"session_id":"`
	i := bytes.Index(text, []byte(key))
	if i < 0 {
		return text
	}
	if n := bytes.IndexByte(text[i+len(key):], '"'); n >= 0 {
		text = append(text[:i], text[i+len(key)+n+1:]...)
	}
	return text
}

// CacheKey is a session's prompt_cache_key, which takes 64 characters at most.
func CacheKey(session string) string {
	if len(session) > 64 {
		return adapter.NewID(session, "session_", 0)
	}
	return session
}

// Tier is the service_tier for a request's, "" for one that nobody knows.
// https://platform.openai.com/docs/api-reference/chat/create#chat-create-service_tier
func Tier(v jsonindex.Value) string {
	switch {
	case v.Is("auto"):
		return "auto"
	case v.Is("standard_only"):
		return "default"
	}
	return ""
}
