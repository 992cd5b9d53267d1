package chat

import (
	"github.com/claude-proxy/claude-proxy/plugins/openai/platform"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
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

// image writes an image_url part. https://platform.openai.com/docs/guides/images-vision
func (r *request) image(b *messages.Block, in string) error {
	var s messages.Source
	if err := messages.DecodeSource(b.Source, &s); err != nil {
		return err
	}
	if !r.d.Images {
		return r.Unsupported(b.V, "the request holds an image")
	}
	switch s.Kind {
	case messages.SourceBase64:
		r.part()
		r.w.Lit(`{"type":"image_url","image_url":{"url":"data:`)
		foreign.WriteMediaType(r.w, s.MediaType)
		r.w.Lit(`;base64,`)
		r.w.Inner(s.Data)
		r.w.Lit(`"}`)
	case messages.SourceURL:
		if !foreign.BeginsWith(s.URL, "https://", "http://", "data:image/") {
			return r.Unsupported(s.URL, "images are read from https addresses only")
		}
		r.part()
		r.w.Lit(`{"type":"image_url","image_url":{"url":`)
		r.w.Raw(s.URL)
		r.w.Byte('}')
	default:
		return r.RefuseSource(&s)
	}
	r.ImageFields(b, &s, in)
	return nil
}

// document writes a PDF as a file part and any other document as text.
func (r *request) document(b *messages.Block, in string) error {
	var s messages.Source
	if err := messages.DecodeSource(b.Source, &s); err != nil {
		return err
	}
	switch s.Kind {
	case messages.SourceBase64:
		if err := r.pdf(b, &s); err != nil {
			return err
		}
	case messages.SourceText:
		r.beginText()
		r.WriteTextDocument(r.w, b, &s, in)
		r.endText()
	case messages.SourceContent:
		if err := r.contentDocument(b, &s, in); err != nil {
			return err
		}
	case messages.SourceURL:
		return r.Unsupported(s.URL, "the document would have to be fetched: send it as base64")
	default:
		return r.RefuseSource(&s)
	}
	r.DocumentFields(b, &s, in)
	return nil
}

// pdf writes a file part. https://platform.openai.com/docs/guides/pdf-files
func (r *request) pdf(b *messages.Block, s *messages.Source) error {
	if !s.MediaType.Is("application/pdf") {
		return r.Unsupported(s.MediaType, "documents are PDF or text only")
	}
	if !r.d.Files {
		return r.Unsupported(b.V, "the request holds a PDF document")
	}
	if len(b.Context.Head()) > 0 {
		r.beginText()
		r.w.Lit(`Context: `)
		r.w.Inner(b.Context)
		r.endText()
	}
	r.part()
	r.w.Lit(`{"type":"file","file":{"filename":"`)
	platform.WriteFileName(r.w, b.Title)
	r.w.Lit(`","file_data":"data:application/pdf;base64,`)
	r.w.Inner(s.Data)
	r.w.Lit(`"}`)
	return nil
}

// contentDocument writes a document that consists of blocks.
func (r *request) contentDocument(b *messages.Block, s *messages.Source, in string) error {
	if len(b.Title.Head()) > 0 || len(b.Context.Head()) > 0 {
		r.beginText()
		foreign.WriteDocumentHead(r.w, b.Title, b.Context)
		r.endText()
	}
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
