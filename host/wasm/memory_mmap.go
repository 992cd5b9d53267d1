//go:build linux || darwin || freebsd

package wasm

import (
	"syscall"

	"github.com/tetratelabs/wazero/experimental"
)

// allocate reserves the whole range of an instance's memory outside the Go heap: growing neither moves nor copies it, the
// garbage collector never sees it, and closing the instance returns it at once.
func allocate(_, most uint64) experimental.LinearMemory {
	b, err := syscall.Mmap(-1, 0, int(most), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return &mapped{}
	}
	return &mapped{b}
}

// mapped is one reserved range; empty when there was none, so that the instance cannot start.
type mapped struct{ b []byte }

// Reallocate gives the first size bytes, or nil when the range is shorter.
func (m *mapped) Reallocate(size uint64) []byte {
	if size > uint64(len(m.b)) {
		return nil
	}
	return m.b[:size]
}

// Free returns the range. No view of it may be used afterwards.
func (m *mapped) Free() {
	if m.b != nil {
		// It fails only for what is not mapped, and then there is nothing to return.
		_ = syscall.Munmap(m.b)
		m.b = nil
	}
}
