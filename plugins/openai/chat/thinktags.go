package chat

import (
	"bytes"
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// maxTag is the longest tag.
const maxTag = 32

// tagger finds reasoning that a model writes into its text, between Thinking.Open and Thinking.Close. An opening tag counts
// at the beginning of a line alone, and not inside a fenced block of code, so that an answer may talk about the tag. Nothing
// but what may be the beginning of a tag is held back.
type tagger struct {
	inside bool // the text at hand is reasoning
	begun  bool // something other than white space came
	seen   bool // there was reasoning before
	strip  bool // line ends directly behind a tag are left out
	inLine bool // something other than blanks stands in this line
	fenced bool // a fenced block of code is open
	ticks  int  // backticks at the beginning of this line

	held  [maxTag]byte // what may be the beginning of a tag
	n     int
	space []byte // white space in front of everything, dropped where reasoning follows
	plain []byte // scratch
}

// say emits the text of an answer, and what is reasoning in it as such.
func (x *exchange) say(v jsonindex.Value, out *ops.Emitter) {
	g := x.tags
	if g == nil {
		x.endThinking(out)
		out.Text(textBlock, v)
		return
	}
	if !g.begun && g.n == 0 && len(g.space) == 0 && (x.d.Thinking.Inside || x.whole) {
		g.inside = x.d.Thinking.Inside || x.closesAlone(v)
	}
	if g.passes(v) {
		if g.inside {
			g.seen = true
			x.think(v, out)
			return
		}
		x.endThinking(out)
		out.Text(textBlock, v)
		g.lineOf(v)
		return
	}
	g.plain = jsonindex.AppendUnescaped(g.plain[:0], v.Head())
	x.scan(g.plain, out)
}

// passes says whether a piece of text can go on as it is: no tag begins, ends or goes on in it.
func (g *tagger) passes(v jsonindex.Value) bool {
	if !g.begun || g.n > 0 || g.strip {
		return false
	}
	head := v.Head()
	return bytes.IndexByte(head, '<') < 0 && (g.inside || bytes.IndexByte(head, '`') < 0) &&
		(v.Kind() == jsonindex.String || !bytes.Contains(head, []byte(`\u00`)))
}

// lineOf notes whether the text at hand ends at the beginning of a line.
func (g *tagger) lineOf(v jsonindex.Value) {
	g.ticks = 0
	head := v.Head()
	if v.Kind() != jsonindex.String {
		for at := len(head); ; {
			at = bytes.LastIndex(head[:at], []byte(`\n`))
			if at < 0 {
				break
			}
			if slashes := at - len(bytes.TrimRight(head[:at], `\`)); slashes%2 == 0 {
				head, g.inLine = head[at+2:], false
				break
			}
		}
	}
	g.inLine = g.inLine || !blank(head)
}

// blank says whether nothing but blanks stands in a piece of a string without a line end.
func blank(escaped []byte) bool {
	for len(escaped) > 0 {
		switch {
		case escaped[0] == ' ':
			escaped = escaped[1:]
		case bytes.HasPrefix(escaped, []byte(`\t`)), bytes.HasPrefix(escaped, []byte(`\r`)):
			escaped = escaped[2:]
		default:
			return false
		}
	}
	return true
}

// closesAlone says whether a whole text begins with reasoning although only its end is marked: prompts may end with the
// opening tag.
func (x *exchange) closesAlone(v jsonindex.Value) bool {
	t := &x.d.Thinking
	plain := bytes.TrimSpace(jsonindex.AppendUnescaped(nil, v.Head()))
	return !bytes.HasPrefix(plain, []byte(t.Open)) && bytes.Contains(plain, []byte("\n"+t.Close)) &&
		!bytes.Contains(plain, []byte("\n"+t.Open))
}

// scan takes plain text apart.
func (x *exchange) scan(b []byte, out *ops.Emitter) {
	g := x.tags
	from := 0 // b[from:i] is not emitted yet
	for i := 0; i < len(b); i++ {
		c := b[i]
		if g.n > 0 {
			g.held[g.n] = c
			g.n++
			if x.tag(out) {
				from = i + 1
				continue
			}
			// No tag after all. c is looked at again, as it may begin one.
			g.n--
			x.release(out)
		}
		if g.strip && (c == '\n' || c == '\r') {
			from = i + 1
			continue
		}
		g.strip = false
		if c == '<' && x.mayOpen() {
			x.emit(b[from:i], out)
			g.held[0], g.n = c, 1
			from = i + 1
			continue
		}
		if !g.inside {
			g.step(c)
		}
	}
	x.emit(b[from:], out)
}

// mayOpen says whether a tag may begin here.
func (x *exchange) mayOpen() bool {
	g := x.tags
	return g.inside || !g.inLine && !g.fenced
}

// step follows lines and fences of the text.
func (g *tagger) step(c byte) {
	switch {
	case c == '\n':
		g.inLine, g.ticks = false, 0
	case c == ' ' || c == '\t' || c == '\r':
	case c == '`' && (!g.inLine || g.ticks > 0):
		g.inLine = true
		if g.ticks++; g.ticks == 3 {
			g.fenced = !g.fenced
		}
	default:
		g.inLine, g.ticks = true, 0
	}
}

// tag looks at what is held: it is a tag, or may still become one, or (false) neither.
func (x *exchange) tag(out *ops.Emitter) bool {
	g, t := x.tags, &x.d.Thinking
	held := string(g.held[:g.n])
	opens := strings.HasPrefix(t.Open, held) && (!g.inside || !g.seen)
	closes := strings.HasPrefix(t.Close, held) && (g.inside || !g.seen)
	switch {
	case opens && len(held) == len(t.Open):
		g.inside = true
		g.space = g.space[:0]
	case closes && len(held) == len(t.Close):
		if !g.inside && g.begun {
			out.Loss("content.text", ops.Approximated, "reasoning in front of a closing tag came as text")
		}
		x.endThinking(out)
		g.inside, g.seen, g.inLine, g.ticks = false, true, false, 0
		g.space = g.space[:0]
	default:
		return opens || closes
	}
	g.n, g.strip, g.begun = 0, true, true
	return true
}

// release emits what was held and is no tag.
func (x *exchange) release(out *ops.Emitter) {
	g := x.tags
	n := g.n
	g.n = 0
	if n > 0 {
		if !g.inside {
			g.inLine = true
		}
		x.emit(g.held[:n], out)
	}
}

// emit emits plain text as what it is.
func (x *exchange) emit(b []byte, out *ops.Emitter) {
	const mostSpace = 256
	g := x.tags
	if len(b) == 0 {
		return
	}
	if !g.begun {
		if len(bytes.TrimSpace(b)) == 0 && len(g.space)+len(b) <= mostSpace {
			g.space = append(g.space, b...)
			return
		}
		g.begun = true
		if !g.inside && len(g.space) > 0 {
			out.TextBytes(textBlock, g.space)
		}
		g.space = g.space[:0]
	}
	if !g.inside {
		x.endThinking(out)
		out.TextBytes(textBlock, b)
		return
	}
	g.seen = true
	if x.thinking == 0 {
		x.blocks++
		x.thinking = x.blocks
	}
	out.ThinkingString(x.thinking, string(b))
}

// endText emits what is held back, because something else than text follows or nothing at all.
func (x *exchange) endText(out *ops.Emitter) {
	g := x.tags
	if g == nil {
		return
	}
	x.release(out)
	if len(g.space) > 0 && !g.inside {
		out.TextBytes(textBlock, g.space)
	}
	g.space = g.space[:0]
	g.inside = false
}
