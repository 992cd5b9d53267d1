package messages_test

import (
	"testing"

	. "github.com/claude-proxy/claude-proxy/sdk/messages"
)

func settings(t *testing.T, members string) *Request {
	t.Helper()
	var r Request
	if err := Decode(index(t, `{"model":"m","messages":[],`+members+`}`).Root(), &r); err != nil {
		t.Fatal(err)
	}
	return &r
}

func TestTools(t *testing.T) {
	f := func(text string, kind ToolKind, version string, server bool) {
		t.Helper()
		it := settings(t, `"tools":[`+text+`]`).ToolIter()
		if !it.Next() {
			t.Errorf("%s: %v", text, it.Err())
			return
		}
		tool := &it.Tool
		if tool.Kind != kind || tool.Version() != version || tool.Kind.Server() != server || tool.Path() != "tools[0]" || it.Next() {
			t.Errorf("%s: kind %d version %q server %v", text, tool.Kind, tool.Version(), tool.Kind.Server())
		}
	}
	f(`{"name":"n","input_schema":{}}`, ToolCustom, "", false)
	f(`{"type":null,"name":"n","input_schema":{}}`, ToolCustom, "", false)
	f(`{"type":"custom","name":"n","input_schema":{},"strict":true,"defer_loading":true,"input_examples":[],"allowed_callers":[],"eager_input_streaming":true}`, ToolCustom, "", false)
	f(`{"type":"bash_20250124","name":"bash"}`, ToolBash, "20250124", false)
	f(`{"type":"text_editor_20250728","name":"str_replace_based_edit_tool","max_characters":1}`, ToolTextEditor, "20250728", false)
	f(`{"type":"memory_20250818","name":"memory"}`, ToolMemory, "20250818", false)
	f(`{"type":"computer_20250124","name":"computer","display_width_px":1}`, ToolComputer, "20250124", false)
	f(`{"type":"computer_toolset_20260801"}`, ToolComputer, "20260801", false)
	f(`{"type":"browser_toolset_20260801"}`, ToolBrowser, "20260801", false)
	f(`{"type":"web_search_20260318","name":"web_search","max_uses":8}`, ToolWebSearch, "20260318", true)
	f(`{"type":"web_fetch_20250910","name":"web_fetch"}`, ToolWebFetch, "20250910", true)
	f(`{"type":"code_execution_20260521","name":"code_execution"}`, ToolCodeExecution, "20260521", true)
	f(`{"type":"tool_search_tool_regex_20251119","name":"t"}`, ToolSearch, "20251119", true)
	f(`{"type":"tool_search_tool_bm25","name":"t"}`, ToolSearch, "", true)
	f(`{"type":"mcp_toolset","mcp_server_name":"s"}`, ToolMCPToolset, "", true)
	f(`{"type":"advisor_20260301","name":"a"}`, ToolAdvisor, "20260301", true)
	f(`{"type":"weather_20270101","name":"w"}`, ToolUnknown, "20270101", false)
}

func TestChoice(t *testing.T) {
	f := func(text string, kind ChoiceKind, name string, disable bool) {
		t.Helper()
		c, err := settings(t, `"tool_choice":`+text).Choice()
		if err != nil || c.Kind != kind || c.DisableParallel != disable || name != "" && !c.Name.Is(name) || c.Others() != nil {
			t.Errorf("%s: %+v %v", text, c, err)
		}
	}
	f(`null`, ChoiceAuto, "", false)
	f(`{"type":"auto"}`, ChoiceAuto, "", false)
	f(`{"type":"any","disable_parallel_tool_use":true}`, ChoiceAny, "", true)
	f(`{"name":"x","type":"tool","disable_parallel_tool_use":false}`, ChoiceTool, "x", false)
	f(`{"type":"none"}`, ChoiceNone, "", false)
}

func TestThinking(t *testing.T) {
	f := func(text string, kind ThinkingKind, budget int64) {
		t.Helper()
		c, err := settings(t, `"thinking":`+text).ThinkingConfig()
		if err != nil || c.Kind != kind || c.Others() != nil {
			t.Errorf("%s: %+v %v", text, c, err)
		}
		if budget == 0 {
			return
		}
		if n, err := c.Budget(); err != nil || n != budget {
			t.Errorf("%s: budget %d, %v", text, n, err)
		}
	}
	f(`null`, ThinkingUnset, 0)
	f(`{"type":"enabled","budget_tokens":31999,"display":"summarized"}`, ThinkingEnabled, 31999)
	f(`{"type":"disabled"}`, ThinkingDisabled, 0)
	f(`{"type":"adaptive","display":null}`, ThinkingAdaptive, 0)
	f(`{"type":"between_tools"}`, ThinkingBetweenTools, 0)
	f(`{"type":"deep"}`, ThinkingUnknown, 0)
}

func TestOutput(t *testing.T) {
	f := func(members string, effort Effort, schema string) {
		t.Helper()
		o, err := settings(t, members).Output()
		raw, _ := o.Schema.Raw()
		if err != nil || o.Level() != effort || string(raw) != schema {
			t.Errorf("%s: %d %s %v", members, o.Level(), raw, err)
		}
	}
	const format = `{"type":"json_schema","schema":{"a":1}}`
	f(`"output_config":null`, EffortUnset, "")
	f(`"output_config":{}`, EffortUnset, "")
	f(`"output_config":{"effort":null}`, EffortUnset, "")
	f(`"output_config":{"effort":"low"}`, EffortLow, "")
	f(`"output_config":{"effort":"medium"}`, EffortMedium, "")
	f(`"output_config":{"effort":"high"}`, EffortHigh, "")
	f(`"output_config":{"effort":"xhigh"}`, EffortXHigh, "")
	f(`"output_config":{"effort":"max","format":`+format+`,"task_budget":{}}`, EffortMax, `{"a":1}`)
	f(`"output_config":{"effort":"heroic"}`, EffortUnknown, "")
	f(`"output_format":`+format, EffortUnset, `{"a":1}`)
	f(`"output_format":`+format+`,"output_config":{"effort":"low","format":null}`, EffortLow, `{"a":1}`)
	f(`"output_format":`+format+`,"output_config":{"format":{"type":"json_schema","schema":{}}}`, EffortUnset, `{}`)
	f(`"output_format":{"type":"yaml"}`, EffortUnset, "")
}

func TestCacheControl(t *testing.T) {
	f := func(text string, set bool, ttl string) {
		t.Helper()
		c, err := DecodeCacheControl(index(t, text).Root())
		if err != nil || c.Set != set || ttl != "" && !c.TTL.Is(ttl) {
			t.Errorf("%s: %+v %v", text, c, err)
		}
	}
	f(`null`, false, "")
	f(`{"type":"ephemeral"}`, true, "")
	f(`{"ttl":"1h","type":"ephemeral"}`, true, "1h")
	f(`{"type":"ephemeral","ttl":null}`, true, "")
}
