//go:build wasip1

// Command trouble is a plugin whose events say what it does: harmless things, and everything that a plugin must not do.
package main

import (
	"fmt"
	"os"
	"strings"
	"time"
	"unsafe"

	"github.com/claude-proxy/claude-proxy/sdk/abi"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/guest"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

func init() { guest.Serve(module{}) }

func main() {}

type module struct{}

func (module) Manifest() adapter.Manifest {
	return adapter.Manifest{Name: "trouble", Version: "1.0.0", Auth: "header:x-test", Operations: []adapter.Operation{adapter.Messages, adapter.CountTokens}}
}

func (module) New(options jsonindex.Value) (adapter.Adapter, error) {
	if v := options.Get("do"); v.Exists() {
		do(v)
	}
	if v := options.Get("bad"); v.Exists() {
		return nil, adapter.Fail(adapter.Invalid, "bad", "unknown option")
	}
	prefix, _ := options.Get("prefix").Text()
	return converter{prefix}, nil
}

type converter struct{ prefix string }

func (c converter) Begin(call *adapter.Call, up *adapter.UpstreamRequest) (adapter.Exchange, error) {
	up.Path, up.Stream = "/v1/trouble", call.Stream
	up.Header("x-call", call.ID)
	if call.Body == nil {
		return &exchange{id: call.ID, prefix: c.prefix}, nil
	}
	root := call.Body.Root()
	if v := root.Get("do"); v.Exists() {
		do(v)
	}
	if root.Get("local").Exists() {
		up.Local = true
		up.Answer.TextString(0, "local")
		up.Answer.Done()
		return nil, nil
	}
	up.Body.Lit(`{"id":`)
	up.Body.Quote(call.ID)
	up.Body.Lit(`,"client":`)
	up.Body.Raw(root)
	up.Body.Lit(`,"text":"`)
	up.Body.Escape(root)
	up.Body.Lit(`"}`)
	return &exchange{id: call.ID, prefix: c.prefix}, nil
}

// exchange remembers everything, so that a rebuilt one has to have been told everything.
type exchange struct {
	id, prefix string
	said       []string
}

var impurity int

func (x *exchange) Event(ev adapter.Event, out *ops.Emitter) error {
	if !ev.JSON.Exists() {
		out.TextString(0, "raw "+string(ev.Data)+";")
		return nil
	}
	if v := ev.JSON.Get("do"); v.Exists() {
		do(v)
	}
	if v := ev.JSON.Get("fail"); v.Exists() {
		text, _ := v.Text()
		return &adapter.Failure{Class: adapter.RateLimited, Message: text, Field: "f", Details: []byte(`{"a":1}`), RetryAfter: 1500 * time.Millisecond,
			Remedy: &adapter.Remedy{Name: "again", Value: "v"}}
	}
	if ev.JSON.Get("impure").Exists() {
		impurity++
		out.TextString(0, fmt.Sprint(impurity))
	}
	if ev.JSON.Get("done").Exists() {
		out.Done()
		return nil
	}
	if v := ev.JSON.Get("quiet"); v.Exists() {
		out.Text(0, v)
		return nil
	}
	say, _ := ev.JSON.Get("say").Text()
	x.said = append(x.said, say)
	out.TextString(0, fmt.Sprintf("%s%s %s %d %s;", x.prefix, x.id, ev.Name, len(x.said), strings.Join(x.said, ",")))
	return nil
}

func (x *exchange) Whole(body jsonindex.Value, out *ops.Emitter) error {
	if v := body.Get("do"); v.Exists() {
		do(v)
	}
	out.TextString(0, fmt.Sprintf("%s whole %d", x.id, body.Len()))
	out.Done()
	return nil
}

func (x *exchange) Failure(resp *adapter.UpstreamResponse) *adapter.Failure {
	if v := resp.JSON.Get("do"); v.Exists() {
		do(v)
	}
	return adapter.Fail(adapter.Protocol, "", "%d %s %d", resp.Status, resp.Header("x-h"), len(resp.Data))
}

func (x *exchange) End(reason adapter.EndReason, out *ops.Emitter) error {
	out.TextString(0, reason.String())
	out.Done()
	return nil
}

var hoard [][]byte

var sink uint64

// do does what it is told.
func do(v jsonindex.Value) {
	switch what, _ := v.Text(); what {
	case "panic":
		panic("canary-panic-text")
	case "trap":
		sink += *(*uint64)(unsafe.Add(unsafe.Pointer(&sink), 0xf000_0000)) // beyond any memory
	case "exit":
		os.Exit(3)
	case "loop":
		for {
			sink++
		}
	case "recurse":
		sink += deep(0)
	case "hoard":
		for {
			hoard = append(hoard, make([]byte, 1<<20))
		}
	case "swell":
		for range 50 {
			hoard = append(hoard, make([]byte, 1<<20))
		}
	case "log":
		guest.Log(abi.Warn, "canary-log-line sk-canary-0123456789abcdef")
		fmt.Fprintln(os.Stderr, "canary-stderr-line")
	case "flood":
		for i := range 1000 {
			guest.Log(abi.Info, fmt.Sprintf("line %d %s", i, strings.Repeat("x", 10_000)))
		}
	case "chatter":
		for {
			guest.Log(abi.Info, "again")
		}
	case "sleep":
		time.Sleep(50 * time.Millisecond)
	}
}

//go:noinline
func deep(n uint64) uint64 { return deep(n+1) + n }
