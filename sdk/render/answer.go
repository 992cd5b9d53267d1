package render

import (
	"bytes"
	"errors"

	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

var (
	errNoDone  = errors.New("the answer has no done")
	errNoCount = errors.New("the answer to count_tokens reports no input tokens")
	errNoModel = errors.New("a model needs an id")
	errForeign = errors.New("such an op is no part of this answer")
)

// Count reads the answer to count_tokens: usage, then done. Cached input counts as well.
func Count(frame []byte) (tokens int64, err error) {
	t := ops.Unknown()
	err = read(frame, func(r *ops.Reader, o ops.Op) error {
		if o.Code != ops.Usage {
			return errForeign
		}
		t.Merge(o.Tokens())
		return nil
	})
	if err != nil {
		return 0, err
	}
	if t.Input < 0 {
		return 0, errNoCount
	}
	return t.Input + max(t.CacheRead, 0) + max(t.CacheWrite, 0), nil
}

// Models reads the answer to models: any number of model ops, then done. It returns their JSON objects as copies. Each has
// an id that is a string; what else clients need is for the host to add.
func Models(frame []byte) ([][]byte, error) {
	var list [][]byte
	err := read(frame, func(r *ops.Reader, o ops.Op) error {
		if o.Code != ops.Model {
			return errForeign
		}
		if id := r.JSON().Get("id"); !id.IsString() || id.Is("") {
			return errNoModel
		}
		list = append(list, bytes.Clone(o.Data))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// read goes through an answer that is no message. It may tell the upstream's id and model and losses, which say nothing
// here.
func read(frame []byte, op func(*ops.Reader, ops.Op) error) error {
	var r ops.Reader
	r.Reset(frame)
	done := false
	for r.More() {
		o, err := r.Next()
		if err != nil {
			return err
		}
		switch {
		case done:
			err = errAfterDone
		case o.Code == ops.Done:
			done = true
		case o.Code != ops.Message && o.Code != ops.Loss:
			err = op(&r, o)
		}
		if err != nil {
			return &ops.Error{Number: r.Number(), Code: o.Code, Block: int(o.Block), Err: err}
		}
	}
	if !done {
		return errNoDone
	}
	return nil
}
