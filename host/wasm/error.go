package wasm

import (
	"fmt"

	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/sdk/abi"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// Reason says what went wrong in the sandbox.
type Reason uint8

const (
	// Trapped: the plugin executed an illegal operation, or its runtime gave up.
	Trapped Reason = iota
	// OutOfFuel: a call used up its budget.
	OutOfFuel
	// TooDeep: calls were nested too deeply.
	TooDeep
	// Exited: the plugin ended itself.
	Exited
	// Garbage: the plugin broke the ABI: ill-formed frames, places outside its memory, too much output.
	Garbage
	// TooLarge: a request or an answer does not fit into the plugin's memory.
	TooLarge
	// Busy: all instances serve as many exchanges as they may.
	Busy
	// Lost: another exchange's fault took the instance away, and this exchange could not be rebuilt.
	Lost
	// Closed: the plugin was unloaded.
	Closed
)

var reasonNames = [...]string{"trapped", "out of fuel", "too deep", "exited", "garbage", "too large", "busy", "lost", "closed"}

func (r Reason) String() string { return reasonNames[r] }

// reasonTexts continue the name of the adapter in a sentence for people.
var reasonTexts = [...]string{
	Trapped:   "trapped",
	OutOfFuel: "used up its budget of instructions",
	TooDeep:   "nested its calls too deeply",
	Exited:    "ended itself",
	Garbage:   "returned what makes no sense",
	TooLarge:  "has too little memory for so much at once",
	Busy:      "is serving as many requests as it can",
	Lost:      "lost its state of this exchange",
	Closed:    "was unloaded",
}

// Error is what a plugin's Channel or Run returns when the sandbox, and not the adapter's own code, ends a call. Errors of
// the adapter itself are *adapter.Failure, as everywhere. It unwraps to a *failure.Fault, which is the whole truth for the
// relay, and to an *adapter.Failure for those that know only the contract.
type Error struct {
	// Plugin is the plugin's name.
	Plugin string
	// Reason says what happened.
	Reason Reason
	// Call is the export that was running, empty where none was.
	Call string
	// Detail is for the log alone: a stack trace, what the plugin wrote to stderr. It never reaches a client.
	Detail string
}

// Error says who, what and where, without Detail.
func (e *Error) Error() string {
	if e.Call != "" {
		return fmt.Sprintf("plugin %s %s in %s", e.Plugin, reasonTexts[e.Reason], e.Call)
	}
	return fmt.Sprintf("plugin %s %s", e.Plugin, reasonTexts[e.Reason])
}

// Unwrap gives the fault and the failure that the host acts on.
func (e *Error) Unwrap() []error {
	f := &failure.Fault{Source: failure.Adapter, Kind: failure.KindProtocol, Class: adapter.Internal, Message: reasonTexts[e.Reason]}
	switch e.Reason {
	case TooLarge:
		if e.Call == abi.ExportEvent || e.Call == abi.ExportWhole || e.Call == abi.ExportFailure {
			f.Kind, f.Class = failure.KindTooLarge, adapter.Protocol
			f.Message = "has too little memory for an answer of this size"
			break
		}
		// Another channel's adapter may have room.
		f.Source, f.Kind, f.Class = failure.Client, failure.KindNone, adapter.Unsupported
		f.Status, f.Type = 413, "request_too_large"
		f.Message = "the request is too large for the memory of plugin " + e.Plugin
	case Busy:
		f.Kind, f.Class = failure.KindBusy, adapter.Overloaded
	case Lost, Closed:
		f.Kind = failure.KindLost
	}
	return []error{f, &adapter.Failure{Class: f.Class, Message: e.Error(), Type: f.Type}}
}
