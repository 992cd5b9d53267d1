package grammar

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
)

// folder reads a stream event by event.
type folder struct {
	state   state
	ended   bool // message_stop or error came
	message map[string]any
	content []any
	ids     map[string]bool
	half    bool // a tool call was closed with half an input

	// The open block, nil if none is.
	block  map[string]any
	text   []byte // its text or thinking, as it stands between the quotes of the deltas
	input  []byte // its input, alike
	signed bool
}

type state uint8

const (
	beforeStart state = iota
	inContent
	afterDelta
	afterStop
)

func read(b []byte) (*folder, error) {
	f := &folder{ids: map[string]bool{}, content: []any{}}
	for n := 1; len(b) > 0; n++ {
		frame, rest, ok := bytes.Cut(b, []byte("\n\n"))
		if !ok {
			return f, fmt.Errorf("frame %d has no end: %q", n, clip(b))
		}
		b = rest
		if err := f.frame(frame); err != nil {
			return f, fmt.Errorf("frame %d: %w: %q", n, err, clip(frame))
		}
	}
	if f.half && f.state < afterDelta {
		return f, errors.New("a tool call was closed with half an input, and no stop reason followed")
	}
	return f, nil
}

func clip(b []byte) []byte { return b[:min(len(b), 200)] }

// frame takes one frame without the empty line behind it: comments, or an event line and a data line.
func (f *folder) frame(b []byte) error {
	if bytes.IndexByte(b, '\r') >= 0 {
		return errors.New("a carriage return in a frame")
	}
	var name, data []byte
	for line := range bytes.SplitSeq(b, []byte("\n")) {
		switch {
		case len(line) > 0 && line[0] == ':':
		case name == nil && bytes.HasPrefix(line, []byte("event: ")):
			name = line[len("event: "):]
		case name != nil && data == nil && bytes.HasPrefix(line, []byte("data: ")):
			data = line[len("data: "):]
		default:
			return errors.New("neither a comment nor one event line and one data line")
		}
	}
	if name == nil && data == nil {
		return nil
	}
	if f.ended {
		return errors.New("an event after the end")
	}
	m, err := decode(data)
	if err != nil {
		return err
	}
	if m["type"] != string(name) {
		return fmt.Errorf("event %s has type %v", name, m["type"])
	}
	return f.event(string(name), data, m)
}

func (f *folder) event(name string, data []byte, m map[string]any) error {
	if name == "error" {
		f.ended = true
		e, _ := m["error"].(map[string]any)
		if _, ok := e["type"].(string); !ok {
			return errors.New("an error without a type")
		}
		return nil
	}
	if (f.state == beforeStart) != (name == "message_start") {
		return errors.New("message_start has to be the first event and the only one of its kind")
	}
	switch name {
	case "message_start":
		f.state = inContent
		return f.start(m)
	case "ping":
		return nil
	case "message_stop":
		if f.state != afterDelta {
			return errors.New("message_stop without message_delta")
		}
		f.state, f.ended = afterStop, true
		return nil
	}
	if f.state != inContent {
		return errors.New("it follows message_delta")
	}
	switch name {
	case "content_block_start":
		return f.begin(m)
	case "content_block_delta":
		return f.delta(data, m)
	case "content_block_stop":
		return f.stop(m)
	case "message_delta":
		f.state = afterDelta
		return f.end(m)
	}
	return errors.New("unknown event")
}

func (f *folder) start(m map[string]any) error {
	f.message, _ = m["message"].(map[string]any)
	if c, ok := f.message["content"].([]any); !ok || len(c) != 0 {
		return errors.New("content is no empty array")
	}
	if f.message["stop_reason"] != nil || f.message["stop_sequence"] != nil {
		return errors.New("a stop reason at the start")
	}
	if err := checkHead(f.message); err != nil {
		return err
	}
	return checkUsage(f.message["usage"])
}

// at checks the index of an event of a block.
func (f *folder) at(m map[string]any) error {
	n, ok := m["index"].(json.Number)
	if want := len(f.content); !ok || n.String() != fmt.Sprint(want) {
		return fmt.Errorf("the index is %v, not %d", m["index"], want)
	}
	return nil
}

// emptyAtStart are the members that a block begins without, whatever it holds in the end.
var emptyAtStart = map[string][]string{"text": {"text"}, "thinking": {"thinking", "signature"}}

func (f *folder) begin(m map[string]any) error {
	if f.block != nil {
		return errors.New("another block is open")
	}
	if err := f.at(m); err != nil {
		return err
	}
	block, _ := m["content_block"].(map[string]any)
	kind, _ := block["type"].(string)
	if kind == "" {
		return errors.New("the block has no type")
	}
	for _, key := range emptyAtStart[kind] {
		if block[key] != "" {
			return fmt.Errorf("%s is not empty at the start", key)
		}
	}
	if input, ok := block["input"].(map[string]any); ok && len(input) > 0 || kind == "tool_use" && !ok {
		return errors.New("the input is no empty object at the start")
	}
	f.block, f.text, f.input, f.signed = block, nil, nil, false
	return nil
}

func (f *folder) delta(data []byte, m map[string]any) error {
	if f.block == nil {
		return errors.New("no block is open")
	}
	if err := f.at(m); err != nil {
		return err
	}
	d, _ := m["delta"].(map[string]any)
	kind, _ := d["type"].(string)
	if f.signed {
		return errors.New("a delta behind the signature")
	}
	_, input := f.block["input"].(map[string]any)
	fits := map[string]bool{
		"text_delta": f.block["type"] == "text", "citations_delta": f.block["type"] == "text",
		"thinking_delta": f.block["type"] == "thinking", "signature_delta": f.block["type"] == "thinking",
		"input_json_delta": input,
	}
	if !fits[kind] {
		return fmt.Errorf("%q in a block of type %v", kind, f.block["type"])
	}
	switch kind {
	case "text_delta":
		return grow(&f.text, data, d, "text")
	case "thinking_delta":
		return grow(&f.text, data, d, "thinking")
	case "input_json_delta":
		return grow(&f.input, data, d, "partial_json")
	case "signature_delta":
		f.signed = true
		s, ok := d["signature"].(string)
		if !ok || s == "" {
			return errors.New("an empty signature")
		}
		f.block["signature"] = s
	case "citations_delta":
		list, _ := f.block["citations"].([]any)
		f.block["citations"] = append(list, d["citation"])
	}
	return nil
}

// grow appends the string under key of a delta to s as it stands between its quotes, so that a surrogate pair that two
// deltas share becomes one character, as it does in JavaScript.
func grow(s *[]byte, data []byte, d map[string]any, key string) error {
	if _, ok := d[key].(string); !ok {
		return fmt.Errorf("%s is no string", key)
	}
	var event, delta map[string]json.RawMessage
	if err := json.Unmarshal(data, &event); err != nil {
		return err
	}
	if err := json.Unmarshal(event["delta"], &delta); err != nil {
		return err
	}
	quoted := delta[key]
	*s = append(*s, quoted[1:len(quoted)-1]...)
	return nil
}

// joined is what the pieces mean together.
func joined(s []byte) (string, error) {
	var text string
	err := json.Unmarshal([]byte(`"`+string(s)+`"`), &text)
	return text, err
}

func (f *folder) stop(m map[string]any) error {
	if f.block == nil {
		return errors.New("no block is open")
	}
	if err := f.at(m); err != nil {
		return err
	}
	text, err := joined(f.text)
	if err != nil {
		return err
	}
	if key := emptyAtStart[f.block["type"].(string)]; len(key) > 0 {
		f.block[key[0]] = text
	}
	input, err := joined(f.input)
	if err != nil {
		return err
	}
	if input != "" {
		if f.block["input"], err = decode([]byte(input)); err != nil {
			if !beginsObject(input) {
				return fmt.Errorf("the input of the tool call is no JSON object: %w", err)
			}
			f.half = true
			f.block["input"] = map[string]any{}
		}
	}
	if err := checkBlock(f.block, f.ids); err != nil {
		return err
	}
	f.content = append(f.content, f.block)
	f.block = nil
	return nil
}

// beginsObject says whether s could be the beginning of a JSON object: it ends in the middle, and is not wrong before.
func beginsObject(s string) bool {
	d := json.NewDecoder(strings.NewReader(s))
	var v map[string]any
	err := d.Decode(&v)
	return err != nil && (err.Error() == "unexpected EOF" || strings.Contains(err.Error(), "unexpected end of JSON input"))
}

func (f *folder) end(m map[string]any) error {
	if f.block != nil {
		return errors.New("a block is open")
	}
	d, _ := m["delta"].(map[string]any)
	if err := checkStop(d); err != nil {
		return err
	}
	if f.half && d["stop_reason"] != "max_tokens" {
		return fmt.Errorf("a tool call was closed with half an input, and the stop reason is %v", d["stop_reason"])
	}
	usage, _ := m["usage"].(map[string]any)
	if _, ok := usage["output_tokens"].(json.Number); !ok {
		return errors.New("message_delta has no output_tokens")
	}
	if err := checkCounts(usage); err != nil {
		return err
	}
	maps.Copy(f.message, d)
	maps.Copy(f.message["usage"].(map[string]any), usage)
	return nil
}
