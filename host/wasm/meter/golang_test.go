package meter

import (
	"regexp"
	"testing"
)

// paid is what the pass inserts to charge.
var paid = regexp.MustCompile(`\{(charge \d+|check)\}; `)

// stack is a place on the stack as Go makes its address.
func stack(add int64) []byte {
	return cat([]byte{opLocalGet, 1, opI64ExtendU, opI64Const}, appendS(nil, add), []byte{opI64Add, opI32WrapI64})
}

// What is done to code of Go's alone: what an access of the stack adds to its address is added by the access, and a call that does not
// come back is followed by a trap.
func TestGolang(t *testing.T) {
	store := func(op, offset byte) []byte { return []byte{op, 2, offset} }
	ext := "local.get 1; i64.extend_i32_u; i64.const 88; i64.add; i32.wrap_i64; "
	for _, c := range []struct {
		name, want string
		code       []byte
	}{
		{"a store", "local.get 1; i32.const 7; i32.store 92; ", cat(stack(88), []byte{opI32Const, 7}, store(0x36, 4))},
		{"a load", "local.get 1; i32.load 88; drop; ", cat(stack(88), store(0x28, 0), []byte{opDrop})},
		{"an address as address and as value", "local.get 1; " + ext + "i32.store 90; ", cat(stack(90), stack(88), store(0x36, 0))},
		{"one loaded and stored", "local.get 1; local.get 1; i64.load 88; i64.store 96; ", cat(stack(96), stack(88), store(0x29, 0), store(0x37, 0))},
		{"added to", ext + "i32.const 1; i32.add; i32.load 0; drop; ", cat(stack(88), []byte{opI32Const, 1, opI32Add}, store(0x28, 0), []byte{opDrop})},
		{"kept", ext + "local.tee 0; i32.load 0; drop; ", cat(stack(88), []byte{opLocalTee, 0}, store(0x28, 0), []byte{opDrop})},
		{"in another block", ext + "drop; block; local.get 0; i32.load 0; drop; end; ",
			cat(stack(88), []byte{opDrop, opBlock, voidBlock, opLocalGet, 0}, store(0x28, 0), []byte{opDrop, opEnd})},
		{"another variable", "local.get 0; i64.extend_i32_u; i64.const 88; i64.add; i32.wrap_i64; i32.load 0; drop; ",
			cat([]byte{opLocalGet, 0}, stack(88)[2:], store(0x28, 0), []byte{opDrop})},
		{"far away", "local.get 1; i64.extend_i32_u; i64.const -8; i64.add; i32.wrap_i64; i32.load 0; drop; ",
			cat(stack(-8), store(0x28, 0), []byte{opDrop})},
		{"a last call", "block; local.get 0; if; i32.const 0; {enter 1}; call 0; {leave 1}; local.get 0; local.set 1; br_if 1; unreachable; else; end; end; ",
			cat([]byte{opBlock, voidBlock, opLocalGet, 0, opIf, voidBlock, opI32Const, 0}, callFn(0), []byte{opLocalGet, 0, opLocalSet, 1, opBrIf, 1, opEnd, opEnd})},
		{"a call", "block; local.get 0; if; i32.const 0; {enter 1}; call 0; {leave 1}; local.get 0; local.set 1; br_if 1; nop; else; end; end; ",
			cat([]byte{opBlock, voidBlock, opLocalGet, 0, opIf, voidBlock, opI32Const, 0}, callFn(0), []byte{opLocalGet, 0, opLocalSet, 1, opBrIf, 1, opNop, opEnd, opEnd})},
	} {
		m := single(append(c.code, opLocalGet, 0)...)
		got := shortened(disassemble(t, goModule(m), 1), 1)
		if got = paid.ReplaceAllString(got, ""); got != c.want+"local.get 0; end" {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
		instantiate(t, mustRewrite(t, goModule(m), Options{}).Code)
	}
}
