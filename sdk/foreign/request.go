package foreign

import (
	"bytes"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// Refuse turns away what would change the meaning of the answer if it were left out: threads, and, unless they are to be
// dropped, MCP servers and containers. Clients that begin with a thread go on with full histories when they read the
// details of its refusal.
func (l *Ledger) Refuse(in *messages.Request, drop bool) error {
	if v := in.Thread; !v.IsNull() {
		f := l.Unsupported(v, "threads are kept on Claude's servers")
		f.Details = []byte(`{"error_code":"thread_unsupported_request","unsupported":[]}`)
		return f
	}
	if v := in.MCPServers; v.At(0).Exists() {
		if !drop {
			return l.Unsupported(v, "MCP servers are called by Claude's servers")
		}
		l.Loss(adapter.Dropped, "", "mcp_servers", "called by Claude's servers only")
	}
	if v := in.Container; !v.IsNull() {
		if !drop {
			return l.Unsupported(v, "containers run on Claude's servers")
		}
		l.Loss(adapter.Dropped, "", "container", "runs on Claude's servers only")
	}
	return nil
}

// AnswerNothing answers max_tokens 0, which asks Claude to fill its prompt cache and nothing else, without any upstream.
func (l *Ledger) AnswerNothing() {
	l.Loss(adapter.Tuned, "", "max_tokens", "nothing to fill: the upstream caches prompts by itself")
	t := ops.Unknown()
	t.Output = 0
	l.Up.Local = true
	l.Up.Answer.Usage(t)
	l.Up.Answer.Stop(ops.MaxTokens, "", nil)
	l.Up.Answer.Done()
}

// Ignored records the fields of a body that mean nothing to any other vendor, with those that nobody knows.
func (l *Ledger) Ignored(in *messages.Request) {
	if !in.CacheControl.IsNull() {
		l.Loss(adapter.Noop, "", "cache_control", "the upstream caches prompts by itself")
	}
	if v := in.ContextManagement; !v.IsNull() {
		kind := adapter.Noop
		for it := v.Get("edits").Iter(); it.Next(); {
			if !bytes.HasPrefix(it.Val.Get("type").Head(), []byte("clear_thinking_")) {
				kind = adapter.Tuned
			}
		}
		l.Loss(kind, "", "context_management", "the whole conversation is sent")
	}
	for _, f := range [...]struct {
		v    jsonindex.Value
		name string
		kind adapter.LossKind
	}{
		{in.InferenceGeo, "inference_geo", adapter.Dropped}, {in.Compaction, "compaction", adapter.Dropped},
		{in.Speed, "speed", adapter.Tuned}, {in.Fallbacks, "fallbacks", adapter.Tuned},
		{in.FallbackCreditToken, "fallback_credit_token", adapter.Noop}, {in.Diagnostics, "diagnostics", adapter.Noop},
		{in.BillingPolicy, "billing_policy", adapter.Noop},
	} {
		if !f.v.IsNull() {
			l.Loss(f.kind, "", f.name, "no such parameter")
		}
	}
	l.Others("", in.Others())
}

// MessageFields takes care of what a message holds beside its content. effort is the last effort that a system message
// asks for, absent so far; the one of this message takes its place.
func (l *Ledger) MessageFields(m *messages.Message, effort *jsonindex.Value) error {
	l.Others("messages", m.Others())
	if !m.ClearAt.IsNull() {
		l.Loss(adapter.Tuned, "messages", "clear_at", "the text stays")
	}
	if m.OutputConfig.IsNull() {
		return nil
	}
	var out messages.OutputConfig
	if err := messages.DecodeOutputConfig(m.OutputConfig, &out); err != nil {
		return err
	}
	if !out.Effort.IsNull() {
		if !effort.IsNull() && *effort != out.Effort {
			l.Loss(adapter.Noop, "messages.output_config", "effort", "the last system message counts")
		}
		*effort = out.Effort
	}
	l.OthersOf("messages.output_config", m.OutputConfig, "effort")
	return nil
}

// CallFields notes who made a call of the history, when it was not the model itself.
func (l *Ledger) CallFields(b *messages.Block) {
	const in = "messages.content"
	if c := b.Caller; !c.IsNull() {
		kind := adapter.Tuned
		if c.Get("type").Is("direct") {
			kind = adapter.Noop
		}
		l.Loss(kind, in, "caller", "the call counts as the model's own")
	}
	if !b.ToolsetName.IsNull() {
		l.Loss(adapter.Noop, in, "toolset_name", "")
	}
}

// Citations notes that the answer will not cite the block.
func (l *Ledger) Citations(b *messages.Block, in string) {
	if b.Citations.Get("enabled").True() {
		l.Loss(adapter.Dropped, in, "citations", "the answer cites nothing")
	}
}

// Unmarked notes that the end of a prefix to cache, a cache_control, has no mark upstream.
func (l *Ledger) Unmarked(in string) {
	l.Loss(adapter.Tuned, in, "cache_control", "the upstream caches prompts by itself")
}

// ServerBlock notes that a block of an assistant message is work of Claude's servers, which [WriteServerBlock] tells as text.
// It refuses a block that is not.
func (l *Ledger) ServerBlock(b *messages.Block) error {
	switch t := b.Type; {
	case !t.Server(), t == messages.BlockContainerUpload, t == messages.BlockToolAddition, t == messages.BlockToolRemoval:
		return l.RefuseBlock(b, "an assistant message")
	}
	l.Loss(adapter.Approximated, "messages", "content", "the work of Claude's servers is told as text")
	return nil
}

// RefuseBlock refuses a block where it cannot stand: "a user message", "an assistant message".
func (l *Ledger) RefuseBlock(b *messages.Block, where string) error {
	if b.Type == messages.BlockContainerUpload {
		return l.Unsupported(b.V, "files of a container lie on Claude's servers")
	}
	return l.Unsupported(b.V, "%s with a block of type %s", where, BlockType(b))
}
