package messages_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	. "github.com/claude-proxy/claude-proxy/sdk/messages"
)

// Every type of block is known by its name, and its members by theirs.
func TestBlocks(t *testing.T) {
	f := func(want BlockType, members string, fields ...string) {
		t.Helper()
		body := fmt.Sprintf(`[{"type":%q,"cache_control":{"type":"ephemeral"}%s}]`, want, members)
		it := content(t, body)
		if !it.Next() {
			t.Errorf("%s: %v", body, it.Err())
			return
		}
		b := &it.Block
		if b.Type != want || b.Plain || b.Index != 0 || b.Path() != "messages[0].content[0]" {
			t.Errorf("%s: %v at %s", body, b.Type, b.Path())
		}
		if others := b.Others(); others != nil {
			t.Errorf("%s: unknown: %v", body, others)
		}
		for _, name := range append(fields, "CacheControl") {
			v := reflect.ValueOf(*b).FieldByName(name).Interface().(jsonindex.Value)
			if want := b.V.Get(snake(name)); !v.Exists() || v != want {
				t.Errorf("%s: %s is not the member %s", body, name, snake(name))
			}
		}
		if it.Next() || it.Err() != nil {
			t.Errorf("%s: more: %v", body, it.Err())
		}
	}
	const call = `,"id":"i","name":"n","input":{},"caller":{"type":"direct"}`
	const result = `,"tool_use_id":"i","content":[]`
	f(BlockText, `,"text":"x","citations":[]`, "Text", "Citations")
	f(BlockImage, `,"source":{},"transformations":[]`, "Source", "Transformations")
	f(BlockDocument, `,"source":{},"title":"t","context":"c","citations":{"enabled":true}`, "Source", "Title", "Context", "Citations")
	f(BlockSearchResult, `,"source":"s","title":"t","content":[],"citations":{}`, "Source", "Title", "Content", "Citations")
	f(BlockToolUse, call+`,"toolset_name":"t"`, "ID", "Name", "Input", "Caller", "ToolsetName")
	f(BlockToolResult, result+`,"is_error":true,"toolset_name":"t"`, "ToolUseID", "Content", "IsError", "ToolsetName")
	f(BlockThinking, `,"thinking":"","signature":"s"`, "Thinking", "Signature")
	f(BlockRedactedThinking, `,"data":"d"`, "Data")
	f(BlockToolReference, `,"tool_name":"t"`, "ToolName")
	f(BlockServerToolUse, call, "ID", "Name", "Input", "Caller")
	f(BlockWebSearchToolResult, result+`,"caller":null`, "ToolUseID", "Content", "Caller")
	f(BlockWebFetchToolResult, result, "ToolUseID", "Content")
	f(BlockCodeExecutionToolResult, result, "ToolUseID", "Content")
	f(BlockBashCodeExecutionToolResult, result, "ToolUseID", "Content")
	f(BlockTextEditorCodeExecutionToolResult, result, "ToolUseID", "Content")
	f(BlockToolSearchToolResult, result, "ToolUseID", "Content")
	f(BlockContainerUpload, `,"file_id":"f"`, "FileID")
	f(BlockMCPToolUse, call+`,"server_name":"s"`, "ServerName")
	f(BlockMCPToolResult, result+`,"is_error":false`, "IsError")
	f(BlockMCPToolListing, ``)
	f(BlockAdvisorToolResult, result, "Content")
	f(BlockCompaction, `,"content":"c"`, "Content")
	f(BlockFallback, ``)
	f(BlockToolAddition, ``)
	f(BlockToolRemoval, ``)
	f(BlockBrowserState, ``)

	for b := BlockUnknown; b < BlockBrowserState+2; b++ {
		if (b.String() == "unknown") != (b == BlockUnknown || b > BlockBrowserState) {
			t.Errorf("type %d is called %s", b, b)
		}
		if b.Server() != (b >= BlockServerToolUse && b <= BlockBrowserState) {
			t.Errorf("%s: Server is %v", b, b.Server())
		}
	}
}

// content reads the content of the only message of a request.
func content(t *testing.T, content string) BlockIter {
	t.Helper()
	var r Request
	if err := Decode(index(t, `{"model":"m","messages":[{"role":"user","content":`+content+`}]}`).Root(), &r); err != nil {
		t.Fatal(err)
	}
	it := r.Iter()
	if !it.Next() {
		t.Fatalf("%s: %v", content, it.Err())
	}
	return it.Message.Blocks()
}

// A string is one text block, an escaped type name is the name it means, an unknown type is not an error.
func TestContents(t *testing.T) {
	it := content(t, `"Hi \"there\""`)
	if !it.Next() || it.Block.Type != BlockText || !it.Block.Plain || !it.Block.Text.Is(`Hi "there"`) || it.Block.Path() != "messages[0].content" ||
		it.Block.Others() != nil || it.Next() || it.Err() != nil {
		t.Errorf("a string: %+v %v", it.Block, it.Err())
	}
	it = content(t, `[{"type":"t\u0065xt","text":"x"}]`)
	if !it.Next() || it.Block.Type != BlockText {
		t.Errorf("an escaped type: %v %v", it.Block.Type, it.Err())
	}
	it = content(t, `[{"type":"hologram","text":"x","rays":[1]}]`)
	if !it.Next() || it.Block.Type != BlockUnknown || !it.Block.TypeV.Is("hologram") || len(it.Block.Others()) != 2 {
		t.Errorf("an unknown type: %v %v", it.Block.Others(), it.Err())
	}
	it = content(t, `[]`)
	if it.Next() || it.Err() != nil {
		t.Error("an empty content")
	}
	long := strings.Repeat("x", jsonindex.ExternOver+1)
	it = content(t, `[{"type":"text","text":"`+long+`"}]`)
	if !it.Next() || !it.Block.Text.IsExtern() {
		t.Errorf("a long text: %v", it.Err())
	}
}

// Contents nest: results hold blocks, documents hold contents.
func TestNested(t *testing.T) {
	it := content(t, `[{"type":"tool_result","tool_use_id":"i","content":[{"type":"text","text":"a"},{"type":"image","source":{"type":"url","url":"u"}}]},`+
		`{"type":"tool_result","tool_use_id":"j","content":"plain"},{"type":"tool_result","tool_use_id":"k"},{"type":"tool_result","tool_use_id":"l","content":null},`+
		`{"type":"document","source":{"type":"content","content":[{"type":"text","text":"b"}]}}]`)
	var seen []string
	for it.Next() {
		nested := it.Block.Blocks()
		if it.Block.Type == BlockDocument {
			var s Source
			if err := DecodeSource(it.Block.Source, &s); err != nil {
				t.Fatal(err)
			}
			nested = s.Blocks()
		}
		for nested.Next() {
			seen = append(seen, fmt.Sprintf("%d %s %s", it.Block.Index, nested.Block.Type, nested.Block.Path()))
		}
		if err := nested.Err(); err != nil {
			t.Error(err)
		}
	}
	want := []string{
		"0 text messages[0].content[0].content[0]", "0 image messages[0].content[0].content[1]", "1 text messages[0].content[1].content",
		"4 text messages[0].content[4].source.content[0]",
	}
	if !reflect.DeepEqual(seen, want) || it.Err() != nil {
		t.Errorf("%q %v", seen, it.Err())
	}
}

func TestSources(t *testing.T) {
	f := func(text string, want SourceKind) {
		t.Helper()
		var s Source
		if err := DecodeSource(index(t, text).Root(), &s); err != nil || s.Kind != want || s.Others() != nil {
			t.Errorf("%s: %d, %v, %v", text, s.Kind, s.Others(), err)
		}
	}
	f(`{"type":"base64","media_type":"image/png","data":"AAAA"}`, SourceBase64)
	f(`{"data":"AAAA","media_type":"application/pdf","type":"base64"}`, SourceBase64)
	f(`{"type":"text","media_type":"text/plain","data":"hello"}`, SourceText)
	f(`{"type":"url","url":"https://example.com/a.png"}`, SourceURL)
	f(`{"type":"file","file_id":"file_1"}`, SourceFile)
	f(`{"type":"content","content":"text"}`, SourceContent)
	f(`{"type":"telepathy"}`, SourceUnknown)
}
