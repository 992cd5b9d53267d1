package messages

import "github.com/claude-proxy/claude-proxy/sdk/jsonindex"

// Role says who speaks. See https://docs.claude.com/en/api/messages#body-messages.
type Role uint8

const (
	// User speaks, or returns tool results.
	User Role = iota
	// Assistant is the model.
	Assistant
	// System is an instruction in the middle of the conversation; it may stand anywhere, also last, also empty.
	System
)

func (r Role) String() string {
	switch r {
	case Assistant:
		return "assistant"
	case System:
		return "system"
	}
	return "user"
}

// Message is one turn, decoded. See https://docs.claude.com/en/api/messages#body-messages.
type Message struct {
	// V is the whole turn.
	V jsonindex.Value
	// Index is its place in messages, from 0.
	Index int
	Role  Role
	// Content is a string or an array of blocks; read it with Blocks.
	Content jsonindex.Value
	// OutputConfig holds an effort for this turn; system messages only (beta per-turn-control). Read it with
	// DecodeOutputConfig.
	OutputConfig jsonindex.Value
	// ClearAt says when a system message loses its force; system messages only (beta).
	ClearAt jsonindex.Value

	others int
}

// Blocks reads the content. A string reads as one text block.
func (m *Message) Blocks() BlockIter { return blocksOf(m.Content) }

// Path is the turn's place in the body, such as "messages[3]".
func (m *Message) Path() string { return Path(m.V) }

// Others returns the members that Message has no field for; nil when there are none.
func (m *Message) Others() []Member {
	if m.others == 0 {
		return nil
	}
	var list []Member
	for it := m.V.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "role", "content", "output_config", "clear_at":
		default:
			list = append(list, Member{string(it.Key()), it.Val})
		}
	}
	return list
}

// MessageIter reads the turns in order:
//
//	it := r.Iter()
//	for it.Next() {
//		m := &it.Message // until the next call of Next
//	}
//	if err := it.Err(); err != nil { … }
type MessageIter struct {
	Message Message
	it      jsonindex.Iter
	n       int
	err     error
}

// Next decodes the next turn. It returns false at the end and at the first error.
func (it *MessageIter) Next() bool {
	if it.err != nil || !it.it.Next() {
		return false
	}
	it.n++
	it.err = it.Message.decode(it.it.Val, it.n)
	return it.err == nil
}

// Err is the error that ended the iteration, nil at the regular end.
func (it *MessageIter) Err() error { return it.err }

func (m *Message) decode(v jsonindex.Value, n int) error {
	*m = Message{V: v, Index: n}
	if v.Kind() != jsonindex.Object {
		return wrongKind(v, anObject)
	}
	var role jsonindex.Value
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "role":
			role = it.Val
		case "content":
			m.Content = it.Val
		case "output_config":
			m.OutputConfig = it.Val
		case "clear_at":
			m.ClearAt = it.Val
		default:
			m.others++
		}
	}
	switch {
	case role.Is("user"):
		m.Role = User
	case role.Is("assistant"):
		m.Role = Assistant
	case role.Is("system"):
		m.Role = System
	case !role.Exists():
		return missing(v, "role")
	default:
		return invalid(role, `must be "user", "assistant" or "system", not %s`, shown(role))
	}
	switch {
	case !m.Content.Exists():
		return missing(v, "content")
	case !(aString | anArray).has(m.Content):
		return wrongKind(m.Content, aString|anArray)
	}
	return nil
}
