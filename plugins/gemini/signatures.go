package gemini

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
	"github.com/claude-proxy/claude-proxy/sdk/signature"
)

// Thought signatures are opaque texts on parts of an answer. The model wants them back on the parts that it put them on,
// and from Gemini 3 on refuses a first function call without. A Claude client keeps none on calls or texts, so each
// travels in the signature of a thinking block beside its part: our tag, a letter that says where the part stands, the
// signature itself. https://ai.google.dev/gemini-api/docs/thought-signatures
const (
	// onCall: the part is the next function call.
	onCall = 'c'
	// onText: the part is the text before.
	onText = 't'
	// onEmpty: the part holds nothing else.
	onEmpty = 'e'
	// onThought: the part is the thinking block's own text.
	onThought = 'h'
)

// dummy stands for the signature of a call that Gemini did not make.
// https://ai.google.dev/gemini-api/docs/thought-signatures#faqs
const dummy = "skip_thought_signature_validator"

// tagged is the signature of a thinking block: a part's signature with its place, or nothing but our tag.
func tagged(place byte, sig string) string {
	if sig == "" {
		return signature.Tag(issuer, "")
	}
	return signature.Tag(issuer, string(place)+sig)
}

// thought takes a thinking block of the history. Its text is not sent back unless its part was signed; what another
// vendor signed means nothing here.
func (r *request) thought(b *messages.Block) {
	const in = "messages.content"
	if !signature.From(b.Signature, issuer) {
		r.Loss(adapter.Noop, in, "thinking", "thinking of another vendor is left out")
		r.Loss(adapter.Noop, in, "signature", "")
		return
	}
	place, readable := placeOf(b.Signature)
	switch {
	case r.dummies && place != 0:
		r.Loss(adapter.Tuned, in, "signature", "refused by the upstream before")
	case !readable || place == 0:
		r.Loss(adapter.Noop, in, "signature", "")
	case place == onThought:
		r.part(model)
		r.w.Lit(`"text":`)
		r.w.Raw(b.Thinking)
		r.w.Lit(`,"thought":true`)
		r.sealPart(b.Signature)
		return
	case place == onCall:
		r.pending = b.Signature
	case place == onText && r.content.open == model && r.content.text:
		r.sealPart(b.Signature)
		r.content.text = false
	default:
		r.part(model)
		r.w.Lit(`"text":""`)
		r.sealPart(b.Signature)
	}
	r.Loss(adapter.Noop, in, "thinking", "thoughts are not sent back")
}

// placeOf is the letter in front of a signature of ours, 0 when there is none. readable is false for a damaged one.
func placeOf(v jsonindex.Value) (place byte, readable bool) {
	skip, ok := signature.Cut(v, issuer)
	if !ok {
		text, ok := signature.Payload(v, issuer)
		if !ok || text == "" {
			return 0, ok
		}
		return text[0], known(text[0])
	}
	head := v.Head()
	if len(head) == skip {
		return 0, true
	}
	return head[skip], known(head[skip]) && len(head) > skip+1
}

func known(place byte) bool {
	return place == onCall || place == onText || place == onEmpty || place == onThought
}

// sealPart writes the signature that a thinking block carries into the open part.
func (r *request) sealPart(v jsonindex.Value) {
	r.w.Lit(`,"thoughtSignature":`)
	if skip, ok := signature.Cut(v, issuer); ok {
		r.w.Byte('"')
		r.w.InnerFrom(v, skip+1)
		r.w.Byte('"')
		return
	}
	text, _ := signature.Payload(v, issuer)
	r.w.Quote(text[1:])
}

// sealCall writes the signature of a function call: its own, or the dummy where the model demands one and there is none,
// as in histories of other vendors. It does so in every step, not only in the last turn as the upstream demands, so that
// what was sent once stays as it is.
func (r *request) sealCall(first bool) {
	v := r.pending
	r.pending = jsonindex.Value{}
	if v.Exists() {
		r.sealPart(v)
		return
	}
	if first && (r.f.signatures || r.dummies) {
		r.Loss(adapter.Noop, "messages", "content", "a call without a thought signature got the dummy")
		r.w.Lit(`,"thoughtSignature":"` + dummy + `"`)
	}
}
