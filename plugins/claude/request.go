package claude

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/signature"
)

// The request headers that are part of the API. https://docs.claude.com/en/api/overview
const (
	headerVersion = "anthropic-version"
	headerBeta    = "anthropic-beta"
)

// defaultVersion is sent for clients that name no version, which the API requires. It is the one that every feature of
// older clients works with. https://docs.claude.com/en/api/versioning
const defaultVersion = "2023-06-01"

// dropThinking is the remedy for a refused signature: the same request without any thinking block.
const dropThinking = "drop_thinking"

// Begin passes the client's request on. A listing of models asks for the longest page, since the host does the paging.
func (upstream) Begin(call *adapter.Call, up *adapter.UpstreamRequest) (adapter.Exchange, error) {
	x := &exchange{op: call.Op}
	headers(call, up)
	switch call.Op {
	case adapter.Models:
		up.Method = "GET"
		up.Path = "/v1/models?limit=1000"
		return x, nil
	case adapter.CountTokens:
		up.Path = "/v1/messages/count_tokens"
	default:
		up.Path = "/v1/messages"
		up.Stream = call.Stream
	}
	if call.Query != "" {
		up.Path += "?" + call.Query
	}
	up.PassThrough = true
	return x, x.edit(call, up)
}

// headers forwards the version, or the default, and every beta as the client wrote it: a beta and the body's fields that
// need it belong together.
func headers(call *adapter.Call, up *adapter.UpstreamRequest) {
	version := call.Header(headerVersion)
	if version == "" {
		version = defaultVersion
	}
	up.Header(headerVersion, version)
	for _, h := range call.Headers {
		if h.Name == headerBeta && h.Value != "" {
			up.Header(headerBeta, h.Value)
		}
	}
}

// edit lists the edits of the body.
func (x *exchange) edit(call *adapter.Call, up *adapter.UpstreamRequest) error {
	var model, messages jsonindex.Value
	root := call.Body.Root()
	for it := root.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "model":
			model = it.Val
		case "messages":
			messages = it.Val
		}
	}
	if !model.Exists() {
		return adapter.Fail(adapter.Invalid, "model", "the request names no model")
	}
	if call.Model != "" && !model.Is(call.Model) {
		name := append([]byte{'"'}, jsonindex.AppendEscaped(nil, []byte(call.Model))...)
		up.Splices = append(up.Splices, adapter.Splice{Entry: model.Entry(), With: string(append(name, '"'))})
	}
	_, all := call.Remedy(dropThinking)
	for it := messages.Iter(); it.Next(); {
		x.turn(it.Val, all, up)
	}
	return nil
}

// turn removes from an assistant's message the thinking blocks that this upstream cannot have issued, or all of them. The
// host takes a message that is left empty out with them. Anything that is not as the API wants it is left for the API to
// refuse.
func (x *exchange) turn(message jsonindex.Value, all bool, up *adapter.UpstreamRequest) {
	var role, content jsonindex.Value
	for it := message.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "role":
			role = it.Val
		case "content":
			content = it.Val
		}
	}
	if content.Kind() != jsonindex.Array || !role.Is("assistant") {
		return
	}
	kept, removed := false, false
	for it := content.Iter(); it.Next(); {
		path, issuer, ours := thinkingOf(it.Val)
		switch {
		case path == "":
			kept = true
			continue
		case ours:
			up.Loss(path, adapter.Noop, "issued by "+issuer+", means nothing here")
		case all:
			up.Loss(path, adapter.Approximated, "left out: the upstream refused a signature")
		default:
			kept, x.thinking = true, true
			continue
		}
		removed = true
		up.Splices = append(up.Splices, adapter.Splice{Entry: it.Val.Entry(), Remove: true})
	}
	if removed && !kept {
		up.Loss("messages", adapter.Approximated, "an assistant turn of nothing but such thinking left out")
	}
}

// thinkingOf says whether a block is thinking, under which path a loss of it is listed, and whether an adapter of ours
// issued it. path is "" for any other block.
func thinkingOf(block jsonindex.Value) (path, issuer string, ours bool) {
	var sig, data jsonindex.Value
	for it := block.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "type":
			switch {
			case it.Val.Is("thinking"):
				path = "messages.content.thinking"
			case it.Val.Is("redacted_thinking"):
				path = "messages.content.redacted_thinking"
			default:
				return "", "", false
			}
		case "signature":
			sig = it.Val
		case "data":
			data = it.Val
		}
	}
	switch path {
	case "messages.content.thinking":
		issuer, ours = signature.Issuer(sig)
	case "messages.content.redacted_thinking":
		issuer, ours = signature.Issuer(data)
	}
	return path, issuer, ours
}
