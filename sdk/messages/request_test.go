package messages_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	. "github.com/claude-proxy/claude-proxy/sdk/messages"
)

// Every documented member of a request reaches its own field, and none of them counts as unknown.
func TestRequestFields(t *testing.T) {
	members := map[string]string{
		"model": `"m"`, "messages": `[]`, "max_tokens": `1`, "system": `"s"`, "stream": `true`, "tools": `[]`, "tool_choice": `{}`,
		"thinking": `{}`, "output_config": `{}`, "output_format": `{}`, "stop_sequences": `[]`, "temperature": `1`, "top_p": `1`, "top_k": `1`,
		"metadata": `{}`, "service_tier": `"auto"`, "cache_control": `{}`, "container": `"c"`, "inference_geo": `"eu"`, "speed": `"fast"`,
		"diagnostics": `{}`, "mcp_servers": `[]`, "context_management": `{}`, "compaction": `{}`, "fallbacks": `[]`, "fallback_credit_token": `"t"`,
		"thread": `{}`, "billing_policy": `{}`,
	}
	var body []string
	for name, value := range members {
		body = append(body, `"`+name+`":`+value)
	}
	root := index(t, "{"+strings.Join(body, ",")+"}").Root()
	var r Request
	if err := Decode(root, &r); err != nil {
		t.Fatal(err)
	}
	if others := r.Others(); others != nil {
		t.Errorf("unknown: %v", others)
	}
	v := reflect.ValueOf(r)
	fields := 0
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		if !v.Type().Field(i).IsExported() || name == "V" {
			continue
		}
		cursor := v.Field(i).Interface().(jsonindex.Value)
		fields++
		snake := snake(name)
		if want := root.Get(snake); !cursor.Exists() || cursor != want {
			t.Errorf("%s is not the member %s", name, snake)
		}
	}
	if fields != len(members) {
		t.Errorf("%d fields, %d members", fields, len(members))
	}
}

// snake is a field's name on the wire.
func snake(name string) string {
	name = strings.ReplaceAll(name, "ID", "Id")
	name = strings.ReplaceAll(name, "MCP", "Mcp")
	var b strings.Builder
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			c |= 0x20
		}
		b.WriteRune(c)
	}
	return b.String()
}

// What a request has that nobody knows stays reachable, in order.
func TestOthers(t *testing.T) {
	var r Request
	if err := Decode(index(t, `{"zeta":1,"model":"m","messages":[{"role":"user","name":"x","content":[{"type":"text","text":"a","id":"i","blink":true}]}],`+
		`"tools":[{"name":"n","input_schema":{},"color":"red"}],"alpha":{"b":2},"tool_choice":{"type":"auto","mood":1},"thinking":{"type":"adaptive","depth":1},"output_config":{"volume":1}}`).Root(), &r); err != nil {
		t.Fatal(err)
	}
	is := func(where string, list []Member, names ...string) {
		t.Helper()
		var have []string
		for _, m := range list {
			have = append(have, m.Name)
			if !m.V.Exists() {
				t.Errorf("%s: %s has no value", where, m.Name)
			}
		}
		if !reflect.DeepEqual(have, names) {
			t.Errorf("%s: %v, not %v", where, have, names)
		}
	}
	is("request", r.Others(), "zeta", "alpha")
	it := r.Iter()
	it.Next()
	is("message", it.Message.Others(), "name")
	blocks := it.Message.Blocks()
	blocks.Next()
	is("block", blocks.Block.Others(), "id", "blink") // id is known, but not in a text block
	tools := r.ToolIter()
	tools.Next()
	is("tool", tools.Tool.Others(), "color")
	choice, _ := r.Choice()
	is("tool_choice", choice.Others(), "mood")
	thinking, _ := r.ThinkingConfig()
	is("thinking", thinking.Others(), "depth")
	out, _ := r.Output()
	is("output_config", out.Others(), "volume")
	var s Source
	if err := DecodeSource(index(t, `{"type":"url","url":"u","proxy":"p"}`).Root(), &s); err != nil {
		t.Fatal(err)
	}
	is("source", s.Others(), "proxy")
}

// Each mistake is an Invalid failure that names the exact place.
func TestErrors(t *testing.T) {
	f := func(body, field, message string) {
		t.Helper()
		_, err := walk(index(t, body).Root())
		var fail *adapter.Failure
		if !errors.As(err, &fail) {
			t.Errorf("%s: %v", body, err)
			return
		}
		if fail.Class != adapter.Invalid || fail.Field != field || !strings.Contains(fail.Message, message) {
			t.Errorf("%s:\n%v: %q: %s\nwant %q: %s", body, fail.Class, fail.Field, fail.Message, field, message)
		}
	}
	with := func(rest string) string { return `{"model":"m","messages":[],` + rest + `}` }
	message := func(m string) string { return `{"model":"m","messages":[{"role":"user","content":"x"},` + m + `]}` }
	block := func(b string) string {
		return message(`{"role":"user","content":[{"type":"text","text":"a"},` + b + `]}`)
	}
	const at = "messages[1].content[1]"

	// the body
	f(`[]`, "", "must be a JSON object, not an array")
	f(`null`, "", "must be a JSON object, not null")
	f(`{"messages":[]}`, "model", "field required")
	f(`{"model":null,"messages":[]}`, "model", "field required")
	f(`{"model":"","messages":[]}`, "model", "must not be empty")
	f(`{"model":5,"messages":[]}`, "model", "must be a string, not a number")
	f(`{"model":"m"}`, "messages", "field required")
	f(`{"model":"m","messages":{}}`, "messages", "must be an array, not an object")
	f(with(`"stream":"yes"`), "stream", "must be true or false, not a string")
	f(with(`"system":5`), "system", "must be a string or an array, not a number")
	f(with(`"system":[5]`), "system[0]", "must be an object")
	f(with(`"stop_sequences":["a",1]`), "stop_sequences[1]", "must be a string")
	f(with(`"cache_control":{"type":"forever"}`), "cache_control.type", `"ephemeral"`)
	f(with(`"cache_control":{"type":"ephemeral","ttl":5}`), "cache_control.ttl", "must be a string")

	// numbers
	f(with(`"max_tokens":1.5`), "max_tokens", "must be a whole number, not 1.5")
	f(with(`"max_tokens":-1`), "max_tokens", "must be at least 0, not -1")
	f(with(`"max_tokens":1e999`), "max_tokens", "whole number, not 1e999")
	f(with(`"max_tokens":9223372036854775808`), "max_tokens", "whole number")
	f(with(`"max_tokens":"5"`), "max_tokens", "must be a number, not a string")

	// turns
	f(message(`"x"`), "messages[1]", "must be an object, not a string")
	f(message(`{"content":"x"}`), "messages[1].role", "field required")
	f(message(`{"role":"tool","content":"x"}`), "messages[1].role", `not "tool"`)
	f(message(`{"role":"`+strings.Repeat("ä", 100)+`","content":"x"}`), "messages[1].role", `not "`+strings.Repeat("ä", 19)+"…")
	f(message(`{"role":7,"content":"x"}`), "messages[1].role", "not 7")
	f(message(`{"role":"user"}`), "messages[1].content", "field required")
	f(message(`{"role":"user","content":null}`), "messages[1].content", "not null")
	f(message(`{"role":"user","content":{}}`), "messages[1].content", "not an object")

	// blocks
	f(block(`"x"`), at, "must be an object")
	f(block(`{"text":"x"}`), at+".type", "field required")
	f(block(`{"type":null}`), at+".type", "must be a string, not null")
	f(block(`{"type":"text"}`), at+".text", "field required")
	f(block(`{"type":"text","text":{}}`), at+".text", "must be a string, not an object")
	f(block(`{"type":"image","source":"x"}`), at+".source", "must be an object")
	f(block(`{"type":"image","source":{}}`), at+".source.type", "field required")
	f(block(`{"type":"image","source":{"type":"base64","data":"x"}}`), at+".source.media_type", "field required")
	f(block(`{"type":"image","source":{"type":"base64","media_type":"image/png"}}`), at+".source.data", "field required")
	f(block(`{"type":"image","source":{"type":"url"}}`), at+".source.url", "field required")
	f(block(`{"type":"image","source":{"type":"file","file_id":""}}`), at+".source.file_id", "must not be empty")
	f(block(`{"type":"document","source":{"type":"content","content":5}}`), at+".source.content", "must be a string or an array")
	f(block(`{"type":"search_result","source":"s","content":"x"}`), at+".content", "must be an array")
	f(block(`{"type":"tool_use","name":"n","input":{}}`), at+".id", "field required")
	f(block(`{"type":"tool_use","id":"i","name":"","input":{}}`), at+".name", "must not be empty")
	f(block(`{"type":"tool_use","id":"i","name":"n"}`), at+".input", "field required")
	f(block(`{"type":"tool_use","id":"i","name":"n","input":"{}"}`), at+".input", "must be an object, not a string")
	f(block(`{"type":"tool_result"}`), at+".tool_use_id", "field required")
	f(block(`{"type":"tool_result","tool_use_id":"i","content":7}`), at+".content", "must be a string or an array")
	f(block(`{"type":"tool_result","tool_use_id":"i","is_error":"no"}`), at+".is_error", "must be true or false")
	f(block(`{"type":"tool_result","tool_use_id":"i","content":[{"type":"text"}]}`), at+".content[0].text", "field required")
	f(block(`{"type":"thinking"}`), at+".thinking", "field required")
	f(block(`{"type":"redacted_thinking","data":1}`), at+".data", "must be a string")
	f(block(`{"type":"tool_reference"}`), at+".tool_name", "field required")
	f(block(`{"type":"text","text":"x","cache_control":"yes"}`), at+".cache_control", "must be an object")

	// tools and settings
	f(with(`"tools":[1]`), "tools[0]", "must be an object")
	f(with(`"tools":[{"input_schema":{}}]`), "tools[0].name", "field required")
	f(with(`"tools":[{"name":"n"}]`), "tools[0].input_schema", "field required")
	f(with(`"tools":[{"name":"n","input_schema":[]}]`), "tools[0].input_schema", "must be an object")
	f(with(`"tools":[{"name":"n","input_schema":{},"description":5}]`), "tools[0].description", "must be a string")
	f(with(`"tools":[{"type":5,"name":"n"}]`), "tools[0].type", "must be a string")
	f(with(`"tool_choice":{}`), "tool_choice.type", "field required")
	f(with(`"tool_choice":{"type":"all"}`), "tool_choice.type", `not "all"`)
	f(with(`"tool_choice":{"type":"tool"}`), "tool_choice.name", "field required")
	f(with(`"tool_choice":{"type":"auto","disable_parallel_tool_use":1}`), "tool_choice.disable_parallel_tool_use", "must be true or false")
	f(with(`"thinking":{"type":"enabled"}`), "thinking.budget_tokens", "field required")
	f(with(`"thinking":{"type":"enabled","budget_tokens":0}`), "thinking.budget_tokens", "at least 1")
	f(with(`"thinking":{}`), "thinking.type", "field required")
	f(with(`"output_config":{"effort":5}`), "output_config.effort", "must be a string")
	f(with(`"output_config":{"format":{"type":"json_schema"}}`), "output_config.format.schema", "field required")
	f(with(`"output_format":"json"`), "output_format", "must be an object")
}

// Null is as good as absent where the field is not required.
func TestNulls(t *testing.T) {
	body := `{"model":"m","messages":[{"role":"assistant","content":[{"type":"tool_use","id":"i","name":"n","input":{},"caller":null,"cache_control":null}],"output_config":null}],` +
		`"system":null,"tools":null,"tool_choice":null,"thinking":null,"output_config":null,"stop_sequences":null,"metadata":null,"cache_control":null,"stream":null}`
	if _, err := walk(index(t, body).Root()); err != nil {
		t.Error(err)
	}
	var r Request
	if err := Decode(index(t, body).Root(), &r); err != nil {
		t.Fatal(err)
	}
	choice, err := r.Choice()
	if err != nil || choice.Kind != ChoiceAuto || r.UserID().Exists() {
		t.Error(choice, err)
	}
	if _, err := r.Limit(); err == nil || !strings.Contains(err.Error(), "max_tokens: field required") {
		t.Error(err)
	}
}

// Numbers that are whole are whole in any spelling.
func TestNumbers(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "5": 5, "5.0": 5, "2e3": 2000, "128000": 128000} {
		n, err := Int(index(t, text).Root(), 0)
		if err != nil || n != want {
			t.Errorf("%s: %d, %v", text, n, err)
		}
	}
	if x, err := Float(index(t, "0.5").Root(), 0, 1); err != nil || x != 0.5 {
		t.Error(x, err)
	}
	for _, text := range []string{"1.01", "-0.1", "1e999"} {
		if _, err := Float(index(t, text).Root(), 0, 1); err == nil || !strings.Contains(err.Error(), "between 0 and 1, not "+text) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
