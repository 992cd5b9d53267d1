package gemini

import (
	"bytes"

	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// userBlock writes a block of a user message, or one of a result that stands beside its response, as parts. in names its
// place for the ledger.
func (r *request) userBlock(b *messages.Block, in string) error {
	switch b.Type {
	case messages.BlockText:
		r.text(user, b.Text)
		return r.textFields(b, in)
	case messages.BlockImage:
		r.part(user)
		if err := r.medium(b, in); err != nil {
			return err
		}
	case messages.BlockDocument:
		if err := r.document(b, in); err != nil {
			return err
		}
	case messages.BlockSearchResult:
		r.beginText(user)
		if err := r.searchResult(b, in); err != nil {
			return err
		}
		r.endText()
	default:
		return r.RefuseBlock(b, "a user message")
	}
	return r.blockFields(b, in)
}

// isMedium says whether a block is an image or a document that is sent as it is, not as text.
func isMedium(b *messages.Block) bool {
	switch b.Type {
	case messages.BlockImage:
		return true
	case messages.BlockDocument:
		kind := b.Source.Get("type")
		return !kind.Is("text") && !kind.Is("content")
	}
	return false
}

// medium writes the data of an image or document into the open part.
// https://ai.google.dev/api/caching#Blob and https://ai.google.dev/api/caching#FileData
func (r *request) medium(b *messages.Block, in string) error {
	var s messages.Source
	if err := messages.DecodeSource(b.Source, &s); err != nil {
		return err
	}
	switch s.Kind {
	case messages.SourceBase64:
		if b.Type == messages.BlockDocument && !s.MediaType.Is("application/pdf") {
			return r.Unsupported(s.MediaType, "documents are PDF or text only")
		}
		r.w.Lit(`"inlineData":{"mimeType":"`)
		foreign.WriteMediaType(r.w, s.MediaType)
		r.w.Lit(`","data":`)
		r.w.Raw(s.Data)
		r.w.Byte('}')
	case messages.SourceURL:
		if err := r.address(b, s.URL); err != nil {
			return err
		}
	default:
		return r.RefuseSource(&s)
	}
	r.ImageFields(b, &s, in)
	if b.Type == messages.BlockDocument {
		r.Citations(b, in)
	}
	return nil
}

// googleURLs begin the addresses that Gemini reads. https://ai.google.dev/gemini-api/docs/files
var googleURLs = [...]string{"https://generativelanguage.googleapis.com/", "https://www.youtube.com/", "https://youtu.be/", "gs://"}

// address writes an image or document that is given by its address.
func (r *request) address(b *messages.Block, v jsonindex.Value) error {
	head := v.Head()
	if hasPrefix(head, "data:") {
		return r.dataURL(v, head)
	}
	readable := r.o.anyURL && (hasPrefix(head, "https://") || hasPrefix(head, "http://"))
	for _, p := range googleURLs {
		readable = readable || hasPrefix(head, p)
	}
	if !readable {
		f := r.Unsupported(v, "the address would have to be fetched: send the data as base64")
		f.Message += "; or let the channel pass on every address (option urls: any)"
		return f
	}
	r.w.Lit(`"fileData":{"fileUri":`)
	r.w.Raw(v)
	if kind := typeOf(head); kind != "" {
		r.w.Lit(`,"mimeType":"` + kind + `"`)
	} else if b.Type == messages.BlockDocument && !hasPrefix(head, "https://www.youtube.com/") && !hasPrefix(head, "https://youtu.be/") {
		r.w.Lit(`,"mimeType":"application/pdf"`)
	}
	r.w.Byte('}')
	return nil
}

// dataURL writes an address that is the data itself.
func (r *request) dataURL(v jsonindex.Value, head []byte) error {
	kind, _, ok := bytes.Cut(head[len("data:"):], []byte(";base64,"))
	if !ok || len(kind) == 0 || bytes.ContainsAny(kind, `\;,"`) {
		return r.Unsupported(v, "the address holds no base64 data")
	}
	r.w.Lit(`"inlineData":{"mimeType":"`)
	if string(kind) == "image/jpg" {
		kind = []byte("image/jpeg")
	}
	r.w.Bytes(kind)
	r.w.Lit(`","data":"`)
	r.w.InnerFrom(v, bytes.Index(head, []byte(";base64,"))+len(";base64,"))
	r.w.Lit(`"}`)
	return nil
}

// typeOf is the media type that the end of an address tells, "" when it tells none.
func typeOf(address []byte) string {
	if i := bytes.IndexAny(address, "?#"); i >= 0 {
		address = address[:i]
	}
	address = bytes.ToLower(address)
	for _, t := range [...]struct{ suffix, kind string }{
		{".png", "image/png"}, {".jpg", "image/jpeg"}, {".jpeg", "image/jpeg"}, {".webp", "image/webp"}, {".gif", "image/gif"},
		{".pdf", "application/pdf"},
	} {
		if bytes.HasSuffix(address, []byte(t.suffix)) {
			return t.kind
		}
	}
	return ""
}

// document writes a document of a user message.
func (r *request) document(b *messages.Block, in string) error {
	if isMedium(b) {
		if len(b.Title.Head()) > 0 || len(b.Context.Head()) > 0 {
			r.beginText(user)
			foreign.WriteDocumentHead(r.w, b.Title, b.Context)
			r.endText()
		}
		r.part(user)
		return r.medium(b, in)
	}
	var s messages.Source
	if err := messages.DecodeSource(b.Source, &s); err != nil {
		return err
	}
	if s.Kind == messages.SourceContent && hasImage(s.Content) {
		return r.mixedDocument(b, &s, in)
	}
	r.beginText(user)
	if _, err := r.documentText(b, &s, in); err != nil {
		return err
	}
	r.endText()
	return nil
}

// mixedDocument writes a document that holds texts and images, part by part.
func (r *request) mixedDocument(b *messages.Block, s *messages.Source, in string) error {
	if len(b.Title.Head()) > 0 || len(b.Context.Head()) > 0 {
		r.beginText(user)
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
	r.DocumentFields(b, s, in)
	return blocks.Err()
}

func hasImage(content jsonindex.Value) bool {
	for it := content.Iter(); it.Next(); {
		if it.Val.Get("type").Is("image") {
			return true
		}
	}
	return false
}

// documentText writes a document's title, context and texts inside a JSON string. images says that it holds images too,
// which are left to the caller.
func (r *request) documentText(b *messages.Block, s *messages.Source, in string) (images bool, err error) {
	if s.Kind == messages.SourceText {
		r.WriteTextDocument(r.w, b, s, in)
	} else {
		if foreign.WriteDocumentHead(r.w, b.Title, b.Context) {
			r.w.Lit(`\n\n`)
		}
		if images, err = r.texts(s.Blocks(), in+".source.content"); err != nil {
			return false, err
		}
	}
	r.DocumentFields(b, s, in)
	return images, nil
}

// texts writes the text blocks of a content, parted by empty lines, and says whether there are images between them.
func (r *request) texts(blocks messages.BlockIter, in string) (images bool, err error) {
	for n := 0; blocks.Next(); {
		c := &blocks.Block
		switch c.Type {
		case messages.BlockText:
			if n > 0 {
				r.w.Lit(`\n\n`)
			}
			n++
			r.w.Inner(c.Text)
			if err := r.textFields(c, in); err != nil {
				return false, err
			}
		case messages.BlockImage:
			images = true
		default:
			return false, messages.Invalid(c.V, "a document holds text and image blocks only")
		}
	}
	return images, blocks.Err()
}

// searchResult writes title, source and texts inside a JSON string.
func (r *request) searchResult(b *messages.Block, in string) error {
	r.w.Lit(`Search result: `)
	r.w.Inner(b.Title)
	r.w.Lit(`\nSource: `)
	r.w.Inner(b.Source)
	if b.Content.At(0).Exists() {
		r.w.Lit(`\n\n`)
	}
	if _, err := r.texts(b.Blocks(), in+".content"); err != nil {
		return err
	}
	r.Citations(b, in)
	return nil
}
