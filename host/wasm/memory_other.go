//go:build !(linux || darwin || freebsd)

package wasm

import "github.com/tetratelabs/wazero/experimental"

// allocate gives memory from the Go heap, of full size from the beginning so that growing does not copy it.
func allocate(_, most uint64) experimental.LinearMemory { return heap(make([]byte, most)) }

type heap []byte

// Reallocate gives the first size bytes, or nil when there are fewer.
func (h heap) Reallocate(size uint64) []byte {
	if size > uint64(len(h)) {
		return nil
	}
	return h[:size]
}

// Free leaves the memory to the garbage collector.
func (h heap) Free() {}
