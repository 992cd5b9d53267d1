package jsonindex

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand"
	"strings"
	"testing"
)

// toolRequest is a client's request of about 4 KB with tools and one round of tool use.
func toolRequest() []byte {
	var b bytes.Buffer
	b.WriteString(`{"model":"claude-test","max_tokens":4096,"stream":true,"temperature":0.7,"metadata":{"user_id":"u-1"},"system":[{"type":"text","text":"You are a \"careful\" helper.\nWork in <dir>.","cache_control":{"type":"ephemeral"}}],"tools":[`)
	for i := range 8 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":"tool_%d","description":"Reads or writes a file.\nPaths are \"absolute\".","input_schema":{"type":"object","properties":{"path":{"type":"string","description":"Where"},"limit":{"type":"integer","minimum":1}},"required":["path"]}}`, i)
	}
	b.WriteString(`],"tool_choice":{"type":"auto"},"messages":[{"role":"user","content":"Please fix the test in main_test.go"}`)
	for i := 0; b.Len() < 3600; i++ {
		fmt.Fprintf(&b, `,{"role":"assistant","content":[{"type":"text","text":"I look at file %d."},{"type":"tool_use","id":"toolu_%04d","name":"tool_%d","input":{"path":"/src/f%d.go","limit":%d}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_%04d","content":"package main\n\nfunc main() {}\n"}]}`, i, i, i%6, i, 10*i+7, i)
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

// agentRequest is a coding agent's request of about size bytes; fat adds one tool input and one result of that many bytes.
func agentRequest(size, fat int) []byte {
	var b bytes.Buffer
	b.Write(bytes.TrimSuffix(toolRequest(), []byte(`]}`)))
	for i := 0; b.Len() < size-fat*2; i++ {
		fmt.Fprintf(&b, `,{"role":"assistant","content":[{"type":"text","text":"Looking at part %d.\n"},{"type":"tool_use","id":"toolu_a%04d","name":"tool_%d","input":{"path":"/src/f%d.go","limit":%d,"old":"a\tb \"q\" \\n"}}]}`, i, i, i%6, i, i)
		fmt.Fprintf(&b, `,{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_a%04d","content":"%s"}]}`, i, strings.Repeat(`if err != nil {\n\treturn fmt.Errorf(\"x: %w\", err)\n}\n`, 8))
	}
	if fat > 0 {
		s := strings.Repeat(`line \"quoted\" \u00e9 with tail \\ \n`, fat/36)
		fmt.Fprintf(&b, `,{"role":"assistant","content":[{"type":"tool_use","id":"toolu_fat","name":"tool_1","input":{"path":"x","text":"%s","after":[1,2]}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_fat","content":[{"type":"text","text":"%s"},{"type":"text","text":"ok"}]}]}`, s, s)
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

// imageRequest is a request whose one image has n characters of base64.
func imageRequest(n int) []byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	data := make([]byte, n)
	r := rand.New(rand.NewSource(2))
	for i := range data {
		data[i] = alphabet[r.Intn(64)]
	}
	return fmt.Appendf(nil, `{"model":"claude-test","max_tokens":100,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"%s"}},{"type":"text","text":"What is this?"}]}]}`, data)
}

// chineseRequest is a request of about n bytes whose text is hardly ASCII.
func chineseRequest(n int) []byte {
	return fmt.Appendf(nil, `{"model":"claude-test","messages":[{"role":"user","content":"%s"}]}`, strings.Repeat("请把这个文件里的测试修好，然后再运行一次。\\n", n/62))
}

const chunk = `{"id":"chatcmpl-AbC123","object":"chat.completion.chunk","created":1763870000,"model":"gpt-x-2026","service_tier":"default","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":" hello"},"logprobs":null,"finish_reason":null}],"obfuscation":"aBcD"}`

type benchCase struct {
	name string
	body []byte
	mode Mode
}

func benchCases() []benchCase {
	indented := new(bytes.Buffer)
	if err := json.Indent(indented, toolRequest(), "", "  "); err != nil {
		panic(err)
	}
	unique := UpstreamMode()
	unique.Unique = true
	return []benchCase{
		{"chunk", []byte(chunk), UpstreamMode()},
		{"chunk-unique", []byte(chunk), unique},
		{"4KB", toolRequest(), ClientMode()},
		{"4KB-indented", indented.Bytes(), ClientMode()},
		{"30KB", agentRequest(30_000, 0), ClientMode()},
		{"241KB", agentRequest(241_000, 105_000), ClientMode()},
		{"64KB-chinese", chineseRequest(64_000), ClientMode()},
		{"20MB-image", imageRequest(20 << 20), ClientMode()},
	}
}

func BenchmarkIndex(b *testing.B) {
	for _, c := range benchCases() {
		b.Run(c.name, func(b *testing.B) {
			var builder Builder
			var d Doc
			b.SetBytes(int64(len(c.body)))
			b.ReportAllocs()
			for b.Loop() {
				if err := builder.Index(&d, c.body, c.mode); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(d.Ents)), "entries")
		})
	}
}

func BenchmarkJSONValid(b *testing.B) {
	for _, c := range benchCases() {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.body)))
			for b.Loop() {
				if !json.Valid(c.body) {
					b.Fatal("not valid")
				}
			}
		})
	}
}

func BenchmarkJSONUnmarshal(b *testing.B) {
	for _, c := range benchCases() {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.body)))
			b.ReportAllocs()
			for b.Loop() {
				var v any
				if err := json.Unmarshal(c.body, &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRead visits every value and asks for every key, as one pass of a decoder does.
func BenchmarkRead(b *testing.B) {
	for _, c := range benchCases()[:3] {
		b.Run(c.name, func(b *testing.B) {
			d, err := Parse(c.body, c.mode)
			if err != nil {
				b.Fatal(err)
			}
			var found int
			var read func(v Value)
			read = func(v Value) {
				for it := v.Iter(); it.Next(); {
					switch string(it.Key()) {
					case "role", "content", "type", "text", "choices", "delta", "finish_reason":
						found++
					}
					if k := it.Val.Kind(); k == Array || k == Object {
						read(it.Val)
					}
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				read(d.Root())
			}
			if found == 0 {
				b.Fatal("nothing found")
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(d.Ents)), "ns/entry")
		})
	}
}

func BenchmarkEscape(b *testing.B) {
	raw := toolRequest()
	escaped := AppendEscaped(nil, raw)
	buf := make([]byte, 0, 2*len(escaped))
	f := func(name string, n int, run func() bool) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				if !run() {
					b.Fatal("wrong result")
				}
			}
		})
	}
	f("AppendEscaped", len(raw), func() bool { return len(AppendEscaped(buf, raw)) == len(escaped) })
	f("EscapedSize", len(raw), func() bool { return EscapedSize(raw) == len(escaped) })
	f("AppendUnescaped", len(escaped), func() bool { return len(AppendUnescaped(buf, escaped)) == len(raw) })
	f("EscapedOK", len(escaped), func() bool { return EscapedOK(escaped) })
	f("EscapedOK-short", 6, func() bool { return EscapedOK(escaped[10:16]) })
}
