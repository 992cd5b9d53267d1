package clienttools_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/clienttools"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// TestOf finds each version's own input, and nothing for tools that are described elsewhere.
func TestOf(t *testing.T) {
	for _, c := range []struct {
		tool string
		want []string // parts of the schema; nil for no description
		not  string   // a part that another version has
	}{
		{`{"type":"bash_20250124","name":"bash"}`, []string{`"command"`, `"restart"`}, `"path"`},
		{`{"type":"bash_20241022","name":"bash"}`, []string{`"command"`}, `"path"`},
		{`{"type":"text_editor_20250124","name":"str_replace_editor"}`, []string{`"undo_edit"`, `"new_str"`}, `"insert_text"`},
		{`{"type":"text_editor_20250429","name":"e"}`, []string{`"insert_text"`}, `"undo_edit"`},
		{`{"type":"text_editor_20250728","name":"e"}`, []string{`"insert_text"`}, `"undo_edit"`},
		{`{"type":"memory_20250818","name":"memory"}`, []string{`"old_path"`, `"rename"`}, `"undo_edit"`},
		{`{"type":"memory_20200101","name":"memory"}`, nil, ""},
		{`{"type":"bash","name":"bash"}`, nil, ""},
		{`{"type":"web_search_20250305","name":"web_search"}`, nil, ""},
		{`{"type":"computer_20250124","name":"computer"}`, nil, ""},
		{`{"name":"bash","input_schema":{}}`, nil, ""},
	} {
		found := clienttools.Of(tool(t, c.tool))
		if (found != nil) != (c.want != nil) {
			t.Errorf("%s: found %v", c.tool, found)
			continue
		}
		if found == nil {
			continue
		}
		if found.Description == "" || !json.Valid([]byte(found.Schema)) {
			t.Errorf("%s: description %q, schema %s", c.tool, found.Description, found.Schema)
		}
		for _, part := range c.want {
			if !strings.Contains(found.Schema, part) {
				t.Errorf("%s: the schema lacks %s", c.tool, part)
			}
		}
		if strings.Contains(found.Schema, c.not) {
			t.Errorf("%s: the schema has %s", c.tool, c.not)
		}
	}
}

// tool reads one tool as a request holds it.
func tool(t *testing.T, text string) *messages.Tool {
	t.Helper()
	doc, err := jsonindex.Parse([]byte(`{"model":"m","messages":[],"tools":[`+text+`]}`), jsonindex.ClientMode())
	if err != nil {
		t.Fatal(err)
	}
	var r messages.Request
	if err := messages.Decode(doc.Root(), &r); err != nil {
		t.Fatal(err)
	}
	it := r.ToolIter()
	if !it.Next() {
		t.Fatal(it.Err())
	}
	return &it.Tool
}
