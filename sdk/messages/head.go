package messages

import (
	"bytes"
	"math/bits"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// Head is what a host needs to know of a request before it chooses an upstream. Reading it costs one pass over the top
// level; what needs a deeper look is a method.
type Head struct {
	// Model is the model's name, unescaped.
	Model string
	// ModelEntry is the INDEX entry of the model's name; see jsonindex.Value.Entry.
	ModelEntry uint32
	// Stream says that the client asked for an event stream.
	Stream bool
	// MaxTokens is max_tokens; -1 when it is absent or no whole number, which only the upstream's adapter judges.
	MaxTokens int64
	// Session is the session id in metadata.user_id, "" when there is none.
	Session string
	// HasTools says that tools is an array that is not empty.
	HasTools bool
	// HasThinking says that thinking is asked for, in any form but disabled.
	HasThinking bool

	system, messages jsonindex.Value
}

// ReadHead reads the head of a Claude request. Its errors are the few faults with which no upstream can be chosen or
// no answer be framed: a body that is no object, a model that is missing or no string, a stream that is no bool, messages
// that are missing or no array. Everything else is left to who reads it, so that an upstream that speaks Claude itself
// gets what this package does not know.
func ReadHead(doc *jsonindex.Doc) (h Head, err error) {
	root := doc.Root()
	h.MaxTokens = -1
	if root.Kind() != jsonindex.Object {
		return h, invalid(root, "the request body must be a JSON object, not %s", what(root))
	}
	var model, stream jsonindex.Value
	for it := root.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "model":
			model = it.Val
		case "stream":
			stream = it.Val
		case "messages":
			h.messages = it.Val
		case "system":
			h.system = it.Val
		case "max_tokens":
			if n, ok := it.Val.Int(); ok {
				h.MaxTokens = n
			}
		case "metadata":
			h.Session = Session(it.Val.Get("user_id"))
		case "tools":
			h.HasTools = it.Val.Kind() == jsonindex.Array && it.Val.At(0).Exists()
		case "thinking":
			t := it.Val.Get("type")
			h.HasThinking = t.IsString() && !t.Is("disabled")
		}
	}
	if err := first(needName(root, "model", model), optional(stream, aBool), need(root, "messages", h.messages, anArray)); err != nil {
		return h, err
	}
	var ok bool
	if h.Model, ok = model.Text(); !ok {
		return h, invalid(model, "is too long for the name of a model")
	}
	h.ModelEntry = model.Entry()
	h.Stream = stream.True()
	return h, nil
}

// MessageCount is the number of turns. It walks them.
func (h *Head) MessageCount() int { return h.messages.Len() }

// maxLooked bounds how many blocks HasImages looks at.
const maxLooked = 4096

// HasImages says whether there is an image or document among the blocks of the turns or of their tool results. It looks
// at the types of the first 4096 blocks and costs some ten nanoseconds for each.
func (h *Head) HasImages() bool {
	looked := 0
	for it := h.messages.Iter(); it.Next(); {
		if hasImages(it.Val.Get("content"), 1, &looked) {
			return true
		}
	}
	return false
}

func hasImages(content jsonindex.Value, nested int, looked *int) bool {
	if content.Kind() != jsonindex.Array {
		return false
	}
	for it := content.Iter(); it.Next(); {
		if *looked++; *looked > maxLooked {
			return false
		}
		switch string(word(it.Val.Get("type"))) {
		case "image", "document":
			return true
		case "tool_result":
			if nested > 0 && hasImages(it.Val.Get("content"), nested-1, looked) {
				return true
			}
		}
	}
	return false
}

// PrefixHash is a hash of the beginning of the conversation: the system prompt and the first user turn, of each the length
// and at most the first and last 4 KiB. Turns that are appended leave it as it is; so do cache_control marks behind
// the text. It is the same in every process, and no protection against somebody who makes up collisions.
func (h *Head) PrefixHash() uint64 {
	sum := mix(hashTexts(0, h.system))
	for it := h.messages.Iter(); it.Next(); {
		if it.Val.Get("role").Is("user") {
			return mix(hashTexts(sum, it.Val.Get("content")))
		}
	}
	return sum
}

// hashTexts hashes a string, or the texts of an array of blocks.
func hashTexts(sum uint64, v jsonindex.Value) uint64 {
	if v.IsString() {
		return hashBytes(sum, textOf(v))
	}
	for it := v.Iter(); it.Next(); {
		if t := it.Val.Get("text"); t.IsString() {
			sum = hashBytes(sum, textOf(t))
		}
	}
	return sum
}

// textOf is what stands between a string's quotes; of an extern one too where its rest lies in the document.
func textOf(v jsonindex.Value) []byte {
	d := v.Doc()
	if v.IsExtern() && d.Resident {
		e := d.Ents[v.Entry()]
		for _, x := range d.Ext {
			if x.At == e.End {
				return d.Src[e.Start : x.At+x.Len]
			}
		}
	}
	return v.Head()
}

func hashBytes(sum uint64, b []byte) uint64 {
	const end = 4 << 10
	sum = mix(sum ^ uint64(len(b)))
	if len(b) > 2*end {
		sum = hashBytes(sum, b[:end])
		b = b[len(b)-end:]
	}
	for ; len(b) >= 8; b = b[8:] {
		sum = mix(sum ^ (uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
			uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56))
	}
	for _, c := range b {
		sum = mix(sum ^ uint64(c))
	}
	return sum
}

// mix folds a 128-bit product, as wyhash does (https://github.com/wangyi-fudan/wyhash).
func mix(x uint64) uint64 {
	hi, lo := bits.Mul64(x^0xa0761d6478bd642f, 0xe7037ed1a0b428db)
	return hi ^ lo
}

// Session is the session id in a metadata.user_id, "" when there is none. Claude Code writes a JSON text with a session_id;
// older versions write user_…_account_…_session_….
func Session(userID jsonindex.Value) string {
	// Claude Code's are about 150 bytes long.
	var space [512]byte
	text, ok := userID.AppendText(space[:0])
	if !ok {
		return ""
	}
	const key, legacy = `"session_id"`, "_session_"
	if i := bytes.Index(text, []byte(key)); i >= 0 {
		rest := bytes.TrimLeft(text[i+len(key):], " \t\r\n")
		if len(rest) == 0 || rest[0] != ':' {
			return ""
		}
		rest = bytes.TrimLeft(rest[1:], " \t\r\n")
		if len(rest) == 0 || rest[0] != '"' {
			return ""
		}
		return sessionID(rest[1:], '"')
	}
	if i := bytes.LastIndex(text, []byte(legacy)); i >= 0 {
		return sessionID(text[i+len(legacy):], 0)
	}
	return ""
}

// sessionID is the id at the beginning of b, which must end at the byte end, or at the end of b when end is 0.
func sessionID(b []byte, end byte) string {
	const longest = 128
	n := 0
	for n < len(b) && isIDByte(b[n]) {
		n++
	}
	ended := n == len(b) && end == 0 || n < len(b) && b[n] == end && end != 0
	if n == 0 || n > longest || !ended {
		return ""
	}
	return string(b[:n])
}

func isIDByte(c byte) bool {
	return c-'0' < 10 || c|0x20-'a' < 26 || c == '-' || c == '_'
}
