package chat

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
		if s.MediaType.Is("image/jpg") {
			r.w.Lit(`image/jpeg`)
		} else {
			r.w.Inner(s.MediaType)
		}
		r.w.Lit(`;base64,`)
		r.w.Inner(s.Data)
		r.w.Lit(`"}`)
	case messages.SourceURL:
		if !hasScheme(s.URL, "https://", "http://", "data:image/") {
			return r.Unsupported(s.URL, "images are read from https addresses only")
		}
		r.part()
		r.w.Lit(`{"type":"image_url","image_url":{"url":`)
		r.w.Raw(s.URL)
		r.w.Byte('}')
	default:
		return r.foreignSource(&s)
	}
	r.sourceFields(&s, in)
	if !b.Transformations.IsNull() {
		r.Loss(adapter.Tuned, in, "transformations", "the upstream prepares images in its own way")
	}
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
	r.sourceFields(&s, in)
	r.Citations(b, in)
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
	title := b.Title.Head()
	if len(title) == 0 {
		r.w.Lit(`document`)
	} else {
		r.w.Inner(b.Title)
	}
	if !bytes.HasSuffix(title, []byte(".pdf")) {
		r.w.Lit(`.pdf`)
	}
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
			r.Loss(adapter.Tuned, in+".content", "cache_control", "the upstream caches prompts by itself")
		}
	}
	r.endText()
	r.Citations(b, in)
	return blocks.Err()
}

// foreignSource refuses what the upstream could not fetch.
func (r *request) foreignSource(s *messages.Source) error {
	switch s.Kind {
	case messages.SourceURL:
		return r.Unsupported(s.URL, "the document would have to be fetched: send it as base64")
	case messages.SourceFile:
		return r.Unsupported(s.FileID, "the file lies on Claude's servers: send it as base64")
	}
	return r.Unsupported(s.Type, "the source is of an unknown type")
}

func (r *request) sourceFields(s *messages.Source, in string) {
	if list := s.Others(); list != nil {
		r.Others(in+".source", list)
	}
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
