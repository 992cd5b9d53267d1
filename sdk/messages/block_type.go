package messages

// BlockType is the type of a content block. See https://docs.claude.com/en/api/messages#body-messages-content.
type BlockType uint8

const (
	// BlockUnknown is any type that is not listed here; Block.TypeV holds its name.
	BlockUnknown BlockType = iota
	// BlockText: Text, Citations.
	BlockText
	// BlockImage: Source, Transformations.
	BlockImage
	// BlockDocument: Source, Title, Context, Citations.
	BlockDocument
	// BlockSearchResult: Source (a string), Title, Content (text blocks), Citations.
	BlockSearchResult
	// BlockToolUse: ID, Name, Input, Caller, ToolsetName.
	BlockToolUse
	// BlockToolResult: ToolUseID, Content (absent, string or blocks), IsError, ToolsetName.
	BlockToolResult
	// BlockThinking: Thinking, Signature.
	BlockThinking
	// BlockRedactedThinking: Data.
	BlockRedactedThinking
	// BlockToolReference names a deferred tool that is now loaded; only in a tool result: ToolName.
	BlockToolReference

	// The following pass between Claude and its own servers. Their contents are opaque.

	// BlockServerToolUse: ID, Name, Input, Caller.
	BlockServerToolUse
	// BlockWebSearchToolResult and the other results: ToolUseID, Content.
	BlockWebSearchToolResult
	BlockWebFetchToolResult
	BlockCodeExecutionToolResult
	BlockBashCodeExecutionToolResult
	BlockTextEditorCodeExecutionToolResult
	BlockToolSearchToolResult
	// BlockContainerUpload: FileID.
	BlockContainerUpload
	// BlockMCPToolUse: ID, Name, Input, ServerName (beta).
	BlockMCPToolUse
	// BlockMCPToolResult: ToolUseID, Content, IsError (beta).
	BlockMCPToolResult
	// BlockMCPToolListing (beta).
	BlockMCPToolListing
	// BlockAdvisorToolResult: ToolUseID, Content (beta).
	BlockAdvisorToolResult
	// BlockCompaction: Content (beta).
	BlockCompaction
	// BlockFallback (beta).
	BlockFallback
	// BlockToolAddition and BlockToolRemoval change the tools in the middle of a conversation; system messages only
	// (beta).
	BlockToolAddition
	BlockToolRemoval
	// BlockBrowserState is part of a browser toolset's result (beta).
	BlockBrowserState

	blockTypes
)

var blockNames = [blockTypes]string{
	BlockUnknown:                           "unknown",
	BlockText:                              "text",
	BlockImage:                             "image",
	BlockDocument:                          "document",
	BlockSearchResult:                      "search_result",
	BlockToolUse:                           "tool_use",
	BlockToolResult:                        "tool_result",
	BlockThinking:                          "thinking",
	BlockRedactedThinking:                  "redacted_thinking",
	BlockToolReference:                     "tool_reference",
	BlockServerToolUse:                     "server_tool_use",
	BlockWebSearchToolResult:               "web_search_tool_result",
	BlockWebFetchToolResult:                "web_fetch_tool_result",
	BlockCodeExecutionToolResult:           "code_execution_tool_result",
	BlockBashCodeExecutionToolResult:       "bash_code_execution_tool_result",
	BlockTextEditorCodeExecutionToolResult: "text_editor_code_execution_tool_result",
	BlockToolSearchToolResult:              "tool_search_tool_result",
	BlockContainerUpload:                   "container_upload",
	BlockMCPToolUse:                        "mcp_tool_use",
	BlockMCPToolResult:                     "mcp_tool_result",
	BlockMCPToolListing:                    "mcp_tool_listing",
	BlockAdvisorToolResult:                 "advisor_tool_result",
	BlockCompaction:                        "compaction",
	BlockFallback:                          "fallback",
	BlockToolAddition:                      "tool_addition",
	BlockToolRemoval:                       "tool_removal",
	BlockBrowserState:                      "browser_state",
}

func (t BlockType) String() string {
	if t < blockTypes {
		return blockNames[t]
	}
	return "unknown"
}

// Server says that the block belongs to a tool or a service that Claude's own servers run, which no other upstream can
// read.
func (t BlockType) Server() bool { return t >= BlockServerToolUse && t < blockTypes }

// blockType finds a type by its name. The compiler turns the switch into a search without allocation.
func blockType(name []byte) BlockType {
	switch string(name) {
	case "text":
		return BlockText
	case "tool_use":
		return BlockToolUse
	case "tool_result":
		return BlockToolResult
	case "thinking":
		return BlockThinking
	case "image":
		return BlockImage
	case "document":
		return BlockDocument
	case "search_result":
		return BlockSearchResult
	case "redacted_thinking":
		return BlockRedactedThinking
	case "tool_reference":
		return BlockToolReference
	}
	for t := BlockServerToolUse; t < blockTypes; t++ {
		if blockNames[t] == string(name) {
			return t
		}
	}
	return BlockUnknown
}
