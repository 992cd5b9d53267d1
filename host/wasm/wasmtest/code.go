package wasmtest

import "bytes"

// Instructions for Module.Bodies. https://webassembly.github.io/spec/core/binary/instructions.html

// Unreachable traps.
func Unreachable() []byte { return []byte{0x00} }

// Loop runs the body for ever.
func Loop(body ...[]byte) []byte {
	return cat([]byte{0x03, 0x40}, cat(body...), []byte{0x0c, 0, 0x0b})
}

// Call calls a function by its number; imports come first.
func Call(f int) []byte { return cat([]byte{0x10}, u(uint64(f))) }

// I32Const pushes a number.
func I32Const(v int32) []byte { return cat([]byte{0x41}, s(int64(v))) }

// I64Const pushes a number.
func I64Const(v int64) []byte { return cat([]byte{0x42}, s(v)) }

// Drop drops what was pushed last.
func Drop() []byte { return []byte{0x1a} }

// Fill fills n bytes of memory from 0 on with zeros.
func Fill(n int32) []byte {
	return cat(I32Const(0), I32Const(0), I32Const(n), []byte{0xfc, 11, 0})
}

// Grow grows the memory by n pages.
func Grow(n int32) []byte { return cat(I32Const(n), []byte{0x40, 0}, Drop()) }

// GrowTable grows table 0 by n entries.
func GrowTable(n int32) []byte {
	return cat([]byte{0xd0, 0x70}, I32Const(n), []byte{0xfc, 15, 0}, Drop())
}

// Nest opens n blocks within each other and closes them.
func Nest(n int) []byte { return cat(bytes.Repeat([]byte{0x02, 0x40}, n), repeat(0x0b, n)) }

// LocalGet pushes a parameter or a local.
func LocalGet(n int) []byte { return cat([]byte{0x20}, u(uint64(n))) }

// Nth counts how often it was reached, in global Counter, and runs then when it was the nth time, from 1.
func Nth(n int32, then ...[]byte) []byte {
	return cat([]byte{0x23, Counter}, I32Const(1), []byte{0x6a, 0x24, Counter}, // counter++
		[]byte{0x23, Counter}, I32Const(n), []byte{0x46, 0x04, 0x40}, cat(then...), []byte{0x0b})
}

// Code joins instructions.
func Code(parts ...[]byte) []byte { return cat(parts...) }

func cat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// u and s encode numbers in LEB128, unsigned and signed.
func u(v uint64) (b []byte) {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func s(v int64) (b []byte) {
	for v < -64 || v > 63 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v)&0x7f)
}

func blob(b []byte) []byte { return cat(u(uint64(len(b))), b) }

func name(text string) []byte { return blob([]byte(text)) }

func funcType(params, results []byte) []byte { return cat([]byte{0x60}, blob(params), blob(results)) }

func repeat(c byte, n int) []byte { return bytes.Repeat([]byte{c}, n) }

// vec is a section that holds a list; an empty list is no section.
func vec(id byte, items [][]byte) []byte {
	if len(items) == 0 {
		return nil
	}
	return cat([]byte{id}, blob(cat(u(uint64(len(items))), cat(items...))))
}
