package meter

import "fmt"

// Opcodes that the pass treats by name. https://webassembly.github.io/spec/core/appendix/index-instructions.html
const (
	opUnreachable  = 0x00
	opNop          = 0x01
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opDrop         = 0x1a
	opSelect       = 0x1b
	opSelectTyped  = 0x1c
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opTableGet     = 0x25
	opTableSet     = 0x26
	opMemorySize   = 0x3f
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opI64Const     = 0x42
	opF32Const     = 0x43
	opF64Const     = 0x44
	opI32LtS       = 0x48
	opI32GeS       = 0x4e
	opI32Eqz       = 0x45
	opI64Eqz       = 0x50
	opI64LtS       = 0x53
	opI64GeS       = 0x59
	opI32Add       = 0x6a
	opI32Sub       = 0x6b
	opI64Add       = 0x7c
	opI64Sub       = 0x7d
	opI64Shl       = 0x86
	opI64ShrU      = 0x88
	opI32WrapI64   = 0xa7
	opI64ExtendU   = 0xad
	opRefNull      = 0xd0
	opRefIsNull    = 0xd1
	opRefFunc      = 0xd2
	prefixMisc     = 0xfc
	prefixSIMD     = 0xfd

	voidBlock = 0x40
)

// Second bytes after prefixMisc; 0 to 7 are saturating conversions.
const (
	miscMemoryInit = 8
	miscDataDrop   = 9
	miscMemoryCopy = 10
	miscMemoryFill = 11
	miscTableInit  = 12
	miscElemDrop   = 13
	miscTableCopy  = 14
	miscTableGrow  = 15
	miscTableSize  = 16
	miscTableFill  = 17
)

// What an instruction costs, in units. Most cost 1; what the compiler turns into nothing costs 0.
const (
	costCall       = 4 // and one for every four parameters and results
	costIndirect   = 6 // the same, and the dearest cheap function that a table may hold
	costDivision   = 8
	costFloat      = 4 // roundings, conversions and minima, which become several machine instructions
	costBulk       = 16
	costLeave      = 64 // instructions that leave machine code for a moment
	costSIMD       = 2
	costBrTable    = 2
	bytesPerUnit   = 6  // shift: one unit for 64 bytes of a memory operation
	entriesPerUnit = 3  // shift: one unit for 8 entries of a table operation
	unitsPerPage   = 10 // shift: 1024 units for a page that the memory grows by
)

// numeric tells what an instruction without immediates between 0x45 and 0xc4 takes from the stack and costs; all leave one value.
func numeric(op byte) (pops, cost int32) {
	in := func(from, to byte) bool { return op >= from && op <= to }
	switch {
	case op == 0x45, op == 0x50, in(0x67, 0x69), in(0x79, 0x7b), in(0xc0, 0xc4): // eqz, clz, ctz, popcnt, extend
		return 1, 1
	case in(0x6d, 0x70), in(0x7f, 0x82): // integer division and remainder
		return 2, costDivision
	case in(0x8b, 0x8c), in(0x99, 0x9a): // abs, neg
		return 1, 1
	case op == 0xa7, op == 0xac, op == 0xad, in(0xbc, 0xbf): // wrap, extend, reinterpret
		return 1, 1
	case in(0x8d, 0x90), in(0x9b, 0x9e), in(0xa7, 0xbf): // roundings, conversions
		return 1, costFloat
	case op == 0x91, op == 0x9f: // square roots
		return 1, costDivision
	case op == 0x95, op == 0xa3: // float division
		return 2, costDivision
	case in(0x96, 0x98), in(0xa4, 0xa6): // min, max, copysign
		return 2, costFloat
	}
	return 2, 1 // comparisons, arithmetic, bit operations, shifts
}

// simdUnknown holds the gaps in the SIMD opcodes of core 2.0.
const simdUnknown = "\x9a\xa2\xa5\xa6\xaf\xb0\xb2\xb3\xb4\xbb\xc2\xc5\xc6\xcf\xd0\xd2\xd3\xd4\xe2\xee"

// proposal names what an opcode outside core 2.0 belongs to.
func proposal(op byte) string {
	switch {
	case op >= 0x06 && op <= 0x0a || op == 0x18 || op == 0x19 || op == 0x1f:
		return "exceptions are not supported; build without exception handling"
	case op == 0x12 || op == 0x13:
		return "tail calls are not supported; build without tail-call"
	case op == 0x14 || op == 0x15 || op >= 0xd3 && op <= 0xd6:
		return "typed function references are not supported"
	case op == 0xfb:
		return "garbage-collected types are not supported"
	case op == 0xfe:
		return "threads are not supported; build without threads or atomics"
	}
	return "unknown instruction; build for core WebAssembly 2.0"
}

// opName names an instruction in errors; sub is the second byte after prefixMisc.
func opName(op, sub byte) string {
	names := map[byte]string{
		opBlock: "block", opLoop: "loop", opIf: "if", opElse: "else", opEnd: "end", opBr: "br", opBrIf: "br_if", opBrTable: "br_table",
		opCall: "call", opCallIndirect: "call_indirect", opSelectTyped: "select", opLocalGet: "local.get", opLocalSet: "local.set",
		opLocalTee: "local.tee", opGlobalGet: "global.get", opGlobalSet: "global.set", opTableGet: "table.get", opTableSet: "table.set",
		opMemorySize: "memory.size", opMemoryGrow: "memory.grow", opRefFunc: "ref.func", opRefNull: "ref.null",
	}
	if op == prefixMisc {
		names = map[byte]string{miscMemoryInit: "memory.init", miscDataDrop: "data.drop", miscMemoryCopy: "memory.copy",
			miscMemoryFill: "memory.fill", miscTableInit: "table.init", miscElemDrop: "elem.drop", miscTableCopy: "table.copy",
			miscTableGrow: "table.grow", miscTableSize: "table.size", miscTableFill: "table.fill"}
		if name := names[sub]; name != "" {
			return name
		}
		return fmt.Sprintf("instruction 0xfc %d", sub)
	}
	if name := names[op]; name != "" {
		return name
	}
	return fmt.Sprintf("instruction %#02x", op)
}
