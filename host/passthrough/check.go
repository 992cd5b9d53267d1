package passthrough

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/signature"
)

// checker walks the body once, next to the splices in order of their entries, and makes an edit of each.
type checker struct {
	doc     *jsonindex.Doc
	pending []adapter.Splice // not yet met, ascending
	anyOne  bool             // untagged thinking may go too
	edits   []edit
}

func check(doc *jsonindex.Doc, splices []adapter.Splice, anyOne bool) ([]edit, error) {
	c := checker{doc: doc, pending: slices.Clone(splices), anyOne: anyOne}
	slices.SortFunc(c.pending, func(a, b adapter.Splice) int { return cmp.Compare(a.Entry, b.Entry) })
	for i := 1; i < len(c.pending); i++ {
		if c.pending[i].Entry == c.pending[i-1].Entry {
			return nil, fmt.Errorf("asked twice to change %s", c.place(c.pending[i].Entry))
		}
	}
	for it := doc.Root().Iter(); it.Next() && len(c.pending) > 0; {
		var err error
		switch string(it.Key()) {
		case "model":
			err = c.model(it.Val)
		case "messages":
			err = c.messages(it.Val)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(c.pending) > 0 {
		return nil, c.refuse(c.pending[0])
	}
	return c.edits, nil
}

// model replaces the model's name, if that was asked for.
func (c *checker) model(v jsonindex.Value) error {
	s := c.pending[0]
	if s.Entry != v.Entry() || s.Remove {
		return nil
	}
	if n := len(s.With); n < 2 || s.With[0] != '"' || s.With[n-1] != '"' || !jsonindex.EscapedOK([]byte(s.With[1:n-1])) {
		return fmt.Errorf("asked to replace model by something that is no JSON string")
	}
	lo, hi := c.span(v)
	c.edits = append(c.edits, edit{lo, hi, s.With})
	c.pending = c.pending[1:]
	return nil
}

// messages removes blocks, and the messages of which nothing is left.
func (c *checker) messages(v jsonindex.Value) error {
	gone := cut{c: c}
	for it := v.Iter(); it.Next(); {
		doomed, content := 0, jsonindex.Value{}
		if c.within(it.Val) {
			if content = thinkingTurn(it.Val); content.Exists() {
				doomed = c.count(content)
			}
		}
		if doomed == 0 {
			if c.within(it.Val) {
				return c.refuse(c.pending[0])
			}
			gone.keep(it.Val)
			continue
		}
		if doomed == content.Len() {
			gone.remove(it.Val)
			c.pending = c.pending[doomed:]
		} else {
			gone.keep(it.Val)
			c.blocks(content, doomed)
		}
		if c.within(it.Val) {
			return c.refuse(c.pending[0])
		}
	}
	gone.end()
	return nil
}

// within says whether the next splice lies in v.
func (c *checker) within(v jsonindex.Value) bool {
	if len(c.pending) == 0 {
		return false
	}
	e := c.pending[0].Entry
	return e >= v.Entry() && e < c.doc.Ents[v.Entry()].Next()
}

// thinkingTurn is the content of an assistant message in blocks, the only place where thinking may be removed.
func thinkingTurn(message jsonindex.Value) (content jsonindex.Value) {
	var role jsonindex.Value
	for it := message.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "role":
			role = it.Val
		case "content":
			content = it.Val
		}
	}
	if !role.Is("assistant") || content.Kind() != jsonindex.Array {
		return jsonindex.Value{}
	}
	return content
}

// count is the number of leading pending splices that legally remove a block of this content.
func (c *checker) count(content jsonindex.Value) (n int) {
	for it := content.Iter(); it.Next() && n < len(c.pending); {
		if s := c.pending[n]; s.Entry == it.Val.Entry() {
			if !s.Remove || !c.removable(it.Val) {
				return n
			}
			n++
		}
	}
	return n
}

// blocks takes the next n pending splices' blocks out of the content.
func (c *checker) blocks(content jsonindex.Value, n int) {
	gone := cut{c: c}
	for it := content.Iter(); it.Next(); {
		if n > 0 && c.pending[0].Entry == it.Val.Entry() {
			gone.remove(it.Val)
			c.pending = c.pending[1:]
			n--
		} else {
			gone.keep(it.Val)
		}
	}
	gone.end()
}

func (c *checker) removable(block jsonindex.Value) bool {
	var kind, sig, data jsonindex.Value
	for it := block.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "type":
			kind = it.Val
		case "signature":
			sig = it.Val
		case "data":
			data = it.Val
		}
	}
	switch {
	case block.Kind() != jsonindex.Object:
		return false
	case kind.Is("thinking"):
		return c.anyOne || signature.Tagged(sig)
	case kind.Is("redacted_thinking"):
		return c.anyOne || signature.Tagged(data)
	}
	return false
}

// refuse says what is wrong with a splice that no rule allows.
func (c *checker) refuse(s adapter.Splice) error {
	v := c.doc.Value(s.Entry)
	switch {
	case !v.Exists():
		return fmt.Errorf("asked to change entry %d of a body that has %d", s.Entry, len(c.doc.Ents))
	case !s.Remove:
		return fmt.Errorf("asked to replace %s in a body that passes through; only model may be replaced", c.place(s.Entry))
	case v.Get("type").Is("thinking") || v.Get("type").Is("redacted_thinking"):
		return fmt.Errorf("asked to remove %s, a thinking block that may be Claude's own or stands where none may be removed", c.place(s.Entry))
	}
	return fmt.Errorf("asked to remove %s from a body that passes through; only whole thinking blocks may be removed", c.place(s.Entry))
}

func (c *checker) place(entry uint32) string {
	if !c.doc.Value(entry).Exists() {
		return fmt.Sprintf("entry %d", entry)
	}
	if path := c.doc.PathOf(entry); path != "" {
		return path
	}
	return "the whole body"
}

// span is where a value lies in the body, quotes included.
func (c *checker) span(v jsonindex.Value) (lo, hi int) {
	e := c.doc.Ents[v.Entry()]
	lo, hi = int(e.Start), int(e.End)
	if !v.IsString() {
		return lo, hi
	}
	if v.IsExtern() {
		for _, x := range c.doc.Ext {
			if x.At == e.End {
				hi += int(x.Len)
			}
		}
	}
	return lo - 1, hi + 1
}

// cut takes runs of neighbours out of one array, in order, with exactly as many commas as must go.
type cut struct {
	c    *checker
	run  bool // a run is open: from lo to hi so far
	lo   int
	hi   int
	kept bool // an element before the run stays
}

func (k *cut) remove(v jsonindex.Value) {
	lo, hi := k.c.span(v)
	if !k.run {
		k.run, k.lo = true, lo
	}
	k.hi = hi
}

func (k *cut) keep(v jsonindex.Value) {
	if k.run {
		lo, _ := k.c.span(v)
		k.c.edits = append(k.c.edits, edit{lo: k.lo, hi: lo})
		k.run = false
	}
	k.kept = true
}

// end closes a run at the end of the array: the comma before it goes with it.
func (k *cut) end() {
	if !k.run {
		return
	}
	if k.kept {
		for k.lo--; k.c.doc.Src[k.lo] != ','; k.lo-- { // only white space lies between
		}
	}
	k.c.edits = append(k.c.edits, edit{lo: k.lo, hi: k.hi})
}
