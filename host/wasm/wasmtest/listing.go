package wasmtest

import (
	"fmt"
	"strings"
)

// Listing writes a module of this package in the text format, https://webassembly.github.io/spec/core/text/, one instruction a
// line. It knows the sections and instructions that Module uses, and panics at any other.
func Listing(module []byte) string {
	p := printer{b: module[8:]}
	p.line("(module")
	for len(p.b) > 0 {
		id, body := p.byte(), p.take(int(p.u()))
		s := printer{b: body, out: p.out, funcs: p.funcs, imports: p.imports}
		s.section(id)
		p = printer{b: p.b, out: s.out, funcs: s.funcs, imports: s.imports}
	}
	p.line(")")
	return p.out.String()
}

type printer struct {
	b       []byte
	out     *strings.Builder
	funcs   []uint64 // types of the functions that are defined
	imports int
}

func (p *printer) line(format string, args ...any) {
	if p.out == nil {
		p.out = new(strings.Builder)
	}
	fmt.Fprintf(p.out, format+"\n", args...)
}

func (p *printer) byte() byte {
	c := p.b[0]
	p.b = p.b[1:]
	return c
}

func (p *printer) take(n int) []byte {
	b := p.b[:n]
	p.b = p.b[n:]
	return b
}

func (p *printer) u() (v uint64) {
	for shift := 0; ; shift += 7 {
		c := p.byte()
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
}

func (p *printer) s() (v int64) {
	for shift := 0; ; {
		c := p.byte()
		v |= int64(c&0x7f) << shift
		shift += 7
		if c < 0x80 {
			if c&0x40 != 0 && shift < 64 {
				v |= -1 << shift
			}
			return v
		}
	}
}

func (p *printer) each(item func(n int)) {
	for n, of := 0, int(p.u()); n < of; n++ {
		item(n)
	}
}

func (p *printer) name() string { return string(p.take(int(p.u()))) }

func (p *printer) types() (s string) {
	p.each(func(int) { s += map[byte]string{I32: " i32", I64: " i64"}[p.byte()] })
	return s
}

func (p *printer) limits() string {
	flags := p.byte()
	s := ""
	if flags&4 != 0 {
		s = "i64 "
	}
	s += fmt.Sprint(p.u())
	if flags&1 != 0 {
		s += fmt.Sprint(" ", p.u())
	}
	return s
}

func (p *printer) section(id byte) {
	switch id {
	case 1:
		p.each(func(n int) {
			p.byte()
			text := ""
			if params := p.types(); params != "" {
				text += " (param" + params + ")"
			}
			if results := p.types(); results != "" {
				text += " (result" + results + ")"
			}
			p.line("  (type (;%d;) (func%s))", n, text)
		})
	case 2:
		p.each(func(n int) {
			module, name := p.name(), p.name()
			p.byte()
			p.line("  (import %q %q (func (;%d;) (type %d)))", module, name, n, p.u())
			p.imports++
		})
	case 3:
		p.each(func(int) { p.funcs = append(p.funcs, p.u()) })
	case 4:
		p.each(func(n int) {
			p.byte()
			p.line("  (table (;%d;) %s funcref)", n, p.limits())
		})
	case 5:
		p.each(func(n int) { p.line("  (memory (;%d;) %s)", n, p.limits()) })
	case 6:
		p.each(func(n int) {
			p.take(3)
			p.line("  (global (;%d;) (mut i32) (i32.const %d))", n, p.s())
			p.byte()
		})
	case 7:
		p.each(func(int) {
			name := p.name()
			kind := map[byte]string{0: "func", 2: "memory"}[p.byte()]
			p.line("  (export %q (%s %d))", name, kind, p.u())
		})
	case 8:
		p.line("  (start %d)", p.u())
	case 10:
		p.each(func(n int) {
			f := printer{b: p.take(int(p.u())), out: p.out}
			p.line("  (func (;%d;) (type %d)", p.imports+n, p.funcs[n])
			f.code()
			p.line("  )")
		})
	case 11:
		p.each(func(n int) {
			p.take(2)
			at := p.s()
			p.byte()
			p.line("  (data (;%d;) (i32.const %d) \"%s\")", n, at, escaped(p.take(int(p.u()))))
		})
	default:
		panic(fmt.Sprint("BUG: section ", id))
	}
}

func escaped(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			fmt.Fprintf(&s, `\%02x`, c)
			continue
		}
		s.WriteByte(c)
	}
	return s.String()
}

// plain are the instructions without operands.
var plain = map[byte]string{
	0x00: "unreachable", 0x0b: "end", 0x1a: "drop", 0x46: "i32.eq", 0x6a: "i32.add", 0x7c: "i64.add", 0xad: "i64.extend_i32_u", 0xa7: "i32.wrap_i64",
}

// indexed are those with an index.
var indexed = map[byte]string{0x0c: "br", 0x10: "call", 0x20: "local.get", 0x21: "local.set", 0x23: "global.get", 0x24: "global.set"}

func (p *printer) code() {
	p.each(func(int) {
		n := p.u()
		p.line("    (local%s)", strings.Repeat(map[byte]string{I32: " i32", I64: " i64"}[p.byte()], int(n)))
	})
	for depth := 1; len(p.b) > 1; {
		op := p.byte()
		text, ok := plain[op]
		switch name := indexed[op]; {
		case ok:
		case name != "":
			text = fmt.Sprint(name, " ", p.u())
		case op == 0x02 || op == 0x03 || op == 0x04:
			text = map[byte]string{2: "block", 3: "loop", 4: "if"}[op]
			p.byte()
		case op == 0x40:
			p.byte()
			text = "memory.grow"
		case op == 0x41:
			text = fmt.Sprint("i32.const ", p.s())
		case op == 0x42:
			text = fmt.Sprint("i64.const ", p.s())
		case op == 0xd0:
			p.byte()
			text = "ref.null func"
		case op == 0xfc:
			text = map[byte]string{11: "memory.fill", 15: "table.grow 0"}[p.byte()]
			p.byte()
		default:
			panic(fmt.Sprintf("BUG: instruction %#x", op))
		}
		if op == 0x0b {
			depth--
		}
		p.line("    %s%s", strings.Repeat(" ", min(depth-1, 4)), text)
		if op >= 0x02 && op <= 0x04 {
			depth++
		}
	}
}
