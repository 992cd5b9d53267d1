package platform

import (
	"time"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// Models emits the elements of a list of models. https://platform.openai.com/docs/api-reference/models/list
func Models(data jsonindex.Value, out *ops.Emitter) {
	var w jsonindex.Writer
	for it := data.Iter(); it.Next(); {
		var id, created jsonindex.Value
		for jt := it.Val.Iter(); jt.Next(); {
			switch string(jt.Key()) {
			case "id":
				id = jt.Val
			case "created":
				created = jt.Val
			}
		}
		if len(id.Head()) == 0 {
			continue
		}
		w.Reset(w.Buf[:0])
		w.Lit(`{"type":"model","id":`)
		w.Raw(id)
		w.Lit(`,"display_name":`)
		w.Raw(id)
		w.Lit(`,"created_at":"`)
		w.Buf = appendTime(w.Buf, created)
		w.Lit(`"}`)
		out.Model(w.Literal())
	}
	out.Done()
}

// appendTime appends a time in seconds since 1970 as Claude writes it; the beginning of 1970 stands for an unknown one.
func appendTime(dst []byte, seconds jsonindex.Value) []byte {
	const last = 253402300799 // the end of the year 9999
	n, ok := seconds.Int()
	if !ok || n < 0 || n > last {
		n = 0
	}
	return time.Unix(n, 0).UTC().AppendFormat(dst, time.RFC3339)
}
