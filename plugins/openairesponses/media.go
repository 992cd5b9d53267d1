package openairesponses

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
			return r.unsupported(s.URL, "images are read from https addresses only")
		}
		r.part()
		r.w.Lit(`{"type":"input_image","detail":"auto","image_url":`)
		r.w.Raw(s.URL)
	default:
		return r.foreignSource(&s)
	}
	r.others(in+".source", s.Others())
	if !b.Transformations.IsNull() {
		r.loss(adapter.Tuned, in, "transformations", "the upstream prepares images in its own way")
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
			return r.unsupported(s.MediaType, "documents are PDF or text only")
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
			return r.unsupported(s.URL, "documents are read from https addresses only")
		}
		r.fileContext(b, true)
		r.part()
		r.w.Lit(`{"type":"input_file","file_url":`)
		r.w.Raw(s.URL)
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
	r.others(in+".source", s.Others())
	r.citations(b, in)
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
		r.documentHead(&about)
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

// documentHead writes title and context in front of a document's text.
func (r *request) documentHead(b *messages.Block) {
	any := false
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
		r.others(in+".content", c.Others())
		if !c.CacheControl.IsNull() {
			r.unmarked(in + ".content")
		}
	}
	r.endText()
	r.citations(b, in)
	return blocks.Err()
}

// citations notes that the answer will not cite the block.
func (r *request) citations(b *messages.Block, in string) {
	if b.Citations.Get("enabled").True() {
		r.loss(adapter.Dropped, in, "citations", "the answer cites nothing")
	}
}

// foreignSource refuses what lies where the upstream cannot get it.
func (r *request) foreignSource(s *messages.Source) error {
	if s.Kind == messages.SourceFile {
		return r.unsupported(s.FileID, "the file lies on Claude's servers: send it as base64")
	}
	return r.unsupported(s.Type, "the source is of an unknown type")
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
