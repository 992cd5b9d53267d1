// Package clienttools describes the tools whose input Claude knows by heart and that the client runs.
//
// Such a tool stands in a request by its type alone, as "bash_20250124". An adapter whose upstream knows only functions
// declares it as one, with the description and the schema from here, and passes the calls on as they are.
package clienttools

import "github.com/claude-proxy/claude-proxy/sdk/messages"

// Tool describes one version of a tool. It is constant and shared by goroutines.
type Tool struct {
	kind messages.ToolKind
	// since is the first version with this input; the newest that is not after the client's counts.
	since string
	// Description tells a model what the tool does.
	Description string
	// Schema is the JSON Schema of the input, an object schema as text. It uses type, properties, required, description,
	// enum of strings and items alone.
	Schema string
}

// Of is the description of a request's tool, nil when the tool is none of these: a custom tool, a server tool, a toolset.
func Of(t *messages.Tool) (found *Tool) {
	version := t.Version()
	for i := range tools {
		if c := &tools[i]; c.kind == t.Kind && c.since <= version {
			found = c
		}
	}
	return found
}

// The inputs are those of https://docs.claude.com/en/docs/agents-and-tools/tool-use/bash-tool, text-editor-tool and memory-tool.
var tools = [...]Tool{
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
