package messages

import "github.com/claude-proxy/claude-proxy/sdk/jsonindex"

// Block is one content block, decoded. Which fields a type has stands at its BlockType; a field of another type's is
// not an error but one of Others. See https://docs.claude.com/en/api/messages#body-messages-content.
type Block struct {
	// V is the whole block: an object, or the string that a string content is.
	V jsonindex.Value
	// Index is its place in its content, from 0.
	Index int
	Type  BlockType
	// Plain says that the block is a content that was given as a string: Type is BlockText and V is Text.
	Plain bool
	// TypeV is the type as the client wrote it; absent when Plain.
	TypeV jsonindex.Value

	// Text is a string; of a text block.
	Text jsonindex.Value
	// Source is an object (image, document: read it with DecodeSource) or a string (search_result).
	Source jsonindex.Value
	// ID, Name and Input are a call's: two non-empty strings and an object.
	ID, Name, Input jsonindex.Value
	// ToolUseID is the id of the call that a result answers.
	ToolUseID jsonindex.Value
	// Content is what a result or search result holds; read it with Blocks.
	Content jsonindex.Value
	// IsError is a bool.
	IsError jsonindex.Value
	// Thinking and Signature are strings, either may be empty; Signature may be absent.
	Thinking, Signature jsonindex.Value
	// Data is a string, of redacted_thinking.
	Data jsonindex.Value
	// ToolName is a string, of tool_reference.
	ToolName jsonindex.Value
	// CacheControl marks a cache breakpoint after this block; read it with DecodeCacheControl.
	CacheControl jsonindex.Value
	// Title and Context describe a document or search result; strings or null.
	Title, Context jsonindex.Value
	// Citations is a list (of text) or an object with enabled (of document and search_result).
	Citations jsonindex.Value
	// Transformations is how an image was prepared.
	Transformations jsonindex.Value
	// Caller says which server tool made a call; null or {"type":"direct"} for the model itself.
	Caller jsonindex.Value
	// ToolsetName is a string, of the calls and results of a toolset.
	ToolsetName jsonindex.Value
	// ServerName is a string, of mcp_tool_use.
	ServerName jsonindex.Value
	// FileID is a string, of container_upload.
	FileID jsonindex.Value

	seen   fields
	others int
}

// Blocks reads the nested blocks of a tool_result, search_result or server result. A string reads as one text block;
// an absent content has none.
func (b *Block) Blocks() BlockIter { return blocksOf(b.Content) }

// Path is the block's place in the body, such as "messages[3].content[0]".
func (b *Block) Path() string { return Path(b.V) }

// Others returns, in document order, the members that have no meaning in a block of this type, unknown ones and
// misplaced ones; nil, without any cost, when there are none. Every member of an unknown block but its type and
// cache_control is among them.
func (b *Block) Others() []Member {
	stray := b.seen &^ fieldsOf[b.Type]
	if b.others == 0 && stray == 0 {
		return nil
	}
	var list []Member
	for it := b.V.Iter(); it.Next(); {
		if _, f := b.slot(it.Key()); f == 0 || f&stray != 0 {
			list = append(list, Member{string(it.Key()), it.Val})
		}
	}
	return list
}

// BlockIter reads blocks in order, as MessageIter reads turns.
type BlockIter struct {
	Block Block
	it    jsonindex.Iter
	plain jsonindex.Value
	n     int
	err   error
}

// blocksOf reads a content: a string as one text block, an array, nothing of what is absent or null.
func blocksOf(v jsonindex.Value) (it BlockIter) {
	it.n = -1
	switch {
	case v.IsString():
		it.plain = v
	case v.Kind() == jsonindex.Array:
		it.it = v.Iter()
	case !v.IsNull():
		it.err = wrongKind(v, aString|anArray)
	}
	return it
}

// Next decodes the next block. It returns false at the end and at the first error.
func (it *BlockIter) Next() bool {
	if it.plain.Exists() {
		it.n++
		it.Block = Block{V: it.plain, Text: it.plain, Type: BlockText, Plain: true, seen: fieldText}
		it.plain = jsonindex.Value{}
		return true
	}
	if it.err != nil || !it.it.Next() {
		return false
	}
	it.n++
	it.err = it.Block.decode(it.it.Val, it.n)
	return it.err == nil
}

// Err is the error that ended the iteration, nil at the regular end.
func (it *BlockIter) Err() error { return it.err }

func (b *Block) decode(v jsonindex.Value, n int) error {
	*b = Block{V: v, Index: n}
	if v.Kind() != jsonindex.Object {
		return wrongKind(v, anObject)
	}
	for it := v.Iter(); it.Next(); {
		slot, f := b.slot(it.Key())
		if f == 0 {
			b.others++
			continue
		}
		*slot = it.Val
		b.seen |= f
	}
	switch {
	case !b.TypeV.Exists():
		return missing(v, "type")
	case !b.TypeV.IsString():
		return wrongKind(b.TypeV, aString)
	}
	b.Type = blockType(word(b.TypeV))
	return b.check()
}
