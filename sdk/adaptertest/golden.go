package adaptertest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// requestText is the golden of an upstream request without its body.
func requestText(up *adapter.UpstreamRequest, t *traced) string {
	var b strings.Builder
	if up.Local {
		return "@local\n"
	}
	method := up.Method
	if method == "" {
		method = "POST"
	}
	fmt.Fprintf(&b, "%s %s\n", method, up.Path)
	if up.PassThrough {
		b.WriteString("@pass-through\n")
	}
	if up.Stream {
		framing := "sse"
		if up.Framing == adapter.JSONLines {
			framing = "json-lines"
		}
		fmt.Fprintf(&b, "@stream %s\n", framing)
	}
	for _, s := range t.splices {
		if s.Remove {
			fmt.Fprintf(&b, "@remove %s\n", s.path)
		} else {
			fmt.Fprintf(&b, "@splice %s with %s\n", s.path, s.With)
		}
	}
	for _, s := range up.StopSequences {
		fmt.Fprintf(&b, "@stop %s\n", strconv.Quote(s))
	}
	for _, h := range up.Headers {
		fmt.Fprintf(&b, "%s: %s\n", h.Name, h.Value)
	}
	return b.String()
}

func lossesText(losses []adapter.Loss) string {
	var b strings.Builder
	for _, l := range losses {
		fmt.Fprintf(&b, "%s %s", l.Kind, l.Path)
		if l.Note != "" {
			fmt.Fprintf(&b, ": %s", l.Note)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func failureText(f *adapter.Failure, at string) string {
	if f == nil {
		return ""
	}
	var b strings.Builder
	line := func(name, value string) {
		if value == "" {
			return
		}
		if strings.ContainsAny(value, "\r\n") {
			value = strconv.Quote(value)
		}
		fmt.Fprintf(&b, "%s: %s\n", name, value)
	}
	line("at", at)
	line("class", f.Class.String())
	line("field", f.Field)
	line("message", f.Message)
	line("type", f.Type)
	line("details", string(f.Details))
	if f.RetryAfter != 0 {
		line("retry_after", f.RetryAfter.String())
	}
	if f.Remedy != nil {
		line("remedy", f.Remedy.Name+"="+f.Remedy.Value)
	}
	return b.String()
}

// indented is JSON for people, with the order of keys and the text of numbers and strings as they stand; other bytes are
// returned as they are.
func indented(data []byte) string {
	var b bytes.Buffer
	if err := json.Indent(&b, bytes.TrimSpace(data), "", "  "); err != nil {
		return withNewline(string(data))
	}
	return withNewline(b.String())
}

// produced is what the case should say, by section. A section that is not among them must not be in the case.
func (c *Case) produced(t *traced) map[string]string {
	g := map[string]string{}
	put := func(name, text string) {
		if text != "" {
			g[name] = text
		}
	}
	if t.at != atBegin && t.at != atOptions {
		request := t.request
		if len(t.body) > 0 {
			request += "\n" + indented(t.body)
		}
		put(goldenRequest, request)
		put(goldenLosses, lossesText(t.losses))
	}
	put(goldenOps, ops.Dump(t.ops))
	put(goldenFailure, failureText(t.fail, t.at))
	name, text, _ := c.rendered(t)
	put(name, withNewline(text))
	return g
}

// optional says whether the case may leave a golden out.
func (c *Case) optional(section string) bool {
	return c.skip[section] || c.implicit && (section == goldenRequest || section == goldenLosses)
}

// checkGoldens compares the case's sections with what came out.
func (c *Case) checkGoldens(r *Report, t *traced) {
	want := c.produced(t)
	for _, name := range goldens {
		have, ok, err := c.archive.get(name)
		actual, is := want[name]
		switch {
		case c.skip[name]:
		case err != nil:
			r.add(Finding{Check: checkGolden, Section: name, Message: err.Error()})
		case is && !ok && !c.optional(name):
			r.add(Finding{Check: checkGolden, Section: name, Message: "the case has no such section, but this came out; -update writes it", Actual: actual})
		case ok && !is:
			r.add(Finding{Check: checkGolden, Section: name, Message: "the case has this section, but nothing came out", Expected: have})
		case ok && withNewline(have) != withNewline(actual):
			r.add(Finding{Check: checkGolden, Section: name, Message: "differs", Expected: have, Actual: actual})
		}
	}
}

// updated is the case's file with its goldens as they came out.
func (c *Case) updated(t *traced) []byte {
	a := &archive{comment: c.archive.comment, sections: append([]section(nil), c.archive.sections...)}
	want := c.produced(t)
	for _, name := range goldens {
		_, had, _ := a.get(name)
		text, is := want[name]
		switch {
		case c.skip[name]:
		case is && (had || !c.optional(name)):
			a.set(name, text)
		case !is:
			a.remove(name)
		}
	}
	rank := map[string]int{}
	for i, name := range order {
		rank[name] = i
	}
	sort.SliceStable(a.sections, func(i, j int) bool {
		return rank[strings.TrimSuffix(a.sections[i].name, quotedSuffix)] < rank[strings.TrimSuffix(a.sections[j].name, quotedSuffix)]
	})
	return a.format()
}
