package hosttest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// created is the time all answers claim to be from, so that they are the same in each run.
const created = 1764000000

// resolve fills in all that an answer leaves open.
func (c *call) resolve(a Answer) *Answer {
	answerPrefix, toolPrefix := c.speaker.ids(c.Model)
	if a.ID == "" {
		a.ID = answerPrefix + c.id
	}
	if a.Model == "" {
		a.Model = c.Model
	}
	a.Parts = slices.Clone(a.Parts)
	stop := "end_turn"
	for i := range a.Parts {
		p := &a.Parts[i]
		if p.Refusal != "" {
			stop = "refusal"
		}
		if p.Tool == nil {
			continue
		}
		if stop == "end_turn" {
			stop = "tool_use"
		}
		t := *p.Tool
		switch {
		case t.ID == "none":
			t.ID = ""
		case t.ID == "" && toolPrefix != "":
			t.ID = toolPrefix + c.id + "_" + strconv.Itoa(i)
		}
		t.Args = compact(t.Args)
		p.Tool = &t
	}
	if a.Stop == "" {
		a.Stop = stop
	}
	if a.Usage == nil {
		a.Usage = &Usage{Input: c.inputTokens(), Output: a.words()}
	}
	return &a
}

// compact removes white space between the tokens of an object; absent is {}.
func compact(args json.RawMessage) json.RawMessage {
	if len(args) == 0 {
		return json.RawMessage("{}")
	}
	var b bytes.Buffer
	if err := json.Compact(&b, args); err != nil {
		return args // checked when the script was loaded
	}
	return b.Bytes()
}

// inputTokens is a rough count of the request.
func (c *call) inputTokens() int { return len(c.Body)/4 + 1 }

// words is a rough count of the answer.
func (a *Answer) words() int {
	n := 0
	for i := range a.Parts {
		n += len(strings.Fields(a.Parts[i].body())) + 1
	}
	return n
}

// kind is what a part is: text, thinking, redacted, refusal or tool.
func (p *Part) kind() string {
	switch {
	case p.Tool != nil:
		return "tool"
	case p.Refusal != "":
		return "refusal"
	case p.Redacted != "":
		return "redacted"
	case p.Thinking != "" || p.Signature != "":
		return "thinking"
	}
	return "text"
}

// body is what the part is streamed as.
func (p *Part) body() string {
	switch p.kind() {
	case "tool":
		return p.Tool.argsText()
	case "refusal":
		return p.Refusal
	case "thinking":
		return p.Thinking
	case "redacted":
		return ""
	}
	return p.Text
}

func (t *ToolCall) argsText() string {
	if t.ArgsText != "" {
		return t.ArgsText
	}
	return string(t.Args)
}

// has reports whether a part of that kind is there.
func (a *Answer) has(kind string) bool {
	return slices.ContainsFunc(a.Parts, func(p Part) bool { return p.kind() == kind })
}

// joined is the bodies of all parts of that kind.
func (a *Answer) joined(kind string) string {
	var b strings.Builder
	for i := range a.Parts {
		if a.Parts[i].kind() == kind {
			b.WriteString(a.Parts[i].body())
		}
	}
	return b.String()
}

// piece is one step of a streamed answer: a part opens, says something, or shuts.
type piece struct {
	part int
	kind pieceKind
	text string
}

type pieceKind int

const (
	opens pieceKind = iota
	says
	shuts
)

// pieces cuts the answer into the steps of a stream. With interleave, neighbouring tool calls take turns where the answer
// wants it.
func (a *Answer) pieces(interleave bool) []piece {
	var all []piece
	for i := 0; i < len(a.Parts); {
		group := [][]piece{a.cut(i)}
		for i++; interleave && a.Stream.Interleave && i < len(a.Parts) && a.Parts[i-1].Tool != nil && a.Parts[i].Tool != nil; i++ {
			group = append(group, a.cut(i))
		}
		for turn := 0; ; turn++ {
			before := len(all)
			for _, part := range group {
				if turn < len(part) {
					all = append(all, part[turn])
				}
			}
			if len(all) == before {
				break
			}
		}
	}
	return all
}

// cut makes the steps of one part.
func (a *Answer) cut(part int) []piece {
	p := &a.Parts[part]
	chunk := a.Stream.Chunk
	if a.giant && part == 0 {
		chunk = -1
	}
	list := []piece{{part, opens, ""}}
	for _, s := range slices.Collect(split(p.body(), chunk, p.Tool != nil)) {
		list = append(list, piece{part, says, s})
	}
	return append(list, piece{part, shuts, ""})
}

// split cuts a text into deltas; see Stream.Chunk.
func split(s string, chunk int, args bool) func(yield func(string) bool) {
	if chunk == 0 && args {
		chunk = 12
	}
	return func(yield func(string) bool) {
		for s != "" {
			n := len(s)
			switch {
			case chunk > 0:
				n = runes(s, chunk)
			case chunk == 0:
				n = word(s)
			}
			if !yield(s[:n]) {
				return
			}
			s = s[n:]
		}
	}
}

// runes returns the length of the first n runes.
func runes(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// word returns the length of the white space and the word that s begins with.
func word(s string) int {
	seen := false
	for i, r := range s {
		if unicode.IsSpace(r) && seen {
			return i
		}
		seen = seen || !unicode.IsSpace(r)
	}
	return len(s)
}
