package openairesponses

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// The upstream's limits; see https://platform.openai.com/docs/api-reference/responses/create#responses-create-tools.
const (
	maxName   = 64
	maxCallID = 64
)

// carriedID begins the client's form of an upstream's id that Claude clients would not take.
const carriedID = "toolu_x_"

func isCarried(id []byte) bool {
	return len(id) > len(carriedID) && string(id[:len(carriedID)]) == carriedID
}

// publicID is the client's form of an upstream's id, "" when it cannot be used; upstreamID leads back.
func publicID(id string) string { return foreign.PublicID(id, carriedID) }

// upstreamID is the upstream's form of a client's id. One that is too long becomes a hash, the same for a call and its
// result.
func upstreamID(id string) string {
	if id = foreign.UpstreamID(id, carriedID); len(id) > maxCallID {
		return adapter.NewID(id, "call_", 0)
	}
	return id
}

// toolName writes a function's name. A defined name leads back from the answer.
func (r *request) toolName(v jsonindex.Value, defined bool) error {
	if defined {
		return r.WriteToolName(r.w, v, maxName, &r.x.names)
	}
	return r.WriteToolName(r.w, v, maxName, nil)
}
