package wasm

import (
	"sync"

	"github.com/claude-proxy/claude-proxy/sdk/abi"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// channel is a plugin with one channel's options. Each instance learns of it when it gets its first exchange.
type channel struct {
	p     *Plugin
	id    uint64
	frame []byte // input of cp_configure
}

var _ runner.Channel = (*channel)(nil)

// Configure checks a channel's options in an instance that serves nobody.
func (p *Plugin) Configure(options *jsonindex.Doc) (runner.Channel, error) {
	f := frame{small: []section{{abi.TagConfig, abi.AppendConfig(nil, abi.Config{Features: abi.Features, Memory: uint64(p.limits.Memory)})}}}
	if options != nil {
		f.doc = options
		if len(options.Ext) > 0 {
			// Long options can be read like short ones: only what clients send is cut.
			var err error
			if f.doc, err = jsonindex.Parse(options.Src, jsonindex.UpstreamMode()); err != nil {
				return nil, adapter.Fail(adapter.Invalid, "options", "%v", err)
			}
		}
	}
	ch := &channel{p: p, id: p.configs.Add(1), frame: make([]byte, f.size())}
	f.put(ch.frame)

	i, err := p.lend()
	if err != nil {
		return nil, err
	}
	i.mu.Lock()
	_, err = i.config(ch)
	alive := i.dead == nil
	i.mu.Unlock()
	if alive {
		p.keep(i)
	}
	if err != nil {
		return nil, err
	}
	return ch, nil
}

// draft is the memory in which one frame for cp_begin is put together.
type draft struct {
	call, headers []byte
	doc           jsonindex.Doc
	small         [2]section
}

var drafts = sync.Pool{New: func() any { return new(draft) }}

// keepDraft is the largest document whose memory is used again.
const keepDraft = 1 << 20

func (d *draft) free() {
	if cap(d.doc.Src) <= keepDraft && cap(d.doc.Ents)*jsonindex.EntrySize <= keepDraft {
		drafts.Put(d)
	}
}

// frame puts the input of cp_begin together. The configuration is set later. client is the length of the client's body.
func (d *draft) frame(call *adapter.Call) (f frame, client int) {
	d.call = abi.AppendCall(d.call[:0], 0, call)
	d.small[0] = section{abi.TagCall, d.call}
	f.small = d.small[:1]
	if len(call.Headers) > 0 {
		d.headers = abi.AppendHeaders(d.headers[:0], call.Headers)
		d.small[1] = section{abi.TagHeaders, d.headers}
		f.small = d.small[:2]
	}
	b := call.Body
	if b == nil {
		return f, 0
	}
	client = len(b.Src)
	switch {
	case len(b.Ext) == 0:
		f.doc = b
	case b.Resident:
		d.doc.Src, d.doc.Ents, d.doc.Ext = b.AppendCut(d.doc.Src[:0], d.doc.Ents[:0], d.doc.Ext[:0])
		f.doc = &d.doc
	default: // cut already
		f.doc = b
		for _, x := range b.Ext {
			client += int(x.Len)
		}
	}
	return f, client
}

// Begin starts an exchange.
func (ch *channel) Begin(call *adapter.Call, up *adapter.UpstreamRequest) (runner.Run, error) {
	p := ch.p
	d := drafts.Get().(*draft)
	defer d.free()
	f, client := d.frame(call)
	n := f.size()
	if p.limits.tooBig(n) {
		return nil, &Error{Plugin: p.name, Reason: TooLarge}
	}
	i, err := p.enter(p.limits.big(n))
	if err != nil {
		return nil, err
	}
	r := &run{ch: ch, i: i, history: history{quota: p.replay}}
	answer, err := r.open(&f)
	if err == nil {
		err = r.readRequest(answer, up, client)
	}
	i.mu.Unlock()
	if err != nil {
		p.release(i)
		return nil, err
	}
	p.opened(1)
	if r.handle != 0 && !r.history.keepBegin(&f) {
		p.counts.unkept.Add(1)
	}
	return r, nil
}
