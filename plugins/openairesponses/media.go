package openairesponses

import (
	"github.com/claude-proxy/claude-proxy/plugins/openai/platform"
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
		r.beginText()
		if err := r.WriteSearchResult(r.w, b, in); err != nil {
			return err
		}
		r.endText()
	default:
		return r.RefuseBlock(b, "a user message")
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
		foreign.WriteMediaType(r.w, s.MediaType)
		r.w.Lit(`;base64,`)
		r.w.Inner(s.Data)
		r.w.Byte('"')
	case messages.SourceURL:
		if !foreign.BeginsWith(s.URL, "https://", "http://", "data:image/") {
			return r.Unsupported(s.URL, "images are read from https addresses only")
		}
		r.part()
		r.w.Lit(`{"type":"input_image","detail":"auto","image_url":`)
		r.w.Raw(s.URL)
	default:
		return r.RefuseSource(&s)
	}
	r.ImageFields(b, &s, in)
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
		platform.WriteFileName(r.w, b.Title)
		r.w.Lit(`","file_data":"data:application/pdf;base64,`)
		r.w.Inner(s.Data)
		r.w.Byte('"')
	case messages.SourceURL:
		if !foreign.BeginsWith(s.URL, "https://", "http://") {
			return r.Unsupported(s.URL, "documents are read from https addresses only")
		}
		r.fileContext(b, true)
		r.part()
		r.w.Lit(`{"type":"input_file","file_url":`)
		r.w.Raw(s.URL)
	case messages.SourceText:
		r.beginText()
		r.WriteTextDocument(r.w, b, &s, in)
		r.endText()
	case messages.SourceContent:
		if err := r.contentDocument(b, &s, in); err != nil {
			return err
		}
	default:
		return r.RefuseSource(&s)
	}
	r.DocumentFields(b, &s, in)
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
