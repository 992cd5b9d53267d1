package adaptertest

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// wipe makes bytes that an adapter must not look at any more recognisable.
func wipe(b []byte) {
	for i := range b {
		b[i] = 0xff
	}
}

// wipeDoc destroys a document: a Value that somebody kept panics or reads 0xff.
func wipeDoc(d *jsonindex.Doc) {
	if d == nil {
		return
	}
	wipe(d.Src)
	d.Ents, d.Ext = nil, nil
}

func wipeCall(call *adapter.Call, doc *jsonindex.Doc) {
	wipeDoc(doc)
	clear(call.Headers)
	clear(call.Remedies)
	*call = adapter.Call{ID: "destroyed", Model: "destroyed", ClientModel: "destroyed"}
}

func wipeRequest(up *adapter.UpstreamRequest) {
	wipe(up.Body.Buf)
	wipe(up.Answer.Buf)
	clear(up.Headers)
	clear(up.Splices)
	clear(up.StopSequences)
	clear(up.Losses)
	*up = adapter.UpstreamRequest{Path: "destroyed"}
}
