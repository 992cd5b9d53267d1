package chat

import (
	"bytes"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
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
		return r.unsupported(b.V, "files of a container lie on Claude's servers")
	default:
		return r.unsupported(b.V, "a user message with a block of type %s", typeName(b))
	}
	return r.blockFields(b, in)
}

// typeName is a block's type for people, as the client wrote it.
func typeName(b *messages.Block) string {
	const longest = 64
	name, _ := b.TypeV.Text()
	return `"` + shorten(name, longest) + `"`
}

// image writes an image_url part. https://platform.openai.com/docs/guides/images-vision
func (r *request) image(b *messages.Block, in string) error {
	var s messages.Source
	if err := messages.DecodeSource(b.Source, &s); err != nil {
		return err
	}
	if !r.d.Images {
		return r.unsupported(b.V, "the request holds an image")
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
			return r.unsupported(s.URL, "images are read from https addresses only")
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
		r.loss(adapter.Tuned, in, "transformations", "the upstream prepares images in its own way")
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
		r.documentHead(b)
		r.w.Inner(s.Data)
		r.endText()
		if !s.MediaType.IsNull() && !s.MediaType.Is("text/plain") {
			r.loss(adapter.Tuned, in+".source", "media_type", "sent as plain text")
		}
	case messages.SourceContent:
		if err := r.contentDocument(b, &s, in); err != nil {
			return err
		}
	default:
		return r.foreignSource(&s)
	}
	r.sourceFields(&s, in)
	r.citations(b, in)
	return nil
}

// citations notes that the answer will not cite the block.
func (r *request) citations(b *messages.Block, in string) {
	if b.Citations.Get("enabled").True() {
		r.loss(adapter.Dropped, in, "citations", "the answer cites nothing")
	}
}

// documentHead writes title and context in front of a document's text.
func (r *request) documentHead(b *messages.Block) (any bool) {
	for _, f := range [...]struct {
		label string
		v     jsonindex.Value
	}{{`Document: `, b.Title}, {`Context: `, b.Context}} {
		if len(f.v.Head()) > 0 {
			r.w.Lit(f.label)
			r.w.Inner(f.v)
			r.w.Lit(`\n`)
			any = true
		}
	}
	if any {
		r.w.Lit(`\n`)
	}
	return any
}

// pdf writes a file part. https://platform.openai.com/docs/guides/pdf-files
func (r *request) pdf(b *messages.Block, s *messages.Source) error {
	if !s.MediaType.Is("application/pdf") {
		return r.unsupported(s.MediaType, "documents are PDF or text only")
	}
	if !r.d.Files {
		return r.unsupported(b.V, "the request holds a PDF document")
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
		r.documentHead(b)
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
		r.others(in+".content", c.Others())
		if !c.CacheControl.IsNull() {
			r.loss(adapter.Tuned, in+".content", "cache_control", "the upstream caches prompts by itself")
		}
	}
	r.endText()
	r.citations(b, in)
	return blocks.Err()
}

// foreignSource refuses what the upstream could not fetch.
func (r *request) foreignSource(s *messages.Source) error {
	switch s.Kind {
	case messages.SourceURL:
		return r.unsupported(s.URL, "the document would have to be fetched: send it as base64")
	case messages.SourceFile:
		return r.unsupported(s.FileID, "the file lies on Claude's servers: send it as base64")
	}
	return r.unsupported(s.Type, "the source is of an unknown type")
}

func (r *request) sourceFields(s *messages.Source, in string) {
	if list := s.Others(); list != nil {
		r.others(in+".source", list)
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
