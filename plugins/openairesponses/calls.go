package openairesponses

import (
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// manyCalls is how many calls one turn may have before they are found by a map, so that even thousands are matched in
// linear time.
const manyCalls = 64

// toolUse is one call of the assistant's.
type toolUse struct {
	id jsonindex.Value
	// twin counts the calls before it in the turn that have the same id.
	twin int
	// answered says that it has a result.
	answered bool
}

// What a result is that is not the first one of a call.
const (
	repeated = -1 // its call was answered before
	orphan   = -2 // it answers no call
)

// calls are the calls of a turn, and which results answer them.
type calls struct {
	list []toolUse
	// byID leads to the calls of an id that have no result yet, and at last to the last one; nil for few calls.
	byID map[string][]int
	// near is the call that the next result probably answers.
	near int
	// later holds, by call, the last of several results.
	later map[int]messages.Block
	// results says of each result in document order which call it answers first, or repeated or orphan.
	results []int
	// at is the place in results of who goes through them.
	at int
}

// reset forgets the turn.
func (c *calls) reset() { *c = calls{list: c.list[:0], results: c.results[:0]} }

// add notes a call and says which of its id it is.
func (c *calls) add(id jsonindex.Value) *toolUse {
	at := len(c.list)
	c.list = append(c.list, toolUse{id: id})
	t := &c.list[at]
	if at < manyCalls {
		for i := range at {
			if foreign.SameText(c.list[i].id, id) {
				t.twin++
			}
		}
		return t
	}
	if c.byID == nil {
		c.byID = map[string][]int{}
		for i := range at {
			text, _ := c.list[i].id.Text()
			c.byID[text] = append(c.byID[text], i)
		}
	}
	text, _ := id.Text()
	t.twin = len(c.byID[text])
	c.byID[text] = append(c.byID[text], at)
	return t
}

// find is the call that a result with this id answers: the first with the id that has no result yet, else one with the
// id that has; -1 when there is none.
func (c *calls) find(id jsonindex.Value) int {
	if c.byID != nil {
		text, _ := id.Text()
		list := c.byID[text]
		if len(list) == 0 {
			return -1
		}
		if len(list) > 1 {
			c.byID[text] = list[1:]
		}
		return list[0]
	}
	found := -1
	for n := range c.list {
		i := (c.near + n) % len(c.list)
		if foreign.SameText(c.list[i].id, id) {
			if !c.list[i].answered {
				return i
			}
			found = i
		}
	}
	return found
}

// answer notes a result and says whether it belongs to a call at all.
func (c *calls) answer(b *messages.Block) bool {
	i := c.find(b.ToolUseID)
	switch {
	case i < 0:
		c.results = append(c.results, orphan)
		return false
	case !c.list[i].answered:
		c.list[i].answered = true
		c.near = i + 1
		c.results = append(c.results, i)
	default:
		if c.later == nil {
			c.later = map[int]messages.Block{}
		}
		c.later[i] = *b
		c.results = append(c.results, repeated)
	}
	return true
}

// pass is what the next result is, in document order; without any call each one is an orphan.
func (c *calls) pass() int {
	if c.at >= len(c.results) {
		return orphan
	}
	c.at++
	return c.results[c.at-1]
}
