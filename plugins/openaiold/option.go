package openaiold

import (
	"slices"
	"strconv"
	"strings"

	"github.com/claude-proxy/claude-proxy/plugins/openai/chat"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// flag is an option that is true or false.
func flag(name, what string, field func(*chat.Dialect) *bool) option {
	return option{name, `"type":"boolean"`, what, func(d *chat.Dialect, v jsonindex.Value) error {
		b, ok := v.Bool()
		if !ok {
			return wrong(name, "true or false")
		}
		*field(d) = b
		return nil
	}}
}

// number is an option that is a whole number from 0 to most.
func number(name string, most int64, what string, field func(*chat.Dialect) *int) option {
	limit := strconv.FormatInt(most, 10)
	return option{name, `"type":"integer","minimum":0,"maximum":` + limit, what, func(d *chat.Dialect, v jsonindex.Value) error {
		n, ok := v.Int()
		if !ok || n < 0 || n > most {
			return wrong(name, "a whole number from 0 to "+limit)
		}
		*field(d) = int(n)
		return nil
	}}
}

// text is an option that is a short text with this beginning.
func text(name, prefix, what string, field func(*chat.Dialect) *string) option {
	const longest = 256
	values, must := `"type":"string","maxLength":`+strconv.Itoa(longest), "a text of at most "+strconv.Itoa(longest)+" characters"
	if prefix != "" {
		values += `,"pattern":` + strconv.Quote("^"+prefix)
		must += " that begins with " + strconv.Quote(prefix)
	}
	return option{name, values, what, func(d *chat.Dialect, v jsonindex.Value) error {
		s, ok := v.Text()
		if !ok || len(s) > longest || !strings.HasPrefix(s, prefix) {
			return wrong(name, must)
		}
		*field(d) = s
		return nil
	}}
}

// word is an option that is one of these words, and its value.
func word(name, what string, field func(*chat.Dialect) *string, allowed ...string) option {
	picks := make([]pick, len(allowed))
	for i, w := range allowed {
		picks[i] = pick{w, func(d *chat.Dialect) { *field(d) = w }}
	}
	return choice(name, what, picks...)
}

// pick is one word of a choice and what it means.
type pick struct {
	word  string
	apply func(*chat.Dialect)
}

// choice is an option that is one of these words.
func choice(name, what string, picks ...pick) option {
	words := make([]string, len(picks))
	for i, p := range picks {
		words[i] = p.word
	}
	return option{name, `"enum":` + quoted(words), what, func(d *chat.Dialect, v jsonindex.Value) error {
		for _, p := range picks {
			if v.Is(p.word) {
				p.apply(d)
				return nil
			}
		}
		return wrong(name, either(words))
	}}
}

// memberPattern is what a member may be called: it stands in the body without escapes.
const memberPattern = "^[A-Za-z_][A-Za-z0-9_]{0,63}$"

func isMember(s string) bool {
	const longest = 64
	for i, c := range []byte(s) {
		if c|0x20-'a' >= 26 && c != '_' && (i == 0 || c-'0' >= 10) {
			return false
		}
	}
	return s != "" && len(s) <= longest
}

// member is an option that is the name of a member, or "" for none.
func member(name, what string, field func(*chat.Dialect) *string) option {
	return option{name, `"type":"string","pattern":` + strconv.Quote("^$|"+memberPattern), what, func(d *chat.Dialect, v jsonindex.Value) error {
		s, ok := v.Text()
		if !ok || s != "" && !isMember(s) {
			return wrong(name, "the name of a member (letters, digits, _) or empty")
		}
		*field(d) = s
		return nil
	}}
}

// members is an option that is a list of names of members.
func members(name, what string, field func(*chat.Dialect) *[]string) option {
	const most = 8
	values := `"type":"array","maxItems":` + strconv.Itoa(most) + `,"items":{"type":"string","pattern":` + strconv.Quote(memberPattern) + `}`
	return option{name, values, what, func(d *chat.Dialect, v jsonindex.Value) error {
		list, ok := textList(v, most, isMember)
		if !ok {
			return wrong(name, "a list of at most "+strconv.Itoa(most)+" names of members (letters, digits, _)")
		}
		*field(d) = list
		return nil
	}}
}

// back is the option that says under which member reasoning goes back.
func back() option {
	const name, inTags = "reasoning_back", "tags"
	return option{
		name, `"type":"string","pattern":` + strconv.Quote("^$|"+memberPattern),
		"The member by which a message takes its own reasoning back; tags for <think> in its text, empty for not at all.",
		func(d *chat.Dialect, v jsonindex.Value) error {
			s, ok := v.Text()
			switch {
			case !ok || s != "" && !isMember(s):
				return wrong(name, "tags, the name of a member (letters, digits, _) that holds one text, or empty")
			case s == inTags:
				s = chat.BackInTags
			}
			d.Thinking.Back = s
			return nil
		},
	}
}

// efforts is the option that lists the values of the effort.
func efforts() option {
	const name = "efforts"
	known := []string{"none", "minimal", "low", "medium", "high", "xhigh", "max"}
	return option{
		name, `"type":"array","uniqueItems":true,"items":{"enum":` + quoted(known) + `}`,
		"The efforts that reasoning_effort may name, in rising order; empty sends none.",
		func(d *chat.Dialect, v jsonindex.Value) error {
			last := -1
			list, ok := textList(v, len(known), func(s string) bool {
				at := slices.Index(known, s)
				rises := at > last
				last = at
				return rises
			})
			if !ok {
				return wrong(name, "a list of some of "+strings.Join(known, ", ")+", in this order")
			}
			d.Families[0].Efforts = list
			return nil
		},
	}
}

// textList reads a list of at most so many fitting texts; nil for an empty list.
func textList(v jsonindex.Value, most int, fits func(string) bool) (list []string, ok bool) {
	if v.Kind() != jsonindex.Array {
		return nil, false
	}
	for it := v.Iter(); it.Next(); {
		s, ok := it.Val.Text()
		if !ok || len(list) == most || !fits(s) {
			return nil, false
		}
		list = append(list, s)
	}
	return list, true
}

func wrong(name, must string) error {
	return adapter.Fail(adapter.Invalid, name, "must be %s", must)
}

// either joins words for people.
func either(words []string) string {
	n := len(words) - 1
	if n < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:n], ", ") + " or " + words[n]
}

// quoted is a list of words as JSON.
func quoted(words []string) string {
	var b strings.Builder
	c := byte('[')
	for _, w := range words {
		b.WriteByte(c)
		b.WriteString(strconv.Quote(w))
		c = ','
	}
	b.WriteByte(']')
	return b.String()
}
