package foreign

import (
	"bytes"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// WriteMediaType writes the media type of an image or document as the inside of a JSON string. image/jpg, which clients
// write too, becomes the name that everybody knows.
func WriteMediaType(w *jsonindex.Writer, mediaType jsonindex.Value) {
	if mediaType.Is("image/jpg") {
		w.Lit(`image/jpeg`)
	} else {
		w.Inner(mediaType)
	}
}

// BeginsWith says whether an address begins with one of these, such as "https://".
func BeginsWith(address jsonindex.Value, prefixes ...string) bool {
	for _, p := range prefixes {
		if bytes.HasPrefix(address.Head(), []byte(p)) {
			return true
		}
	}
	return false
}

// RefuseSource refuses what no upstream can get hold of: a file that Claude keeps, and a source of an unknown type.
func (l *Ledger) RefuseSource(s *messages.Source) error {
	if s.Kind == messages.SourceFile {
		return l.Unsupported(s.FileID, "the file lies on Claude's servers: send it as base64")
	}
	return l.Unsupported(s.Type, "the source is of an unknown type")
}

// ImageFields takes care of what an image holds beside its data.
func (l *Ledger) ImageFields(b *messages.Block, s *messages.Source, in string) {
	l.sourceFields(s, in)
	if !b.Transformations.IsNull() {
		l.Loss(adapter.Tuned, in, "transformations", "the upstream prepares images in its own way")
	}
}

// DocumentFields takes care of what a document holds beside its data, title and context.
func (l *Ledger) DocumentFields(b *messages.Block, s *messages.Source, in string) {
	l.sourceFields(s, in)
	l.Citations(b, in)
}

func (l *Ledger) sourceFields(s *messages.Source, in string) {
	if list := s.Others(); list != nil {
		l.Others(in+".source", list)
	}
}

// WriteTextDocument writes a document whose source is a text, with title and context, as the inside of a JSON string.
func (l *Ledger) WriteTextDocument(w *jsonindex.Writer, b *messages.Block, s *messages.Source, in string) {
	if WriteDocumentHead(w, b.Title, b.Context) {
		w.Lit(`\n\n`)
	}
	w.Inner(s.Data)
	if !s.MediaType.IsNull() && !s.MediaType.Is("text/plain") {
		l.Loss(adapter.Tuned, in+".source", "media_type", "sent as plain text")
	}
}

// WriteSearchResult writes a search result as one text, the inside of a JSON string: title, source and texts.
func (l *Ledger) WriteSearchResult(w *jsonindex.Writer, b *messages.Block, in string) error {
	w.Lit(`Search result: `)
	w.Inner(b.Title)
	w.Lit(`\nSource: `)
	w.Inner(b.Source)
	blocks := b.Blocks()
	for blocks.Next() {
		c := &blocks.Block
		if c.Type != messages.BlockText {
			return messages.Invalid(c.V, "a search result holds text blocks only")
		}
		w.Lit(`\n\n`)
		w.Inner(c.Text)
		l.Others(in+".content", c.Others())
		if !c.CacheControl.IsNull() {
			l.Unmarked(in + ".content")
		}
	}
	l.Citations(b, in)
	return blocks.Err()
}

// CompactionFields takes care of what a compaction holds beside its summary.
func (l *Ledger) CompactionFields(b *messages.Block) {
	for _, m := range b.Others() {
		kind := adapter.Dropped
		if m.Name == "encrypted_content" || m.Name == "signature" {
			kind = adapter.Noop // Claude's own form of the same summary
		}
		l.Loss(kind, "messages.content", m.Name, "not taken by the upstream")
	}
}

// WriteCompaction writes the summary of a compaction, which stands for everything before it, as the inside of a JSON string.
func WriteCompaction(w *jsonindex.Writer, b *messages.Block) error {
	w.Lit(`Summary of the conversation so far:`)
	blocks := b.Blocks()
	for blocks.Next() {
		if blocks.Block.Type == messages.BlockText {
			w.Lit(`\n\n`)
			w.Inner(blocks.Block.Text)
		}
	}
	return blocks.Err()
}
