package ops

import (
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// ParseDump makes ops of what Dump writes; tests and golden files use it. It checks the form of the lines, not the ops:
// `text 0 "\q"` gives an op that a Reader refuses, and raw stands for any bytes. Empty lines and lines that begin with #
// are skipped.
func ParseDump(s string) ([]byte, error) {
	var e Emitter
	for n := 1; s != ""; n++ {
		var p dumpLine
		p.rest, s, _ = strings.Cut(s, "\n")
		p.parse(&e)
		if p.err != "" {
			return nil, errors.New("dump line " + strconv.Itoa(n) + ": " + p.err)
		}
	}
	return e.Buf, nil
}

// dumpLine reads the words of one line. The first fault is kept.
type dumpLine struct {
	rest string
	err  string
}

func (p *dumpLine) fail(msg string) {
	if p.err == "" {
		p.err = msg
	}
}

func (p *dumpLine) parse(e *Emitter) {
	name := p.word()
	if name == "" || name[0] == '#' {
		return
	}
	if name == "raw" {
		b, err := hex.DecodeString(p.word())
		if err != nil {
			p.fail("raw needs hexadecimal digits")
		}
		e.Buf = append(e.Buf, b...)
		p.end()
		return
	}
	code := Message
	for code.known() && codeNames[code] != name {
		code++
	}
	if !code.known() {
		p.fail("unknown op " + strconv.Quote(name))
		return
	}
	block := 0
	if code.InBlock() {
		n, err := strconv.ParseUint(p.word(), 10, 16)
		if err != nil {
			p.fail("the block number is missing or too large")
		}
		block = int(n)
	}
	p.payload(e, code, block)
	p.end()
}

func (p *dumpLine) payload(e *Emitter, code Code, block int) {
	switch code {
	case Text, Thinking, Signature, Redacted, ToolArgs:
		escaped := p.next() == '"'
		if !escaped && p.word() != "plain" {
			p.fail("a string in quotes, or plain and a string, is missing")
		}
		s := p.quoted()
		if !escaped {
			s = jsonindex.AppendUnescaped(nil, s)
		}
		e.Buf = Append(e.Buf, Op{Code: code, Escaped: escaped, Block: uint16(block), Data: s})
	case Message, ToolStart:
		e.two(code, block, p.text(), p.text())
	case Loss:
		kind, ok := ParseLossKind(p.word())
		if !ok {
			p.fail("unknown kind of loss")
		}
		path := p.text()
		e.Loss(path, kind, p.text())
	case Block, Citation, Model:
		e.bytes(code, block, p.raw())
	case Stop:
		reason, ok := ParseStopReason(p.word())
		if !ok {
			p.fail("unknown stop reason")
		}
		sequence := ""
		if p.next() == '"' {
			sequence = p.text()
		}
		var details []byte
		if p.next() != 0 {
			details = p.raw()
		}
		e.Stop(reason, sequence, details)
	case Usage:
		e.Usage(p.tokens())
	case BlockEnd, Done:
		e.begin(code, block)
		e.end()
	}
}

func (p *dumpLine) tokens() Tokens {
	t := Unknown()
	for p.next() != 0 {
		w := p.word()
		found := false
		for i, f := range t.fields() {
			name := usageNames[i] + "="
			if len(w) > len(name) && w[:len(name)] == name {
				n, err := strconv.ParseInt(w[len(name):], 10, 64)
				*f, found = n, err == nil
			}
		}
		if !found {
			p.fail("unknown count " + strconv.Quote(w))
		}
	}
	return t
}

// next is the first character of what is left, 0 at the end.
func (p *dumpLine) next() byte {
	for p.rest != "" && p.rest[0] == ' ' {
		p.rest = p.rest[1:]
	}
	if p.rest == "" {
		return 0
	}
	return p.rest[0]
}

func (p *dumpLine) word() string {
	p.next()
	i := 0
	for i < len(p.rest) && p.rest[i] != ' ' {
		i++
	}
	w := p.rest[:i]
	p.rest = p.rest[i:]
	return w
}

// quoted reads a string in quotes and returns what stands between them.
func (p *dumpLine) quoted() []byte {
	if p.next() != '"' {
		p.fail("a string in quotes is missing")
		return nil
	}
	for i := 1; i < len(p.rest); i++ {
		switch p.rest[i] {
		case '\\':
			i++
		case '"':
			s := p.rest[1:i]
			p.rest = p.rest[i+1:]
			return []byte(s)
		}
	}
	p.fail("a string has no closing quote")
	return nil
}

func (p *dumpLine) text() string { return string(jsonindex.AppendUnescaped(nil, p.quoted())) }

// raw reads the rest of the line, or a string in quotes that holds it.
func (p *dumpLine) raw() []byte {
	if p.next() == '"' {
		return []byte(p.text())
	}
	s := p.rest
	p.rest = ""
	if s == "" || !utf8.ValidString(s) {
		p.fail("raw JSON is missing")
	}
	return []byte(s)
}

func (p *dumpLine) end() {
	if p.err == "" && p.next() != 0 {
		p.fail("unexpected " + strconv.Quote(p.rest))
	}
}
