package hosttest

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// conversation is what the automatic answer has to know of a request, in no vendor's words.
type conversation struct {
	turns        []turn
	tools        []string
	wantThinking bool // thinking may be shown
	hideThinking bool // its text is to be left out
	maxTokens    int  // 0: no limit
	stops        []string
}

// turn is one message.
type turn struct {
	role    string // user, assistant, or anything else
	text    string // of text blocks
	calls   int    // tools the assistant called
	results []string
}

// directive is how a user's text asks for a tool: call NAME {…}. "and" in front of it means at once with the one before.
var directive = regexp.MustCompile(`(?i)(\band\s+)?\bcall\s+([A-Za-z0-9_.:-]+)\s*\{`)

// directives finds the tool calls that a text asks for, grouped by model turn.
func directives(s string) [][]Part {
	var groups [][]Part
	for {
		at := directive.FindStringSubmatchIndex(s)
		if at == nil {
			return groups
		}
		together, name, rest := at[2] >= 0, s[at[4]:at[5]], s[at[1]-1:]
		var args json.RawMessage
		dec := json.NewDecoder(strings.NewReader(rest))
		if err := dec.Decode(&args); err != nil {
			s = rest[1:]
			continue
		}
		s = rest[dec.InputOffset():]
		part := Part{Tool: &ToolCall{Name: name, Args: args}}
		if n := len(groups); together && n > 0 {
			groups[n-1] = append(groups[n-1], part)
		} else {
			groups = append(groups, []Part{part})
		}
	}
}

// auto answers without a script: it calls the tools that the user's text asks for, one group a turn, then says what the
// last one returned; to all else it replies with the user's own words.
func auto(c *call) *Answer {
	conv := c.speaker.conversation(c)
	a := &Answer{}
	if conv.wantThinking {
		p := Part{Thinking: "The user wants an answer."}
		if conv.hideThinking {
			p = Part{Signature: "auto"}
		}
		a.Parts = append(a.Parts, p)
	}
	groups, since := conv.plan()
	done, last := 0, ""
	for _, t := range since {
		if t.calls > 0 {
			done++
		}
		if n := len(t.results); n > 0 {
			last = t.results[n-1]
		}
	}
	switch {
	case done < len(groups):
		for _, p := range groups[done] {
			if !slices.Contains(conv.tools, p.Tool.Name) {
				p = Part{Text: "There is no tool called " + p.Tool.Name + "."}
			}
			a.Parts = append(a.Parts, p)
		}
	case last != "":
		conv.say(a, "Done. The last tool returned: "+brief(last))
	default:
		conv.say(a, "You said: "+conv.lastUserText())
	}
	return a
}

// plan finds the newest user text with directives and the turns since then.
func (conv *conversation) plan() (groups [][]Part, since []turn) {
	for i, t := range slices.Backward(conv.turns) {
		if t.role != "user" {
			continue
		}
		if groups = directives(t.text); groups != nil {
			return groups, conv.turns[i+1:]
		}
	}
	for i, t := range slices.Backward(conv.turns) {
		if t.role == "user" && len(t.results) == 0 {
			return nil, conv.turns[i+1:]
		}
	}
	return nil, conv.turns
}

func (conv *conversation) lastUserText() string {
	for _, t := range slices.Backward(conv.turns) {
		if t.role == "user" && t.text != "" {
			return t.text
		}
	}
	return "nothing"
}

// say adds a text, as long as the request allows, a word counting as a token.
func (conv *conversation) say(a *Answer, s string) {
	for _, stop := range conv.stops {
		if i := strings.Index(s, stop); i >= 0 && stop != "" {
			s, a.Stop, a.StopSequence = s[:i], "stop_sequence", stop
		}
	}
	if conv.maxTokens > 0 {
		words := slices.Collect(split(s, 0, false))
		if len(words) > conv.maxTokens {
			s, a.Stop, a.StopSequence = strings.Join(words[:conv.maxTokens], ""), "max_tokens", ""
		}
	}
	a.Parts = append(a.Parts, Part{Text: s})
}

// brief shortens a tool's result for the final text.
func brief(s string) string {
	const most = 200
	if len(s) > most {
		return s[:runes(s, most)]
	}
	return s
}
