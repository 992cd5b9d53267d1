package chat

import "github.com/claude-proxy/claude-proxy/sdk/messages"

// clientTool is a tool that the client runs and whose input Claude knows by heart. Other models are told.
type clientTool struct {
	kind messages.ToolKind
	// since is the first version with this input; the newest that is not after the client's counts.
	since       string
	description string
	schema      string
}

// clientToolOf is the description of a client tool, nil when t is none.
func clientToolOf(t *messages.Tool) (found *clientTool) {
	version := t.Version()
	for i := range clientTools {
		if c := &clientTools[i]; c.kind == t.Kind && c.since <= version {
			found = c
		}
	}
	return found
}

// The inputs are those of https://docs.claude.com/en/docs/agents-and-tools/tool-use/bash-tool, text-editor-tool and memory-tool.
var clientTools = [...]clientTool{
	{messages.ToolBash, "20241022",
		"Runs commands in a bash shell that keeps its state between calls. Commands cannot be interactive.",
		`{"type":"object","properties":{` +
			`"command":{"type":"string","description":"The command to run. Needed unless restart is true."},` +
			`"restart":{"type":"boolean","description":"True starts the shell anew."}}}`},
	{messages.ToolTextEditor, "20241022",
		"Views, creates and edits text files. undo_edit takes back the last edit of a file.",
		editorSchema(`"view","create","str_replace","insert","undo_edit"`,
			`"new_str":{"type":"string","description":"Of str_replace: the text that takes the place of old_str. Of insert: the text to insert."},`)},
	{messages.ToolTextEditor, "20250429",
		"Views, creates and edits text files.",
		editorSchema(`"view","create","str_replace","insert"`,
			`"new_str":{"type":"string","description":"Of str_replace: the text that takes the place of old_str."},`+
				`"insert_text":{"type":"string","description":"Of insert: the text to insert."},`)},
	{messages.ToolMemory, "20250818",
		"Keeps notes as files under /memories from one conversation to the next. Look there first.",
		`{"type":"object","properties":{` +
			`"command":{"type":"string","enum":["view","create","str_replace","insert","delete","rename"],"description":"What to do."},` +
			`"path":{"type":"string","description":"The file or directory, below /memories. Of all commands but rename."},` +
			`"view_range":{"type":"array","items":{"type":"integer"},"description":"Of view: the first and last line of a file, from 1; -1 is its end."},` +
			`"file_text":{"type":"string","description":"Of create: the content of the file."},` +
			`"old_str":{"type":"string","description":"Of str_replace: the text to replace; it must occur exactly once."},` +
			`"new_str":{"type":"string","description":"Of str_replace: the text that takes its place."},` +
			`"insert_line":{"type":"integer","description":"Of insert: the line behind which to insert; 0 is the beginning."},` +
			`"insert_text":{"type":"string","description":"Of insert: the text to insert."},` +
			`"old_path":{"type":"string","description":"Of rename: the present path."},` +
			`"new_path":{"type":"string","description":"Of rename: the new path."}},"required":["command"]}`},
}

// editorSchema is the input of a text editor with these commands and these members for new text.
func editorSchema(commands, newText string) string {
	return `{"type":"object","properties":{` +
		`"command":{"type":"string","enum":[` + commands + `],"description":"What to do."},` +
		`"path":{"type":"string","description":"The file or directory."},` +
		`"view_range":{"type":"array","items":{"type":"integer"},"description":"Of view: the first and last line of a file, from 1; -1 is its end."},` +
		`"file_text":{"type":"string","description":"Of create: the content of the file."},` +
		`"old_str":{"type":"string","description":"Of str_replace: the text to replace; it must occur exactly once."},` +
		newText +
		`"insert_line":{"type":"integer","description":"Of insert: the line behind which to insert; 0 is the beginning."}},` +
		`"required":["command","path"]}`
}
