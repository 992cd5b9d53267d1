package openairesponses

import (
	"bytes"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// userBlock writes a block of a user message, or of a result, as parts. in names its place for the ledger.
func (r *request) userBlock(b *messages.Block, in string) error {
	switch b.Type {
	case messages.BlockText:
		r.text(b.Text)
		return r.textFields(b, in)
	case messages.BlockImage:
		if err := r.image(b, in); err != nil {
			return err
		}
	case messages.BlockDocument:
		if err := r.document(b, in); err != nil {
			return err
		}
	case messages.BlockSearchResult:
		if err := r.searchResult(b, in); err != nil {
			return err
		}
	case messages.BlockContainerUpload:
		return r.Unsupported(b.V, "files of a container lie on Claude's servers")
	default:
		return r.Unsupported(b.V, "a user message with a block of type %s", foreign.BlockType(b))
	}
	return r.blockFields(b, in)
}

// image writes an input_image part. https://platform.openai.com/docs/guides/images-vision
func (r *request) image(b *messages.Block, in string) error {
	var s messages.Source
	if err := messages.DecodeSource(b.Source, &s); err != nil {
		return err
	}
	switch s.Kind {
	case messages.SourceBase64:
		r.part()
		r.w.Lit(`{"type":"input_image","detail":"auto","image_url":"data:`)
		if s.MediaType.Is("image/jpg") {
			r.w.Lit(`image/jpeg`)
		} else {
			r.w.Inner(s.MediaType)
		}
		r.w.Lit(`;base64,`)
		r.w.Inner(s.Data)
		r.w.Byte('"')
	case messages.SourceURL:
		if !hasScheme(s.URL, "https://", "http://", "data:image/") {
			return r.Unsupported(s.URL, "images are read from https addresses only")
		}
		r.part()
		r.w.Lit(`{"type":"input_image","detail":"auto","image_url":`)
		r.w.Raw(s.URL)
	default:
		return r.foreignSource(&s)
	}
	r.Others(in+".source", s.Others())
	if !b.Transformations.IsNull() {
		r.Loss(adapter.Tuned, in, "transformations", "the upstream prepares images in its own way")
	}
	return nil
}

// document writes a PDF as a file part and any other document as text.
// https://platform.openai.com/docs/guides/pdf-files
func (r *request) document(b *messages.Block, in string) error {
	var s messages.Source
	if err := messages.DecodeSource(b.Source, &s); err != nil {
		return err
	}
	switch s.Kind {
	case messages.SourceBase64:
		if !s.MediaType.Is("application/pdf") {
			return r.Unsupported(s.MediaType, "documents are PDF or text only")
		}
		r.fileContext(b, false)
		r.part()
		r.w.Lit(`{"type":"input_file","filename":"`)
		r.fileName(b.Title)
		r.w.Lit(`","file_data":"data:application/pdf;base64,`)
		r.w.Inner(s.Data)
		r.w.Byte('"')
	case messages.SourceURL:
		if !hasScheme(s.URL, "https://", "http://") {
			return r.Unsupported(s.URL, "documents are read from https addresses only")
		}
		r.fileContext(b, true)
		r.part()
		r.w.Lit(`{"type":"input_file","file_url":`)
		r.w.Raw(s.URL)
	case messages.SourceText:
		r.beginText()
		if foreign.WriteDocumentHead(r.w, b.Title, b.Context) {
			r.w.Lit(`\n\n`)
		}
		r.w.Inner(s.Data)
		r.endText()
		if !s.MediaType.IsNull() && !s.MediaType.Is("text/plain") {
			r.Loss(adapter.Tuned, in+".source", "media_type", "sent as plain text")
		}
	case messages.SourceContent:
		if err := r.contentDocument(b, &s, in); err != nil {
			return err
		}
	default:
		return r.foreignSource(&s)
	}
	r.Others(in+".source", s.Others())
	r.Citations(b, in)
	return nil
}

// fileContext writes what a file part has no field for as a text in front of it: the context, and the title where the part
// takes no name.
func (r *request) fileContext(b *messages.Block, title bool) {
	about := *b
	if !title {
		about.Title = jsonindex.Value{}
	}
	if len(about.Title.Head())+len(about.Context.Head()) > 0 {
		r.beginText()
		foreign.WriteDocumentHead(r.w, about.Title, about.Context)
		r.endText()
	}
}

// fileName writes the name of a PDF, without quotes.
func (r *request) fileName(title jsonindex.Value) {
	head := title.Head()
	if len(head) == 0 {
		r.w.Lit(`document`)
	} else {
		r.w.Inner(title)
	}
	if !bytes.HasSuffix(head, []byte(".pdf")) {
		r.w.Lit(`.pdf`)
	}
}

// contentDocument writes a document that consists of blocks.
func (r *request) contentDocument(b *messages.Block, s *messages.Source, in string) error {
	r.fileContext(b, true)
	blocks := s.Blocks()
	for blocks.Next() {
		switch c := &blocks.Block; c.Type {
		case messages.BlockText, messages.BlockImage:
			if err := r.userBlock(c, in+".source.content"); err != nil {
				return err
			}
		default:
			return messages.Invalid(c.V, "a document holds text and image blocks only")
		}
	}
	return blocks.Err()
}

// searchResult writes title, source and texts as one text.
func (r *request) searchResult(b *messages.Block, in string) error {
	r.beginText()
	r.w.Lit(`Search result: `)
	r.w.Inner(b.Title)
	r.w.Lit(`\nSource: `)
	r.w.Inner(b.Source)
	blocks := b.Blocks()
	for blocks.Next() {
		c := &blocks.Block
		if c.Type != messages.BlockText {
			return messages.Invalid(c.V, "a search result holds text blocks only")
		}
		r.w.Lit(`\n\n`)
		r.w.Inner(c.Text)
		r.Others(in+".content", c.Others())
		if !c.CacheControl.IsNull() {
			r.unmarked(in + ".content")
		}
	}
	r.endText()
	r.Citations(b, in)
	return blocks.Err()
}

// foreignSource refuses what lies where the upstream cannot get it.
func (r *request) foreignSource(s *messages.Source) error {
	if s.Kind == messages.SourceFile {
		return r.Unsupported(s.FileID, "the file lies on Claude's servers: send it as base64")
	}
	return r.Unsupported(s.Type, "the source is of an unknown type")
}

// hasScheme says whether an address begins with one of these.
func hasScheme(url jsonindex.Value, schemes ...string) bool {
	for _, s := range schemes {
		if bytes.HasPrefix(url.Head(), []byte(s)) {
			return true
		}
	}
	return false
}
