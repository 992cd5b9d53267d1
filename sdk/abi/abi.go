// Package abi is ABI v1, the contract between the proxy and a plugin across the sandbox: names, numbers, layouts, and the
// code with which both sides write and read them. sdk/ABI.md says the same in prose, with worked bytes; a test holds both
// together. Authors of Go adapters need neither: package guest does all of this.
//
// Everything is little endian. Nothing here trusts a length: a decoder given any bytes returns an error or a value.
package abi

import "strconv"

// Version is the major version of the ABI. A change that an old guest or host would misunderstand makes a new major
// version with a new marker export; everything else is a feature bit, a new tag or a new field.
const Version = 1

// Features are the feature bits of this side. None is defined yet; bits that the other side does not know are ignored.
const Features uint64 = 0

// Marker is the export that says which major version a guest speaks. It is never called.
const Marker = "cp_abi_v1"

// MarkerPrefix is how the markers of all versions begin; a number follows.
const MarkerPrefix = "cp_abi_v"

// The exports of a guest besides Marker. All but ExportInitialize are required.
const (
	ExportMemory     = "memory"      // the one memory
	ExportInitialize = "_initialize" // called once, before anything else, where it is exported
	ExportAlloc      = "cp_alloc"
	ExportManifest   = "cp_manifest"
	ExportConfigure  = "cp_configure"
	ExportBegin      = "cp_begin"
	ExportEvent      = "cp_event"
	ExportWhole      = "cp_whole"
	ExportFailure    = "cp_failure"
	ExportEnd        = "cp_end"
	ExportClose      = "cp_close"
)

// Export is the name and signature of one exported function. Params are all i32; Result is 0, 32 or 64 for none, i32 or
// i64.
type Export struct {
	Name     string
	Params   int
	Result   int
	Required bool
}

// Exports lists the exported functions of a guest.
func Exports() []Export {
	return []Export{
		{Marker, 0, 0, true},
		{ExportInitialize, 0, 0, false},
		{ExportAlloc, 1, 32, true},
		{ExportManifest, 0, 64, true},
		{ExportConfigure, 1, 64, true},
		{ExportBegin, 1, 64, true},
		{ExportEvent, 2, 64, true},
		{ExportWhole, 2, 64, true},
		{ExportFailure, 2, 64, true},
		{ExportEnd, 2, 64, true},
		{ExportClose, 1, 0, true},
	}
}

// The imports of a guest: function Log of module Module, and those of WASI that the runtimes of languages need.
const (
	Module = "cp_v1"
	Log    = "log" // (level i32, ptr i32, len i32)
	WASI   = "wasi_snapshot_preview1"
)

// WASIFunctions lists the functions of module WASI that a guest may import.
func WASIFunctions() []string {
	return []string{
		"args_get", "args_sizes_get", "clock_res_get", "clock_time_get", "environ_get", "environ_sizes_get", "fd_close",
		"fd_fdstat_get", "fd_fdstat_set_flags", "fd_prestat_dir_name", "fd_prestat_get", "fd_read", "fd_seek", "fd_write",
		"poll_oneoff", "proc_exit", "random_get", "sched_yield",
	}
}

// Level is the level of a log line.
type Level uint32

// The levels of log lines. Higher numbers count as Error.
const (
	Debug Level = iota
	Info
	Warn
	Error
)

// Tag says what a section of a frame holds.
type Tag uint16

// The tags of sections. Both sides skip those they do not know.
const (
	TagBody     Tag = iota + 1 // text or literal bytes
	TagSegments                // jsonindex.Seg, 12 bytes each: what a body is put together from
	TagIndex                   // jsonindex.Entry, 12 bytes each: the index of TagBody
	TagExtern                  // jsonindex.Ext, 16 bytes each: what is missing in TagBody
	TagCall                    // fields of a call
	TagHeaders                 // a list of pairs
	TagStatus                  // one u32
	TagEvents                  // reserved: cp_event has a layout of its own
	TagOps                     // ops as package ops writes them
	TagMethod                  // an HTTP method
	TagPath                    // path and query
	TagLoss                    // a list of losses
	TagError                   // fields of a failure
	TagHandle                  // one u32: of an exchange or a configuration
	TagConfig                  // fields that one side tells about itself
	TagRequest                 // further fields of an upstream request
)

var tagNames = [...]string{
	"", "BODY", "SEGMENTS", "INDEX", "EXTERN", "CALL", "HEADERS", "STATUS", "EVENTS", "OPS", "METHOD", "PATH", "LOSS",
	"ERROR", "HANDLE", "CONFIG", "REQUEST",
}

// String is the tag's name as in ABI.md, such as "BODY".
func (t Tag) String() string {
	if t > 0 && int(t) < len(tagNames) {
		return tagNames[t]
	}
	return "tag " + strconv.Itoa(int(t))
}

// FrameFlag in the length of a result says that it is a frame; see Pack.
const FrameFlag uint32 = 1 << 31

// Pack makes the result of an export: ptr<<32 | length, with FrameFlag set where the bytes are a frame. length is less
// than FrameFlag.
func Pack(ptr, length uint32, frame bool) uint64 {
	if frame {
		length |= FrameFlag
	}
	return uint64(ptr)<<32 | uint64(length)
}

// Unpack takes the result of an export apart.
func Unpack(v uint64) (ptr, length uint32, frame bool) {
	return uint32(v >> 32), uint32(v) &^ FrameFlag, uint32(v)&FrameFlag != 0
}
