package chat

import (
	"fmt"
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/signature"
)

// Thinking describes how a server tells reasoning, takes it back and switches it, as far as Dialect.Reasoning and
// Family.Efforts do not say it already. The zero value tells none, takes none and has no switch.
type Thinking struct {
	// Issuer marks the thinking blocks that are made of the server's reasoning, so that they are known when they come back;
	// see package signature. "" makes blocks without a signature, which never go back.
	Issuer string
	// Details names the member that holds reasoning as a list of entries with a type each, such as "reasoning_details".
	// The entries become one thinking block each and go back as they came. "" where there is none.
	Details string

	// Back names the member by which an assistant message takes its own reasoning back, such as "reasoning_content", or is
	// BackInTags. "" sends none back. Thinking of another issuer never goes back.
	Back string
	// BackAlways sends reasoning back with every assistant message, not only with those that call tools.
	BackAlways bool
	// BackEmpty sends "" where such a message has no reasoning of this issuer: the server demands the member.
	BackEmpty bool

	// Open and Close enclose reasoning in the text of an answer, such as "<think>" and "</think>". "" looks for none.
	Open, Close string
	// Inside says that an answer begins with reasoning although Open does not stand there: the prompt ends with it.
	Inside bool

	// On and Off are the members of a request that turn reasoning on and off.
	On, Off Member
	// Budget is the path to the number of tokens that reasoning may take, such as {"thinking_budget"}; nil for none.
	Budget []string
	// Effort is the path to the effort; nil means {"reasoning_effort"}.
	Effort []string

	// State is the path, within a tool call, to an opaque text that must come back with the call, such as {"extra_content",
	// "google", "thought_signature"}. It travels in the signature of a thinking block in front of the call. nil for none.
	State []string
	// StateDummy is a text that the server takes in the place of State where that is lost. It is sent once the server has
	// refused a request because of State. "" for none.
	StateDummy string
	// StateNeeded sends StateDummy with the first call of every message whose state is not known, without being asked.
	StateNeeded bool
}

// BackInTags, as Thinking.Back, sends reasoning back at the beginning of the content, between Open and Close.
const BackInTags = "<>"

// Member is one member of a JSON object: its name and its value as JSON text. One without a name is not sent.
type Member struct{ Name, Value string }

// effortPath is where the effort goes.
func (t *Thinking) effortPath() []string {
	if t.Effort == nil {
		return []string{"reasoning_effort"}
	}
	return t.Effort
}

// switches says whether a request can say more about reasoning than its effort.
func (t *Thinking) switches() bool {
	return t.On.Name != "" || t.Off.Name != "" || t.Budget != nil || t.Effort != nil
}

// tells says whether answers of the dialect may hold reasoning.
func (d *Dialect) tells() bool {
	return len(d.Reasoning) > 0 || d.Thinking.Details != "" || d.Thinking.Open != ""
}

// check says what is wrong with a description. Like Dialect.check it finds mistakes of an adapter's author; an issuer that
// package signature does not take panics there.
func (t *Thinking) check(d *Dialect) error {
	if t.Issuer != "" {
		d.plainTag = signature.Tag(t.Issuer, "")
	}
	switch {
	case t.Open+t.Close != "" && (!isTag(t.Open) || !isTag(t.Close) || t.Open == t.Close):
		return fmt.Errorf("dialect %q: Thinking.Open and Thinking.Close must be two tags", d.Name)
	case (t.Back != "" || t.State != nil || t.Details != "") && t.Issuer == "":
		return fmt.Errorf("dialect %q: Thinking.Back, Details and State need an Issuer", d.Name)
	case t.Back == BackInTags && t.Open == "", t.Inside && t.Open == "":
		return fmt.Errorf("dialect %q: Thinking.Inside and BackInTags need tags", d.Name)
	case t.StateDummy != "" && t.State == nil, t.StateNeeded && t.StateDummy == "":
		return fmt.Errorf("dialect %q: Thinking.StateDummy needs State, StateNeeded needs StateDummy", d.Name)
	}
	return nil
}

// isTag says whether s can enclose reasoning: it begins with "<" and holds nothing that JSON would escape.
func isTag(s string) bool {
	return len(s) > 1 && len(s) <= maxTag && s[0] == '<' && strings.LastIndexByte(s, '<') == 0 && !strings.ContainsAny(s, "\"\\\n`")
}
