package messages_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	. "github.com/claude-proxy/claude-proxy/sdk/messages"
)

// walk reads everything there is in a request, as a converter does, and says how many parts it saw.
func walk(root jsonindex.Value) (parts int, err error) {
	var r Request
	if err := Decode(root, &r); err != nil {
		return 0, err
	}
	parts += len(r.Others())
	system := r.SystemBlocks()
	if err := walkBlocks(&system, &parts); err != nil {
		return parts, err
	}
	it := r.Iter()
	for it.Next() {
		m := &it.Message
		parts += 1 + len(m.Others())
		var out OutputConfig
		if err := DecodeOutputConfig(m.OutputConfig, &out); err != nil {
			return parts, err
		}
		blocks := m.Blocks()
		if err := walkBlocks(&blocks, &parts); err != nil {
			return parts, err
		}
	}
	if err := it.Err(); err != nil {
		return parts, err
	}
	tools := r.ToolIter()
	for tools.Next() {
		parts += 1 + len(tools.Tool.Others())
		if _, err := DecodeCacheControl(tools.Tool.CacheControl); err != nil {
			return parts, err
		}
	}
	if err := tools.Err(); err != nil {
		return parts, err
	}
	return parts, walkSettings(&r)
}

// walkBlocks is not recursive, so that its iterators stay on the stack.
func walkBlocks(it *BlockIter, parts *int) error {
	for it.Next() {
		nested, err := walkBlock(&it.Block, parts)
		if err != nil {
			return err
		}
		for nested.Next() {
			deeper, err := walkBlock(&nested.Block, parts)
			if err != nil {
				return err
			}
			for deeper.Next() {
				*parts++
			}
		}
		if err := nested.Err(); err != nil {
			return err
		}
	}
	return it.Err()
}

func walkBlock(b *Block, parts *int) (nested BlockIter, err error) {
	*parts += 1 + len(b.Others())
	if _, err := DecodeCacheControl(b.CacheControl); err != nil {
		return nested, err
	}
	switch b.Type {
	case BlockImage, BlockDocument:
		var s Source
		err := DecodeSource(b.Source, &s)
		*parts += len(s.Others())
		return s.Blocks(), err
	case BlockToolResult, BlockSearchResult:
		return b.Blocks(), nil
	}
	return nested, nil
}

func walkSettings(r *Request) error {
	if r.MaxTokens.Exists() {
		if _, err := r.Limit(); err != nil {
			return err
		}
	}
	choice, err := r.Choice()
	if err != nil {
		return err
	}
	thinking, err := r.ThinkingConfig()
	if err != nil {
		return err
	}
	if thinking.Kind == ThinkingEnabled {
		if _, err := thinking.Budget(); err != nil {
			return err
		}
	}
	out, err := r.Output()
	if err != nil {
		return err
	}
	choice.Others()
	thinking.Others()
	out.Others()
	out.Level()
	if _, err := DecodeCacheControl(r.CacheControl); err != nil {
		return err
	}
	return Strings(r.StopSequences)
}

func TestWalkAllocatesNothing(t *testing.T) {
	for _, body := range [][]byte{toolRequest(), agentRequest()} {
		doc := index(t, string(body))
		parts := 0
		if n := testing.AllocsPerRun(100, func() {
			var err error
			if parts, err = walk(doc.Root()); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%d bytes: %v allocations", len(body), n)
		}
		if want := len(doc.Ents) / 100; parts < want {
			t.Errorf("%d bytes: only %d parts", len(body), parts)
		}
	}
}

// FuzzWalk: anything that is JSON is taken or refused with a place, never with a panic, and the place is one of the body.
func FuzzWalk(f *testing.F) {
	f.Add(toolRequest())
	f.Add([]byte(`{"model":"m","messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":""}}]}]}`))
	f.Add([]byte(`{"model":"m","messages":[{"role":"user","content":[{"type":"document","source":{"type":"content","content":[{"type":"text","text":"x"}]}}]}],"tool_choice":{"type":"tool","name":"x"}}`))
	f.Add([]byte(`{"model":"m","messages":[{"role":"system","content":[],"output_config":{"effort":"max"}}],"tools":[{"type":"bash_20250124","name":"bash"}],"thinking":{"type":"enabled","budget_tokens":1e3}}`))
	f.Add([]byte(`{"model":"m","messages":[],"output_format":{"type":"json_schema","schema":{}},"cache_control":{"type":"ephemeral","ttl":"1h"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		doc, err := jsonindex.Parse(body, jsonindex.ClientMode())
		if err != nil {
			return
		}
		_, err = walk(doc.Root())
		checkFailure(t, err)
		h, err := ReadHead(doc)
		checkFailure(t, err)
		h.HasImages()
		h.PrefixHash()
		h.MessageCount()
		if err == nil && h.Model == "" {
			t.Error("a head without a model")
		}
	})
}

func checkFailure(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var f *adapter.Failure
	if !errors.As(err, &f) {
		t.Fatalf("%T is no failure: %v", err, err)
	}
	if f.Class != adapter.Invalid || f.Message == "" {
		t.Fatalf("%+v", f)
	}
}

type jsonBlock struct {
	Type, Text, ID, Name, Thinking, Signature, Data string
	ToolUseID                                       string `json:"tool_use_id"`
	Input, Content, Source                          json.RawMessage
	IsError                                         bool `json:"is_error"`
}

type jsonRequest struct {
	Model     string
	MaxTokens int `json:"max_tokens"`
	Stream    bool
	System    []jsonBlock
	Messages  []struct {
		Role    string
		Content json.RawMessage
	}
	Tools []struct {
		Name, Description string
		InputSchema       json.RawMessage `json:"input_schema"`
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, v := range []struct {
		name string
		body []byte
	}{{"4KB", toolRequest()}, {"30KB", agentRequest()}} {
		doc := index(b, string(v.body))
		b.Run(v.name+"/walk", func(b *testing.B) {
			b.SetBytes(int64(len(v.body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := walk(doc.Root()); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(v.name+"/head", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ReadHead(doc); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(v.name+"/prefix", func(b *testing.B) {
			h, err := ReadHead(doc)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				h.PrefixHash()
				h.HasImages()
			}
		})
		b.Run(v.name+"/encoding-json", func(b *testing.B) {
			b.SetBytes(int64(len(v.body)))
			b.ReportAllocs()
			for b.Loop() {
				var r jsonRequest
				if err := json.Unmarshal(v.body, &r); err != nil {
					b.Fatal(err)
				}
				for _, m := range r.Messages {
					var blocks []jsonBlock
					if m.Content[0] == '[' {
						if err := json.Unmarshal(m.Content, &blocks); err != nil {
							b.Fatal(err)
						}
					}
				}
			}
		})
	}
}
