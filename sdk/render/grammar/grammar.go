// Package grammar checks answers against the grammar of the Claude Messages API, as a strict client would.
//
// It is for tests and the conformance kit: it uses encoding/json, shares no code with package render, and folds a stream
// into the message that a client makes of it, so that a stream and a whole answer can be compared.
//
// https://docs.claude.com/en/docs/build-with-claude/streaming
package grammar

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// CheckStream checks a complete event stream. It ends with message_stop or with an error event, and nothing follows.
func CheckStream(b []byte) error {
	f, err := read(b)
	if err == nil && !f.ended {
		err = errors.New("the stream ends without message_stop or error")
	}
	return err
}

// CheckPrefix checks the beginning of an event stream, cut between two events. It may be empty.
func CheckPrefix(b []byte) error {
	_, err := read(b)
	return err
}

// Fold checks a complete event stream that ends with message_stop and returns the message it makes, as JSON with sorted
// keys. A tool call that max_tokens has cut has an empty input.
func Fold(b []byte) ([]byte, error) {
	f, err := read(b)
	if err != nil {
		return nil, err
	}
	if f.state != afterStop {
		return nil, errors.New("the stream has no message_stop")
	}
	f.message["content"] = f.content
	return json.Marshal(f.message)
}

// CheckWhole checks a complete message.
func CheckWhole(b []byte) error {
	_, err := Canonical(b)
	return err
}

// Canonical checks a complete message and returns it as JSON with sorted keys, to be compared with Fold.
func Canonical(b []byte) ([]byte, error) {
	m, err := decode(b)
	if err != nil {
		return nil, err
	}
	if err := checkHead(m); err != nil {
		return nil, err
	}
	content, ok := m["content"].([]any)
	if !ok {
		return nil, errors.New("content is no array")
	}
	ids := map[string]bool{}
	for i, c := range content {
		block, ok := c.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("content[%d] is no object", i)
		}
		if err := checkBlock(block, ids); err != nil {
			return nil, fmt.Errorf("content[%d]: %w", i, err)
		}
	}
	if err := checkStop(m); err != nil {
		return nil, err
	}
	if err := checkUsage(m["usage"]); err != nil {
		return nil, err
	}
	return json.Marshal(m)
}

// decode reads one JSON object, nothing before or behind it, numbers as they stand.
func decode(b []byte) (map[string]any, error) {
	if !utf8.Valid(b) {
		return nil, errors.New("invalid UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		return nil, fmt.Errorf("no JSON object: %w", err)
	}
	if m == nil {
		return nil, errors.New("null is no object")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something follows the JSON object")
	}
	return m, nil
}

// checkHead checks what a message has from its beginning.
func checkHead(m map[string]any) error {
	for key, want := range map[string]string{"id": "", "model": "", "type": "message", "role": "assistant"} {
		got, ok := m[key].(string)
		if !ok || want != "" && got != want {
			return fmt.Errorf("the message's %s is %v", key, m[key])
		}
	}
	return nil
}

// checkBlock checks a whole content block. ids holds those of the tool calls before it.
func checkBlock(block map[string]any, ids map[string]bool) error {
	str := func(key string) (string, error) {
		s, ok := block[key].(string)
		if !ok {
			return "", fmt.Errorf("%s is no string: %v", key, block[key])
		}
		return s, nil
	}
	kind, err := str("type")
	if err != nil {
		return err
	}
	switch kind {
	case "":
		return errors.New("the type is empty")
	case "text":
		if text, err := str("text"); err != nil {
			return err
		} else if text == "" {
			return errors.New("the text block is empty")
		}
		return checkCitations(block["citations"])
	case "thinking":
		if _, err := str("thinking"); err != nil {
			return err
		}
		_, err = str("signature")
	case "redacted_thinking":
		_, err = str("data")
	case "tool_use":
		id, _ := block["id"].(string)
		name, _ := block["name"].(string)
		if id == "" || name == "" {
			return errors.New("a tool call without id or name")
		}
		if ids[id] {
			return fmt.Errorf("two tool calls have the id %q", id)
		}
		ids[id] = true
		if _, ok := block["input"].(map[string]any); !ok {
			return errors.New("the input of a tool call is no object")
		}
	}
	return err
}

func checkCitations(v any) error {
	list, ok := v.([]any)
	if !ok && v != nil {
		return errors.New("citations is no array")
	}
	for _, c := range list {
		if m, _ := c.(map[string]any); m == nil || m["type"] == nil {
			return errors.New("a citation without a type")
		}
	}
	return nil
}

var stopReasons = map[string]bool{
	"end_turn": true, "max_tokens": true, "stop_sequence": true, "tool_use": true, "pause_turn": true, "refusal": true,
	"model_context_window_exceeded": true, "compaction": true,
}

// checkStop checks stop_reason, stop_sequence and stop_details.
func checkStop(m map[string]any) error {
	reason, _ := m["stop_reason"].(string)
	if !stopReasons[reason] {
		return fmt.Errorf("the stop reason is %v", m["stop_reason"])
	}
	if s := m["stop_sequence"]; s != nil {
		if _, ok := s.(string); !ok || reason != "stop_sequence" {
			return fmt.Errorf("with stop reason %s the stop sequence is %v", reason, s)
		}
	}
	if d := m["stop_details"]; d != nil {
		if _, ok := d.(map[string]any); !ok {
			return errors.New("stop_details is no object")
		}
	}
	return nil
}

// checkUsage checks that all counts are integers from 0 on and that the two that SDKs rely on are there.
func checkUsage(v any) error {
	u, ok := v.(map[string]any)
	if !ok {
		return errors.New("usage is no object")
	}
	for _, key := range []string{"input_tokens", "output_tokens"} {
		if _, ok := u[key].(json.Number); !ok {
			return fmt.Errorf("usage has no %s", key)
		}
	}
	return checkCounts(u)
}

func checkCounts(u map[string]any) error {
	for key, v := range u {
		switch v := v.(type) {
		case json.Number:
			if n, err := v.Int64(); err != nil || n < 0 {
				return fmt.Errorf("usage: %s is %s", key, v)
			}
		case map[string]any:
			if err := checkCounts(v); err != nil {
				return err
			}
		}
	}
	return nil
}
