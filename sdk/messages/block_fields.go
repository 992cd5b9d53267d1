package messages

import "github.com/claude-proxy/claude-proxy/sdk/jsonindex"

// fields is a set of a block's members.
type fields uint32

const (
	fieldType fields = 1 << iota
	fieldText
	fieldSource
	fieldID
	fieldName
	fieldInput
	fieldToolUseID
	fieldContent
	fieldIsError
	fieldThinking
	fieldSignature
	fieldData
	fieldToolName
	fieldCacheControl
	fieldTitle
	fieldContext
	fieldCitations
	fieldTransformations
	fieldCaller
	fieldToolsetName
	fieldServerName
	fieldFileID
)

const (
	fieldsAny    = fieldType | fieldCacheControl
	fieldsCall   = fieldsAny | fieldID | fieldName | fieldInput | fieldCaller
	fieldsResult = fieldsAny | fieldToolUseID | fieldContent
)

// fieldsOf says which members a block of each type has.
var fieldsOf = [blockTypes]fields{
	BlockUnknown:                           fieldsAny,
	BlockText:                              fieldsAny | fieldText | fieldCitations,
	BlockImage:                             fieldsAny | fieldSource | fieldTransformations,
	BlockDocument:                          fieldsAny | fieldSource | fieldTitle | fieldContext | fieldCitations,
	BlockSearchResult:                      fieldsAny | fieldSource | fieldTitle | fieldContent | fieldCitations,
	BlockToolUse:                           fieldsCall | fieldToolsetName,
	BlockToolResult:                        fieldsResult | fieldIsError | fieldToolsetName,
	BlockThinking:                          fieldsAny | fieldThinking | fieldSignature,
	BlockRedactedThinking:                  fieldsAny | fieldData,
	BlockToolReference:                     fieldsAny | fieldToolName,
	BlockServerToolUse:                     fieldsCall,
	BlockWebSearchToolResult:               fieldsResult | fieldCaller,
	BlockWebFetchToolResult:                fieldsResult | fieldCaller,
	BlockCodeExecutionToolResult:           fieldsResult,
	BlockBashCodeExecutionToolResult:       fieldsResult,
	BlockTextEditorCodeExecutionToolResult: fieldsResult,
	BlockToolSearchToolResult:              fieldsResult,
	BlockContainerUpload:                   fieldsAny | fieldFileID,
	BlockMCPToolUse:                        fieldsCall | fieldServerName,
	BlockMCPToolResult:                     fieldsResult | fieldIsError,
	BlockMCPToolListing:                    fieldsAny,
	BlockAdvisorToolResult:                 fieldsResult,
	BlockCompaction:                        fieldsAny | fieldContent,
	BlockFallback:                          fieldsAny,
	BlockToolAddition:                      fieldsAny,
	BlockToolRemoval:                       fieldsAny,
	BlockBrowserState:                      fieldsAny,
}

// slot is where the member of this name belongs, and its bit; nil and 0 for a name that no block has.
func (b *Block) slot(key []byte) (*jsonindex.Value, fields) {
	switch string(key) {
	case "type":
		return &b.TypeV, fieldType
	case "text":
		return &b.Text, fieldText
	case "source":
		return &b.Source, fieldSource
	case "id":
		return &b.ID, fieldID
	case "name":
		return &b.Name, fieldName
	case "input":
		return &b.Input, fieldInput
	case "tool_use_id":
		return &b.ToolUseID, fieldToolUseID
	case "content":
		return &b.Content, fieldContent
	case "is_error":
		return &b.IsError, fieldIsError
	case "thinking":
		return &b.Thinking, fieldThinking
	case "signature":
		return &b.Signature, fieldSignature
	case "data":
		return &b.Data, fieldData
	case "tool_name":
		return &b.ToolName, fieldToolName
	case "cache_control":
		return &b.CacheControl, fieldCacheControl
	case "title":
		return &b.Title, fieldTitle
	case "context":
		return &b.Context, fieldContext
	case "citations":
		return &b.Citations, fieldCitations
	case "transformations":
		return &b.Transformations, fieldTransformations
	case "caller":
		return &b.Caller, fieldCaller
	case "toolset_name":
		return &b.ToolsetName, fieldToolsetName
	case "server_name":
		return &b.ServerName, fieldServerName
	case "file_id":
		return &b.FileID, fieldFileID
	}
	return nil, 0
}

// check tests what every reader of the block relies on: that required members are there and of the right JSON type.
func (b *Block) check() error {
	switch b.Type {
	case BlockText:
		return need(b.V, "text", b.Text, aString)
	case BlockImage, BlockDocument:
		return need(b.V, "source", b.Source, anObject)
	case BlockSearchResult:
		return first(need(b.V, "source", b.Source, aString), need(b.V, "content", b.Content, anArray))
	case BlockToolUse:
		return first(needName(b.V, "id", b.ID), needName(b.V, "name", b.Name), need(b.V, "input", b.Input, anObject))
	case BlockToolResult:
		return first(needName(b.V, "tool_use_id", b.ToolUseID), optional(b.Content, aString|anArray),
			optional(b.IsError, aBool))
	case BlockThinking:
		return first(need(b.V, "thinking", b.Thinking, aString), optional(b.Signature, aString))
	case BlockRedactedThinking:
		return need(b.V, "data", b.Data, aString)
	case BlockToolReference:
		return needName(b.V, "tool_name", b.ToolName)
	}
	return nil
}

// need checks a required member.
func need(in jsonindex.Value, name string, v jsonindex.Value, allowed kinds) error {
	if !v.Exists() {
		return missing(in, name)
	}
	if !allowed.has(v) {
		return wrongKind(v, allowed)
	}
	return nil
}

// needName checks a required string that must not be empty.
func needName(in jsonindex.Value, name string, v jsonindex.Value) error {
	if err := need(in, name, v, aString); err != nil {
		return err
	}
	if empty(v) {
		return invalid(v, "must not be empty")
	}
	return nil
}

// optional checks a member that may be absent or null.
func optional(v jsonindex.Value, allowed kinds) error {
	if v.IsNull() || allowed.has(v) {
		return nil
	}
	return wrongKind(v, allowed)
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
