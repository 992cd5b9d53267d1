package adaptertest

import (
	"bytes"
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

const (
	// mostLong bounds how many strings of a request are made long.
	mostLong = 40
	// longMark ends a string that was changed, so that it can be found again.
	longMark = "kit-end-of-string"
)

// long makes each string of the request too long to be read, one at a time. What gets through when it is short has to get
// through when it is long, or the request has to be refused; an adapter that cannot read a string must not lose it.
func (b *bench) long() {
	if b.t.at == atBegin || b.t.local || b.t.through || b.c.call.Op == adapter.Models {
		return
	}
	doc, err := jsonindex.Parse(b.c.body, jsonindex.ClientMode())
	if err != nil {
		return
	}
	keys := keysOf(doc)
	var texts []int // entries of strings that are values
	for i, e := range doc.Ents {
		if k := e.Kind(); !keys[i] && (k == jsonindex.String || k == jsonindex.Escaped) {
			texts = append(texts, i)
		}
	}
	padding := strings.Repeat("0123456789abcdef", jsonindex.ExternOver/16)
	for _, k := range sample(len(texts), mostLong) {
		end := doc.Ents[texts[k]].End
		with := func(s string) *traced {
			return b.play(play{body: join(b.c.body[:end], []byte(s), b.c.body[end:]), begin: true})
		}
		short := with(longMark)
		if short.fail != nil || !bytes.Contains(short.body, []byte(longMark)) {
			continue
		}
		long := with(padding + longMark)
		path := doc.PathOf(uint32(texts[k]))
		if message := failureFault(long); message != "" {
			b.fault(checkLong, "%s of more than 16 KiB: %s", path, message)
			return
		}
		if long.fail == nil && !bytes.Contains(long.body, []byte(longMark)) {
			b.fault(checkLong, "%s of more than 16 KiB is lost; pass it on with a Writer, or refuse it", path)
			return
		}
	}
}
