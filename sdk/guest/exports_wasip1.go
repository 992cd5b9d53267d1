//go:build wasip1

package guest

import (
	"runtime/debug"
	"unsafe"

	"github.com/claude-proxy/claude-proxy/sdk/abi"
)

//go:wasmimport cp_v1 log
func hostLog(level uint32, text unsafe.Pointer, length uint32)

func sandboxLog(level abi.Level, text string) {
	hostLog(uint32(level), unsafe.Pointer(unsafe.StringData(text)), uint32(len(text)))
}

func limitMemory(n int64) { debug.SetMemoryLimit(n) }

func address(b []byte) uint32 { return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }

// pack gives the place of a result, whose memory belongs to served.
func pack(r result) uint64 {
	if len(r.b) == 0 {
		return 0
	}
	return abi.Pack(address(r.b), uint32(len(r.b)), r.frame)
}

//go:wasmexport cp_abi_v1
func exportMarker() {}

//go:wasmexport cp_alloc
func exportAlloc(n uint32) uint32 { return address(served.alloc(n)) }

//go:wasmexport cp_manifest
func exportManifest() uint64 { return pack(served.manifest()) }

//go:wasmexport cp_configure
func exportConfigure(n uint32) uint64 { return pack(served.configure(n)) }

//go:wasmexport cp_begin
func exportBegin(n uint32) uint64 { return pack(served.begin(n)) }

//go:wasmexport cp_event
func exportEvent(h, n uint32) uint64 { return pack(served.event(h, n)) }

//go:wasmexport cp_whole
func exportWhole(h, n uint32) uint64 { return pack(served.whole(h, n)) }

//go:wasmexport cp_failure
func exportFailure(h, n uint32) uint64 { return pack(served.failure(h, n)) }

//go:wasmexport cp_end
func exportEnd(h, reason uint32) uint64 { return pack(served.end(h, reason)) }

//go:wasmexport cp_close
func exportClose(h uint32) { served.close(h) }
