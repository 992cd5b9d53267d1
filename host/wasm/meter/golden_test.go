package meter

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// rewritten returns the bodies of a module's own functions, as the pass leaves them.
func rewritten(t *testing.T, module []byte, funcs int) [][]byte {
	t.Helper()
	o := Options{}.filled()
	g, err := parse(module, o)
	if err != nil {
		t.Fatal(err)
	}
	d, graph, err := survey(g, o)
	if err != nil {
		t.Fatal(err)
	}
	code, err := g.rewriteBodies(d, graph)
	if err != nil {
		t.Fatal(err)
	}
	r := newReader(code)
	if n := int(r.u32()); n != funcs+helpers {
		t.Fatalf("%d bodies for %d functions", n, funcs)
	}
	var bodies [][]byte
	for range funcs {
		bodies = append(bodies, r.bytes())
	}
	return bodies
}

// disassemble prints the bodies of a module without the helpers: one line each, instructions parted by semicolons. It knows the
// instructions of this test alone.
func disassemble(t *testing.T, module []byte, funcs int) string {
	t.Helper()
	names := map[byte]string{opUnreachable: "unreachable", opNop: "nop", opReturn: "return", opDrop: "drop", opEnd: "end", opElse: "else",
		opI64ExtendU: "i64.extend_i32_u", opI32Eqz: "i32.eqz", opI64Add: "i64.add", opI32WrapI64: "i32.wrap_i64",
		opI32Add: "i32.add", opI32Sub: "i32.sub", opI64Sub: "i64.sub", opI64GeS: "i64.ge_s", opI32GeS: "i32.ge_s"}
	indexed := map[byte]string{opBr: "br", opBrIf: "br_if", opCall: "call", opLocalGet: "local.get", opLocalSet: "local.set",
		opLocalTee: "local.tee", opGlobalGet: "global.get", opGlobalSet: "global.set", opMemoryGrow: "memory.grow"}
	blocks := map[byte]string{opBlock: "block", opLoop: "loop", opIf: "if"}
	var lines []string
	for _, body := range rewritten(t, module, funcs) {
		r := newReader(body)
		for range r.u32() {
			r.u32()
			r.u8()
		}
		var out []string
		for r.more() {
			switch op := r.u8(); {
			case names[op] != "":
				out = append(out, names[op])
			case indexed[op] != "":
				out = append(out, fmt.Sprintf("%s %d", indexed[op], r.u32()))
			case blocks[op] != "":
				r.s33()
				out = append(out, blocks[op])
			case op == opI32Const, op == opI64Const:
				from := r.i
				r.signed(10)
				v := int64(0)
				for k := r.i - 1; k >= from; k-- {
					v = v<<7 | int64(body[k]&0x7f)
				}
				if body[r.i-1]&0x40 != 0 {
					v -= 1 << (7 * (r.i - from))
				}
				out = append(out, fmt.Sprintf("%s.const %d", map[byte]string{opI32Const: "i32", opI64Const: "i64"}[op], v))
			case op == opCallIndirect:
				out = append(out, fmt.Sprintf("call_indirect %d %d", r.u32(), r.u32()))
			case op == 0x28, op == 0x29, op == 0x36, op == 0x37:
				name := map[byte]string{0x28: "i32.load", 0x29: "i64.load", 0x36: "i32.store", 0x37: "i64.store"}[op]
				r.u32()
				out = append(out, fmt.Sprint(name, " ", r.u32()))
			case op == opBrTable:
				line := "br_table"
				for range r.u32() + 1 {
					line += fmt.Sprint(" ", r.u32())
				}
				out = append(out, line)
			case op == prefixMisc:
				out = append(out, miscLine(r))
			default:
				t.Fatalf("the test does not know instruction %#x", op)
			}
		}
		lines = append(lines, strings.Join(out, "; "))
	}
	return strings.Join(lines, "\n")
}

func miscLine(r *reader) string {
	sub := r.u8()
	line := opName(prefixMisc, sub)
	n := 2
	if sub == miscMemoryFill {
		n = 1
	}
	for range n {
		r.u8()
	}
	return line
}

// shortened names the sequences that the pass inserts, in a module with that many functions and no globals.
func shortened(text string, funcs int) string {
	for _, r := range []struct{ from, to string }{
		{`global\.get 0; i64\.const (\d+); i64\.sub; global\.set 0`, "{charge $1}"},
		{fmt.Sprintf(`global\.get 0; i64\.const 0; i64\.ge_s; if; else; call %d; end`, funcs+helperTick), "{check}"},
		{fmt.Sprintf(`global\.get 0; i64\.const 0; i64\.ge_s; if; else; call %d; br 1; end`, funcs+helperTick), "{check again}"},
		{`global\.get 3; i32\.const (\d+); i32\.sub; global\.set 3; global\.get 3; i32\.const 0; i32\.ge_s; if; else; i32\.const 3; global\.set 4; unreachable; end`, "{enter $1}"},
		{`global\.get 3; i32\.const (\d+); i32\.add; global\.set 3`, "{leave $1}"},
		{fmt.Sprintf(`call %d; memory\.(fill|copy|init)`, funcs+helperBytes), "{bytes}; memory.$1"},
		{fmt.Sprintf(`call %d; memory\.grow`, funcs+helperGrow), "{pages}; memory.grow"},
		{fmt.Sprintf(`call %d; table\.`, funcs+helperEntries), "{entries}; table."},
	} {
		text = regexp.MustCompile(r.from).ReplaceAllString(text, r.to)
	}
	return text
}

// What is inserted, in full.
func TestInsertedCode(t *testing.T) {
	m := single(opLoop, voidBlock, opLocalGet, 0, opI32Const, 1, opI32Sub, opLocalTee, 0, opBrIf, 0, opEnd, opLocalGet, 0)
	want := "global.get 0; i64.const 1; i64.sub; global.set 0; global.get 0; i64.const 0; i64.ge_s; if; else; call 1; end; " +
		"loop; global.get 0; i64.const 5; i64.sub; global.set 0; global.get 0; i64.const 0; i64.ge_s; if; else; call 1; br 1; end; " +
		"local.get 0; i32.const 1; i32.sub; local.tee 0; br_if 0; end; local.get 0; end"
	if got := disassemble(t, m.bytes(), len(m.funcs)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestGolden(t *testing.T) {
	f := func(m wasmModule, want ...string) {
		t.Helper()
		got := shortened(disassemble(t, m.bytes(), len(m.funcs)), len(m.imports)+len(m.funcs))
		if want := strings.Join(want, "\n"); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	get := []byte{opLocalGet, 0}

	// A cheap function stays as it is, and so does its call apart from the price: 1 + 4 + (1 parameter and 1 result)/4 + 3.
	m := single(cat(get, callFn(1), []byte{opLoop, voidBlock, opI32Const, 0, opBrIf, 0, opEnd})...)
	m.funcs = append(m.funcs, wasmFunc{code: []byte{opLocalGet, 0, opI32Const, 1, opI32Add}})
	f(m, "{charge 8}; {check}; local.get 0; call 1; loop; {charge 2}; {check again}; i32.const 0; br_if 0; end; end",
		"local.get 0; i32.const 1; i32.add; end")

	// Branches pay for the longer side; what follows a loop is not paid in the loop.
	f(single(cat(get, []byte{opIf, voidBlock}, repeat(3, opI32Const, 1, opDrop), []byte{opElse}, repeat(5, opI32Const, 1, opDrop), []byte{opEnd},
		[]byte{opLoop, voidBlock, opLocalGet, 0, opBrIf, 0, opEnd}, repeat(9, opI32Const, 1, opDrop), get)...),
		"{charge 17}; {check}; local.get 0; if; "+strings.Repeat("i32.const 1; drop; ", 3)+"else; "+strings.Repeat("i32.const 1; drop; ", 5)+"end; "+
			"loop; {charge 2}; {check again}; local.get 0; br_if 0; end; "+strings.Repeat("i32.const 1; drop; ", 9)+"local.get 0; end")

	// A loop that nothing goes back to is none, and its function may be cheap.
	f(single(opLoop, voidBlock, opEnd, opLocalGet, 0), "loop; end; local.get 0; end")

	// A branch out of two loops is paid outside both.
	f(single(cat([]byte{opBlock, voidBlock, opLoop, voidBlock, opLoop, voidBlock}, get, []byte{opBrIf, 2}, get, []byte{opBrIf, 0, opEnd, opBr, 0, opEnd, opEnd},
		repeat(7, opI32Const, 1, opDrop), get)...),
		"{charge 8}; {check}; block; loop; {charge 1}; {check again}; loop; {charge 4}; {check again}; local.get 0; br_if 2; local.get 0; br_if 0; end; br 0; end; end; "+
			strings.Repeat("i32.const 1; drop; ", 7)+"local.get 0; end")

	// A way of more than 256 units gets another point, which only subtracts.
	f(single(cat(repeat(300, opI32Const, 1, opDrop), get)...),
		"{charge 256}; {check}; "+strings.Repeat("i32.const 1; drop; ", 256)+"{charge 45}; "+strings.Repeat("i32.const 1; drop; ", 44)+"local.get 0; end")

	// Behind a call of a function that is not cheap the next point checks.
	m = single(cat(get, callFn(1), []byte{opDrop}, repeat(260, opI32Const, 1, opDrop), get)...)
	m.funcs = append(m.funcs, wasmFunc{code: []byte{opLoop, voidBlock, opLocalGet, 0, opBrIf, 0, opEnd, opLocalGet, 0}})
	f(m, "{charge 256}; {check}; local.get 0; call 1; drop; "+strings.Repeat("i32.const 1; drop; ", 251)+"{charge 10}; {check}; "+
		strings.Repeat("i32.const 1; drop; ", 9)+"local.get 0; end",
		"{charge 1}; {check}; loop; {charge 2}; {check again}; local.get 0; br_if 0; end; local.get 0; end")

	// A loop with parameters cannot be gone back to by an inserted branch.
	m = single(opLocalGet, 0, opLoop, 0, opI32Const, 1, opI32Sub, opLocalTee, 0, opLocalGet, 0, opBrIf, 0, opEnd)
	f(m, "{charge 2}; {check}; local.get 0; loop; {charge 6}; {check}; i32.const 1; i32.sub; local.tee 0; local.get 0; br_if 0; end; end")

	// Recursion counts the depth, and the two of a cycle share one counted call.
	f(single(cat(get, callFn(0))...), "{charge 5}; {check}; local.get 0; {enter 1}; call 0; {leave 1}; end")
	m = single(cat(get, callFn(1))...)
	m.funcs = append(m.funcs, wasmFunc{code: cat(get, callFn(0))})
	f(m, "{charge 5}; {check}; local.get 0; call 1; end", "{charge 5}; {check}; local.get 0; {enter 2}; call 0; {leave 2}; end")

	// Calls through a table count the depth.
	m = single(cat(get, get, []byte{opCallIndirect, 0, 0})...)
	m.tables = [][]byte{{0x70, 0, 1}}
	m.elements = [][]byte{{0, opI32Const, 0, opEnd, 1, 0}}
	f(m, "{charge 8}; {check}; local.get 0; local.get 0; {enter 1}; call_indirect 0 0; {leave 1}; end")

	// They pay for the dearest cheap function that they may meet, here 3 units.
	m.funcs = append(m.funcs, wasmFunc{code: []byte{opLocalGet, 0, opI32Const, 1, opI32Add}})
	m.elements = [][]byte{{0, opI32Const, 0, opEnd, 1, 1}}
	f(m, "{charge 11}; {check}; local.get 0; local.get 0; {enter 1}; call_indirect 0 0; {leave 1}; end", "local.get 0; i32.const 1; i32.add; end")

	// Lengths are paid before the operation.
	m = single(cat(get, get, get, []byte{prefixMisc, miscMemoryFill, 0}, get, get, get, []byte{prefixMisc, miscMemoryCopy, 0, 0}, get, []byte{opMemoryGrow, 0},
		[]byte{opDrop}, get, get, get, []byte{prefixMisc, miscTableCopy, 0, 0}, get)...)
	m.tables = [][]byte{{0x70, 0, 1}}
	f(m, "{charge 123}; {check}; local.get 0; local.get 0; local.get 0; {bytes}; memory.fill; local.get 0; local.get 0; local.get 0; {bytes}; memory.copy; "+
		"local.get 0; {pages}; memory.grow 0; drop; local.get 0; local.get 0; local.get 0; {entries}; table.copy; local.get 0; end")
}
