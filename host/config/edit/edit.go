// Package edit changes single values in the text of plugins.yaml and leaves every other byte as it is.
//
// The parser's nodes only say where things stand. A change cuts the bytes of one value and puts new ones in their place, so
// comments, blank lines, alignment, flow style, anchors and line ends survive. After every step the text is parsed again
// and compared with what was meant: a change that cannot be made this way is an error, never a damaged file.
package edit

import (
	"errors"
	"fmt"
)

// Op is what an [Edit] does.
type Op string

// The operations.
const (
	// Set gives the value at Path; it is added where it is missing. A mapping or list that is there already is changed
	// piece by piece, so that what stays the same keeps its text.
	Set Op = "set"
	// Delete takes the entry at Path away. Comment lines above it stay.
	Delete Op = "delete"
	// Insert adds Value to the list at Path, before the entry that Before names, at the end without one. A list that is
	// not there yet is begun.
	Insert Op = "insert"
	// Move puts the entry at Path before its neighbour Before, at the end without one, with the comment lines that stand
	// directly above it.
	Move Op = "move"
)

// Edit is one change.
type Edit struct {
	Op Op `json:"op"`
	// Path is where: names joined by dots, entries of lists and of mappings with free names in brackets, as
	// channels[openai-main].priority, auth.keys[me] or routing.models["claude-*"]. An entry of a list is named by its
	// name, an upstream key by its id or its label, a scalar by itself; else by its number from 0.
	Path string `json:"path"`
	// Value is anything that encoding/json can express; a json.RawMessage keeps the order of its members.
	Value any `json:"value,omitempty"`
	// Before names the neighbour as the brackets of a Path do.
	Before string `json:"before,omitempty"`
}

// Names translates the ids of upstream keys, which only the whole configuration knows: it returns the place of the key
// with this id in the list of a channel, counted from 0, and false for an unknown one.
type Names func(channel, keyID string) (index int, ok bool)

// The errors that somebody branches on. Each is wrapped with the operation and the path.
var (
	// ErrNotFound: nothing stands at the path; the API answers 404.
	ErrNotFound = errors.New("there is no such entry")
	// ErrExists: an entry of this name is there already; the API answers 409.
	ErrExists = errors.New("an entry of this name exists already")
	// ErrByHand: the text is written in a way that cannot be changed piecewise, as when an anchor shares the value.
	ErrByHand = errors.New("the text is written in a way that only a person can change: edit the file by hand")
	// ErrInvalid: the edit itself makes no sense.
	ErrInvalid = errors.New("not a valid edit")
)

// Apply makes the edits one after the other and returns the new text; src is not changed. names may be nil. No error
// holds a value of the file.
func Apply(src []byte, edits []Edit, names Names) ([]byte, error) {
	for _, e := range edits {
		out, err := apply(src, e, names)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", e.Op, e.Path, err)
		}
		src = out
	}
	return src, nil
}

func apply(src []byte, e Edit, names Names) ([]byte, error) {
	doc, err := parse(src)
	if err != nil {
		return nil, err
	}
	want, err := e.intend(doc.tree, names)
	if err != nil {
		return nil, err
	}
	return doc.reach(want)
}

// maxSteps is how many pieces one edit may change.
const maxSteps = 2000

// reach changes the text piece by piece until it says what is wanted.
func (d *document) reach(want any) ([]byte, error) {
	for range maxSteps {
		s := difference(d.tree, want, nil)
		if s == nil {
			return d.bytes(), nil
		}
		text, err := d.splice(s)
		if err != nil {
			return nil, err
		}
		next, err := parse([]byte(text))
		if err != nil || !same(next.tree, s.on(d.tree), nil) {
			return nil, ErrByHand
		}
		next.bom = d.bom
		d = next
	}
	return nil, ErrByHand
}
