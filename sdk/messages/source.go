package messages

import "github.com/claude-proxy/claude-proxy/sdk/jsonindex"

// SourceKind says where the bytes of an image or document are.
type SourceKind uint8

const (
	// SourceUnknown is any kind that is not listed here; Source.Type holds its name.
	SourceUnknown SourceKind = iota
	// SourceBase64: MediaType and Data, base64.
	SourceBase64
	// SourceText: MediaType "text/plain" and Data, the text itself. Documents only.
	SourceText
	// SourceURL: URL.
	SourceURL
	// SourceFile: FileID, the id of a file on Claude's servers.
	SourceFile
	// SourceContent: Content, a string or text and image blocks. Documents only.
	SourceContent
)

// Source is where an image or document comes from, decoded. See
// https://docs.claude.com/en/docs/build-with-claude/vision and https://docs.claude.com/en/docs/build-with-claude/pdf-support.
type Source struct {
	// V is the whole object; Type its type as the client wrote it.
	V, Type jsonindex.Value
	Kind    SourceKind
	// MediaType, Data, URL and FileID are strings; Data is often extern.
	MediaType, Data, URL, FileID jsonindex.Value
	// Content is a string or an array; read it with Blocks.
	Content jsonindex.Value

	others int
}

// DecodeSource reads the source object of an image or document block.
func DecodeSource(v jsonindex.Value, s *Source) error {
	*s = Source{V: v}
	if v.Kind() != jsonindex.Object {
		return wrongKind(v, anObject)
	}
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "type":
			s.Type = it.Val
		case "media_type":
			s.MediaType = it.Val
		case "data":
			s.Data = it.Val
		case "url":
			s.URL = it.Val
		case "file_id":
			s.FileID = it.Val
		case "content":
			s.Content = it.Val
		default:
			s.others++
		}
	}
	if err := needName(v, "type", s.Type); err != nil {
		return err
	}
	return s.check()
}

func (s *Source) check() error {
	switch string(word(s.Type)) {
	case "base64":
		s.Kind = SourceBase64
		return first(needName(s.V, "media_type", s.MediaType), need(s.V, "data", s.Data, aString))
	case "text":
		s.Kind = SourceText
		return first(optional(s.MediaType, aString), need(s.V, "data", s.Data, aString))
	case "url":
		s.Kind = SourceURL
		return needName(s.V, "url", s.URL)
	case "file":
		s.Kind = SourceFile
		return needName(s.V, "file_id", s.FileID)
	case "content":
		s.Kind = SourceContent
		return need(s.V, "content", s.Content, aString|anArray)
	}
	return nil
}

// Blocks reads the blocks of a content source.
func (s *Source) Blocks() BlockIter { return blocksOf(s.Content) }

// Others returns the members that Source has no field for; nil when there are none.
func (s *Source) Others() []Member {
	if s.others == 0 {
		return nil
	}
	return except(s.V, "type", "media_type", "data", "url", "file_id", "content")
}

// except lists the members of v but these. It is for the unusual case that there are any.
func except(v jsonindex.Value, known ...string) (list []Member) {
members:
	for it := v.Iter(); it.Next(); {
		for _, name := range known {
			if string(it.Key()) == name {
				continue members
			}
		}
		list = append(list, Member{string(it.Key()), it.Val})
	}
	return list
}
