package hosttest

import (
	"fmt"
	"strings"
	"testing"
)

// refuses checks a list of bodies against one API: each with the status and words it has to be refused with, "" for what
// has to be accepted.
func refuses(t *testing.T, path string, header map[string]string, cases [][2]string) {
	t.Helper()
	s := New(t, nil)
	lenient := New(t, &Script{Lenient: true})
	for _, c := range cases {
		a := send(t, s, path, c[0], header)
		if c[1] == "" {
			if a.status != 200 {
				t.Errorf("refused: %d %s\nto %s", a.status, a.body, c[0])
			}
			continue
		}
		if a.status != 400 && a.status != 404 || !strings.Contains(errorText(t, a.body), c[1]) {
			t.Errorf("%d %s\nto %s\nwant %q", a.status, a.body, c[0], c[1])
		}
		all := s.Requests()
		if q := all[len(all)-1]; q.Refused == nil || q.Status != a.status {
			t.Errorf("the record does not say that it was refused: %s", c[0])
		}
		if a := send(t, lenient, path, c[0], header); a.status != 200 && c[1] != "not a JSON object" {
			t.Errorf("a lenient server refuses %s: %s", c[0], a.body)
		}
	}
}

func TestChatRefuses(t *testing.T) {
	ask := func(rest string) string {
		return `{"model":"gpt-4o","messages":[{"role":"user","content":"x"}]` + rest + `}`
	}
	talk := func(messages string) string { return `{"model":"gpt-4o","messages":[` + messages + `]}` }
	o3 := func(rest string) string {
		return `{"model":"o3","messages":[{"role":"user","content":"x"}]` + rest + `}`
	}
	tool := func(f string) string { return ask(`,"tools":[{"type":"function","function":` + f + `}]`) }
	const u, call = `{"role":"user","content":"x"}`, `{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]}`
	const result = `{"role":"tool","tool_call_id":"c1","content":"y"}`
	refuses(t, "/v1/chat/completions", vendorOf("chat").header, [][2]string{
		{ask(``), ""}, {`[]`, "not a JSON object"}, {`{"model":`, "not a JSON object"},
		{ask(`,"top_k":5`), "Unknown parameter: 'top_k'"},
		{ask(`,"thinking":{}`), "Unknown parameter: 'thinking'"},
		{`{"messages":[]}`, "Missing required parameter: 'model'"},
		{`{"model":"gpt-4o"}`, "Missing required parameter: 'messages'"},
		{talk(``), "array too short"},
		{ask(`,"stream_options":{"include_usage":true}`), "only allowed when stream is true"},
		{ask(`,"max_tokens":0`), "'max_tokens'"}, {ask(`,"max_tokens":1.5`), "'max_tokens'"}, {ask(`,"max_tokens":10`), ""},
		{ask(`,"temperature":3`), "'temperature'"}, {ask(`,"temperature":"1"`), "'temperature'"}, {ask(`,"temperature":0.3`), ""},
		{ask(`,"stop":["a","b","c","d","e"]`), "at most 4"}, {ask(`,"stop":["a",""]`), "empty sequence"},
		{ask(`,"reasoning_effort":"low"`), "does not reason"},
		{ask(`,"safety_identifier":"` + strings.Repeat("x", 65) + `"`), "at most 64"},
		// reasoning models
		{o3(``), ""}, {o3(`,"max_completion_tokens":10,"reasoning_effort":"low","temperature":1`), ""},
		{o3(`,"max_tokens":10`), "use 'max_completion_tokens'"}, {o3(`,"stop":"x"`), "'stop'"}, {o3(`,"temperature":0.5`), "only the default (1)"},
		{o3(`,"reasoning_effort":"huge"`), "expected one of"},
		// tools
		{tool(`{"name":"f"}`), ""}, {tool(`{"name":"f","parameters":{"type":"object","properties":{}}}`), ""},
		{tool(`{"name":"a.b"}`), "does not match the pattern"}, {tool(`{"name":"` + strings.Repeat("n", 65) + `"}`), "does not match the pattern"},
		{tool(`{"name":"f","parameters":{"type":"object"}}`), "missing properties"},
		{tool(`{"name":"f","parameters":{"type":"string"}}`), "must have type 'object'"},
		{tool(`{"name":"f","input_schema":{}}`), "Unknown parameter: 'tools[0].function.input_schema'"},
		{tool(`{"name":"f","strict":true,"parameters":{"type":"object","properties":{"a":{"type":"string"}}}}`), "additionalProperties"},
		{tool(`{"name":"f","strict":true,"parameters":{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}}`), "'required'"},
		{tool(`{"name":"f","strict":true,"parameters":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}}`), ""},
		{ask(`,"tools":[]`), "array too short"}, {ask(`,"tool_choice":"auto"`), "only allowed when tools"}, {ask(`,"parallel_tool_calls":false`), "only allowed when tools"},
		{ask(`,"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"function","function":{"name":"g"}}`), "not found in 'tools'"},
		{ask(`,"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"any"`), "expected one of"},
		{ask(`,"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required","parallel_tool_calls":false`), ""},
		{ask(`,"response_format":{"type":"json_schema","json_schema":{"schema":{}}}`), "response_format.json_schema.name"},
		// messages
		{talk(u + `,` + call + `,` + result), ""},
		{talk(u + `,` + call), "missing: c1"}, {talk(u + `,` + result), "must be a response to a preceding message"},
		{talk(u + `,` + call + `,` + u + `,` + result), "missing: c1"}, {talk(u + `,` + call + `,` + result + `,` + result), "preceding message"},
		{talk(u + `,` + call + `,{"role":"system","content":"s"},` + result), "missing: c1"},
		{talk(`{"role":"user","content":[]}`), "empty array"}, {talk(`{"role":"user","content":[{"type":"text","text":"a","cache_control":{}}]}`), "messages[0].content[0].cache_control"},
		{talk(`{"role":"user","content":[{"type":"image","source":{}}]}`), "expected one of"},
		{talk(`{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/tiff;base64,QUJD"}}]}`), "png, jpeg, gif or webp"},
		{talk(`{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,QU!D"}}]}`), "not valid base64"},
		{talk(`{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD"}}]}`), ""},
		{talk(`{"role":"user","content":[{"type":"file","file":{"file_data":"data:application/pdf;base64,QUJD"}}]}`), "filename"},
		{talk(u + `,{"role":"assistant","content":null}`), "no tool calls"}, {talk(`{"role":"model","content":"x"}`), "expected one of"},
		{talk(u + `,` + strings.Replace(call, "c1", strings.Repeat("c", 65), 1)), "at most 64"},
		{talk(u + `,{"role":"tool","tool_call_id":"c1","content":[{"type":"image_url","image_url":{"url":"https://x/y.png"}}]}`), "expected one of text"},
	})
}

func TestResponsesRefuses(t *testing.T) {
	ask := func(rest string) string { return `{"model":"gpt-5.6","store":false,"input":"x"` + rest + `}` }
	items := func(list string) string {
		return `{"model":"gpt-5.6","store":false,"input":[{"role":"user","content":"x"},` + list + `]}`
	}
	const call, result = `{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"}`, `{"type":"function_call_output","call_id":"c1","output":"y"}`
	reasoning := fmt.Sprintf(`{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":%q}`, sign("responses", "rs_1"))
	refuses(t, "/v1/responses", vendorOf("responses").header, [][2]string{
		{ask(``), ""}, {`{"model":"gpt-5.6"}`, "Missing required parameter: 'input'"},
		{ask(`,"stop":["x"]`), "Unknown parameter: 'stop'"}, {ask(`,"messages":[]`), "Unknown parameter: 'messages'"},
		{ask(`,"max_output_tokens":15`), "'max_output_tokens'"}, {ask(`,"temperature":0.2`), "only the default"},
		{ask(`,"previous_response_id":"resp_1"`), "stores none"},
		{ask(`,"reasoning":{"effort":"low","summary":"auto"}`), ""}, {ask(`,"reasoning":{"budget":1}`), "Unknown parameter: 'reasoning.budget'"},
		{ask(`,"tools":[{"type":"function","name":"f","strict":false,"parameters":{"type":"object","properties":{}}}]`), ""},
		{ask(`,"tools":[{"type":"function","function":{"name":"f"}}]`), "tools[0].function"},
		{ask(`,"text":{"format":{"type":"json_schema","json_schema":{}}}`), "text.format.json_schema"},
		{ask(`,"text":{"format":{"type":"json_schema","name":"n","schema":{}}}`), ""},
		{items(call + `,` + result), ""}, {items(call), "No tool output found for function call c1"}, {items(result), "No tool call found"},
		{items(call + `,` + call + `,` + result), "duplicate call id"},
		{items(strings.Replace(call, `"call_id"`, `"role":"assistant","call_id"`, 1) + `,` + result), "input[1].role"},
		{items(strings.Replace(call, `"call_id"`, `"id":"call_x","call_id"`, 1) + `,` + result), "begins with 'fc'"},
		{items(call + `,{"type":"function_call_output","call_id":"c1","output":[{"type":"input_image","image_url":"data:image/png;base64,QUJD"}]}`), ""},
		{items(`{"role":"assistant","content":[{"type":"output_text","text":"a"}]}`), ""},
		{items(`{"role":"assistant","content":[{"type":"input_text","text":"a"}]}`), "expected one of output_text"},
		{items(`{"role":"user","content":[{"type":"input_file","file_data":"data:application/pdf;base64,QUJD"}]}`), "filename"},
		{items(reasoning + `,` + call + `,` + result), ""}, {items(reasoning), "without its required following item"},
		{items(reasoning + `,{"role":"user","content":"z"}`), "without its required following item"},
		{items(strings.Replace(reasoning, "rs_1", "rs_2", 1) + `,` + call + `,` + result), "could not be verified"},
		{items(`{"type":"reasoning","id":"rs_1","summary":[]},` + call + `,` + result), "not found"},
	})
}

func TestGeminiRefuses(t *testing.T) {
	const u = `{"role":"user","parts":[{"text":"x"}]}`
	ask := func(rest string) string { return `{"contents":[` + u + `]` + rest + `}` }
	talk := func(contents string) string { return `{"contents":[` + contents + `]}` }
	config := func(rest string) string { return ask(`,"generationConfig":{` + rest + `}`) }
	fn := func(f string) string { return ask(`,"tools":[{"functionDeclarations":[` + f + `]}]`) }
	part := func(p string) string { return talk(`{"role":"user","parts":[` + p + `]}`) }
	sealed := fmt.Sprintf(`"thoughtSignature":%q`, sign("gemini", "f"))
	model := func(p string) string { return `{"role":"model","parts":[` + p + `]}` }
	call := model(`{"functionCall":{"id":"i","name":"f","args":{}},` + sealed + `}`)
	const result = `{"role":"user","parts":[{"functionResponse":{"id":"i","name":"f","response":{"output":"y"}}}]}`
	refuses(t, "/v1beta/models/gemini-3-pro:generateContent", vendorOf("gemini").header, [][2]string{
		{ask(``), ""}, {ask(`,"stream":true`), `Unknown name "stream"`}, {ask(`,"system":"s"`), `Unknown name "system"`}, {`{}`, "contents: is required"},
		{ask(`,"systemInstruction":{"parts":[{"text":"s"}]}`), ""}, {ask(`,"systemInstruction":{"parts":[{"text":""}]}`), "must not be empty"},
		{config(`"max_tokens":3`), `Unknown name "generationConfig.max_tokens"`}, {config(`"stopSequences":["a","b","c","d","e","f"]`), "at most 5"},
		{config(`"responseJsonSchema":{}`), "needs application/json"}, {config(`"thinkingConfig":{"thinkingLevel":"LOW","thinkingBudget":1}`), "stands alone"},
		{config(`"thinkingConfig":{"thinkingLevel":"LOW","includeThoughts":true},"maxOutputTokens":10`), ""},
		{fn(`{"name":"f"}`), ""}, {fn(`{"name":"f","parametersJsonSchema":{"type":"object","$defs":{}}}`), ""},
		{fn(`{"name":"9f"}`), "does not match the pattern"}, {fn(`{"name":"f"},{"name":"f"}`), "duplicate"},
		{fn(`{"name":"f","parameters":{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}}`), "additionalProperties"},
		{fn(`{"name":"f","parameters":{"type":"object","properties":{"a":{"type":"array"}}}}`), "items"},
		{fn(`{"name":"f","parameters":{"type":"object"}}`), "non-empty for OBJECT"},
		{fn(`{"name":"f","parameters":{"type":"object","properties":{"a":{"type":["string","null"]}}}}`), "expected a string"},
		{ask(`,"toolConfig":{"functionCallingConfig":{"mode":"ANY"}}`), "without function declarations"},
		{ask(`,"tools":[{"functionDeclarations":[{"name":"f"}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["g"]}}`), `"g" is not declared`},
		// parts
		{part(`{"text":""}`), "must not be empty"}, {part(`{}`), "oneof field 'data'"}, {part(`{"text":"a","inlineData":{"mimeType":"image/png","data":"QUJD"}}`), "found 2"},
		{part(`{"inlineData":{"mimeType":"image/gif","data":"QUJD"}}`), "Unsupported MIME type"}, {part(`{"inlineData":{"mimeType":"image/png","data":"QUJD"}}`), ""},
		{part(`{"fileData":{"fileUri":"https://example.org/x.png","mimeType":"image/png"}}`), "unsupported file uri"},
		{talk(`{"role":"system","parts":[{"text":"x"}]}`), "valid role"}, {talk(`{"role":"user","parts":[]}`), "must not be empty"},
		{talk(model(`{"text":"x"}`) + `,` + u), "first content"}, {talk(u + `,` + model(`{"text":"x"}`)), "last content"},
		// calls and their signatures
		{talk(u + `,` + call + `,` + result), ""}, {talk(u + `,` + call + `,` + u), "(0) must equal"}, {talk(u + `,` + result), "(1) must equal"},
		{talk(u + `,` + call + `,` + strings.Replace(result, `"name":"f"`, `"name":"g"`, 1)), "answers no open call"},
		{talk(u + `,` + call + `,` + strings.Replace(result, `{"output":"y"}`, `"y"`, 1)), "expected an object"},
		{talk(u + `,` + model(`{"functionCall":{"name":"f"}}`) + `,` + strings.Replace(result, `"id":"i",`, ``, 1)), "missing a thought_signature"},
		{talk(u + `,` + model(`{"functionCall":{"name":"f"},"thoughtSignature":"skip_thought_signature_validator"}`) + `,` + strings.Replace(result, `"id":"i",`, ``, 1)), ""},
		{talk(u + `,` + model(`{"functionCall":{"name":"f"},"thoughtSignature":"QUJD"}`) + `,` + strings.Replace(result, `"id":"i",`, ``, 1)), "Corrupted thought signature"},
		{talk(u + `,` + model(`{"functionCall":{"name":"f"}}`) + `,` + strings.Replace(result, `"id":"i",`, ``, 1) + `,` + u), ""}, // an older turn
	})
	refuses(t, "/v1beta/models/gemini-2.5-flash:generateContent", vendorOf("gemini").header, [][2]string{
		{talk(u + `,` + model(`{"functionCall":{"name":"f"}}`) + `,` + strings.Replace(result, `"id":"i",`, ``, 1)), ""},
		{config(`"thinkingConfig":{"thinkingBudget":-1}`), ""}, {config(`"thinkingConfig":{"thinkingLevel":"LOW"}`), "only for Gemini 3"},
	})
}

func TestClaudeRefuses(t *testing.T) {
	const u = `{"role":"user","content":"x"}`
	of := func(model, rest string) string {
		return `{"model":"` + model + `","max_tokens":2000,"messages":[` + u + `]` + rest + `}`
	}
	ask := func(rest string) string { return of("claude-sonnet-4-5", rest) }
	talk := func(messages string) string {
		return `{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[` + messages + `]}`
	}
	block := func(b string) string { return talk(`{"role":"user","content":[` + b + `]}`) }
	const call = `{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{}}]}`
	const result = `{"type":"tool_result","tool_use_id":"t1","content":"y"}`
	answer := func(blocks string) string {
		return talk(u + `,` + call + `,{"role":"user","content":[` + blocks + `]}`)
	}
	thought := func(text, sig string) string {
		return talk(u + `,{"role":"assistant","content":[{"type":"thinking","thinking":"` + text + `","signature":"` + sig + `"},{"type":"text","text":"a"}]},` + u)
	}
	five := strings.Repeat(`,{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}`, 5)[1:]
	header := vendorOf("claude").header
	refuses(t, "/v1/messages?beta=true", header, [][2]string{
		{ask(``), ""}, {ask(`,"foo":1`), "foo: Extra inputs are not permitted"}, {ask(`,"context_management":{"edits":[]}`), "context_management: Extra inputs"},
		{`{"model":"m","messages":[` + u + `]}`, "max_tokens: Field required"}, {`{"max_tokens":1,"messages":[` + u + `]}`, "model: Field required"},
		{`{"model":"m","max_tokens":1}`, "messages: Field required"}, {talk(``), "at least one message"},
		{ask(`,"temperature":1.5`), "temperature"}, {ask(`,"temperature":0.5,"top_k":3,"stop_sequences":["a"]`), ""}, {ask(`,"stop_sequences":[" "]`), "non-whitespace"},
		{ask(`,"metadata":{"user":"x"}`), "metadata.user: Extra inputs"}, {ask(`,"system":[{"type":"text","text":""}]`), "must be non-empty"}, {ask(`,"system":""`), ""},
		{ask(`,"thread":{"type":"create"}`), "thread: Extra inputs"}, {ask(`,"output_config":{"effort":"low"}`), ""}, {ask(`,"output_config":{"effort":"none"}`), "expected one of"},
		// thinking
		{ask(`,"thinking":{"type":"enabled","budget_tokens":1024}`), ""}, {ask(`,"thinking":{"type":"enabled","budget_tokens":100}`), "at least 1024"},
		{ask(`,"thinking":{"type":"enabled","budget_tokens":2000}`), "greater than `thinking.budget_tokens`"}, {ask(`,"thinking":{"type":"enabled"}`), "Field required"},
		{ask(`,"thinking":{"type":"enabled","budget_tokens":1024},"tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"any"}`), "forces tool use"},
		{thought("t", sign("claude", "t")), ""}, {thought("", sign("claude", "t")), ""}, {thought("u", sign("claude", "t")), "Invalid `signature`"},
		{thought("t", ""), "Invalid `signature`"}, {thought("t", "cp1.abc"), "Invalid `signature`"},
		// tools
		{ask(`,"tools":[]`), ""}, {ask(`,"tools":[{"name":"f","input_schema":{"type":"object"}},{"type":"bash_20250124","name":"bash"}]`), ""},
		{ask(`,"tools":[{"name":"f"}]`), "tools.0.custom.input_schema: Field required"}, {ask(`,"tools":[{"name":"a b","input_schema":{"type":"object"}}]`), "does not match the pattern"},
		{ask(`,"tools":[{"type":"function","name":"f"}]`), "unknown tool type"}, {ask(`,"tools":[{"name":"f","input_schema":{"type":"object"}},{"name":"f","input_schema":{"type":"object"}}]`), "unique"},
		{ask(`,"tools":[{"name":"f","input_schema":{"type":"object"},"parameters":{}}]`), "tools.0.custom.parameters"},
		{ask(`,"tool_choice":{"type":"auto"}`), "while providing `tools`"}, {ask(`,"tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"tool","name":"g"}`), "not found"},
		// messages
		{talk(`{"role":"assistant","content":"x"}`), "first message"}, {talk(`{"role":"tool","content":"x"}`), "expected one of"}, {block(`{"type":"text","text":""}`), "must be non-empty"},
		{block(`{"type":"text","text":"a","foo":1}`), "messages.0.content.0.foo"}, {block(`{"type":"input_text","text":"a"}`), "not allowed"}, {block(five), "at most 4"},
		{block(`{"type":"image","source":{"type":"base64","media_type":"image/jpg","data":"QUJD"}}`), "expected one of"}, {block(`{"type":"image","source":{"type":"base64","media_type":"image/png","data":"QUJD"}}`), ""},
		{talk(u + `,{"role":"system","content":[]},{"role":"system","content":"s"}`), ""},
		{answer(result), ""}, {answer(result + `,{"type":"text","text":"more"}`), ""}, {answer(`{"type":"text","text":"more"},` + result), "must come first"},
		{answer(`{"type":"text","text":"more"}`), "without `tool_result` blocks immediately after: t1"}, {answer(result + `,` + result), "single result"},
		{talk(u + `,` + call + `,{"role":"user","content":[` + result + `]},{"role":"system","content":"s"}`), ""},
		{block(result), "unexpected `tool_use_id`"}, {talk(u + `,` + call), "without `tool_result`"},
		{talk(u + `,` + strings.Replace(call, `{}}`, `"x"}`, 1)), "expected an object"}, {talk(u + `,` + strings.Replace(call, `"t1"`, `"t.1"`, 1)), "does not match the pattern"},
		{talk(u + `,` + call + `,{"role":"user","content":[` + result + `]},` + call + `,{"role":"user","content":[` + result + `]}`), "must be unique"},
		{talk(u + `,{"role":"assistant","content":"pre"}`), ""}, {talk(u + `,{"role":"assistant","content":"pre "}`), "trailing whitespace"},
		{strings.Replace(talk(u+`,{"role":"assistant","content":"pre"}`), "claude-sonnet-4-5", "claude-opus-5-5", 1), "does not support assistant message prefill"},
	})
	refuses(t, "/v1/messages/count_tokens", header, [][2]string{
		{`{"model":"m","messages":[` + u + `],"tools":[]}`, ""}, {ask(``), "max_tokens: Extra inputs are not permitted"},
	})
	with := func(name, value string) map[string]string {
		return map[string]string{"X-Api-Key": canary, "Anthropic-Version": "2023-06-01", name: value}
	}
	refuses(t, "/v1/messages", with("Anthropic-Version", "2026-10-21"), [][2]string{
		{ask(``), ""}, {ask(`,"temperature":1`), "temperature: Extra inputs"}, {ask(`,"top_k":1`), "top_k: Extra inputs"},
		{block(`{"type":"text","text":"a","citations":[{}]}`), "citations"},
	})
	refuses(t, "/v1/messages", with("Anthropic-Version", "1"), [][2]string{{ask(``), "not a valid version"}})
	refuses(t, "/v1/messages", map[string]string{"X-Api-Key": canary}, [][2]string{{ask(``), "anthropic-version: header is required"}})
	refuses(t, "/v1/messages", with("Anthropic-Beta", "a-1, context-management-2025-06-27,message-threads-2026-08-12"), [][2]string{
		{ask(`,"context_management":{"edits":[]}`), ""}, {ask(`,"thread":{"type":"create"}`), "keeps no threads"},
	})
}

// The error for a thread carries the code that lets tool runners go on with full histories.
func TestThreadDetails(t *testing.T) {
	s := New(t, nil)
	a := send(t, s, "/v1/messages", `{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"thread":{"type":"create"}}`,
		map[string]string{"X-Api-Key": canary, "Anthropic-Version": "2023-06-01", "Anthropic-Beta": "message-threads-2026-08-12"})
	e := members(decode(t, a.body)["error"])
	if a.status != 400 || members(e["details"])["error_code"] != "thread_unsupported_request" {
		t.Errorf("%d %s", a.status, a.body)
	}
}
