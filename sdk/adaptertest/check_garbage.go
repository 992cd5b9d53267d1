package adaptertest

import (
	"bytes"
	"slices"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// mostGarbage bounds how many variants of one text are tried.
const mostGarbage = 250

// odd is what values are replaced with.
var odd = []string{
	`null`, `true`, `0`, `-1`, `1.5`, `1e999`, `99999999999999999999`, `""`, `"x"`, `"\ud800"`, `[]`, `{}`, `[null]`, `[[]]`, `{"a":{}}`,
}

// garbage replaces members of everything that comes from outside.
func (b *bench) garbage() {
	if b.t.at != atBegin && b.c.body != nil {
		b.garbageRequests()
	}
	switch {
	case b.t.local || b.c.answer == noAnswer || b.t.at == atBegin:
	case b.c.status >= 300:
		b.garbageBodies("an error body", false)
	case b.c.streamed():
		b.garbageStreams()
	default:
		b.garbageBodies("a whole answer", true)
	}
}

func (b *bench) garbageRequests() {
	for _, body := range variants(b.c.body, jsonindex.ClientMode()) {
		if !hostTakes(body) {
			continue
		}
		u := b.play(play{body: body, begin: true})
		message := failureFault(u)
		if message == "" && u.fail == nil {
			if message = bodyFault(u); message == "" {
				for _, message = range b.s.requestFaults(b.c, u) {
					break
				}
			}
		}
		if message != "" {
			b.r.add(Finding{Check: checkGarbage, Message: "a request: " + message, Actual: string(body)})
			return
		}
	}
}

// hostTakes says whether a body gets as far as an adapter.
func hostTakes(body []byte) bool {
	doc, err := jsonindex.Parse(body, jsonindex.ClientMode())
	if err != nil {
		return false
	}
	_, err = messages.ReadHead(doc)
	return err == nil
}

func (b *bench) garbageBodies(what string, answers bool) {
	for _, data := range variants(b.c.data, jsonindex.UpstreamMode()) {
		u := b.play(play{data: data})
		if message := b.survived(u, answers); message != "" {
			b.r.add(Finding{Check: checkGarbage, Message: what + ": " + message, Actual: string(data)})
			return
		}
	}
}

func (b *bench) garbageStreams() {
	all, err := cutFrames(b.c.answer, b.c.data, nil)
	if err != nil {
		return
	}
	try := func(events []frame, at int) bool {
		u := b.play(play{frames: events})
		message := b.survived(u, true)
		if message == "" {
			return true
		}
		actual := ""
		for _, f := range events[max(0, at-1):min(len(events), at+2)] {
			actual += "event " + f.name + ": " + string(f.data) + "\n"
		}
		b.r.add(Finding{Check: checkGarbage, Message: "a stream: " + message, Actual: actual})
		return false
	}
	picked := sample(len(all), 30)
	for _, i := range picked {
		if !try(slices.Concat(all[:i], all[i+1:], []frame{}), i) || !try(slices.Concat(all[:i+1], all[i:]), i) {
			return
		}
		list := variants(all[i].data, jsonindex.UpstreamMode())
		for _, k := range sample(len(list), max(10, mostGarbage/len(picked))) {
			events := slices.Clone(all)
			events[i].data = list[k]
			if !try(events, i) {
				return
			}
		}
	}
}

// survived says what is wrong with how the adapter took garbage. That the ops are refused is not: an upstream can tell a
// story that no message can tell, and then it is the host that ends the answer.
func (b *bench) survived(u *traced, answers bool) string {
	message := failureFault(u)
	if message == "" && answers && u.done && opsFault(u.ops) == "" && b.c.withoutUsage(u) != nil {
		message = b.c.renderFault(u)
	}
	if message != "" && len(u.ops) > 0 {
		message += "\nops:\n" + ops.Dump(u.ops)
	}
	return message
}

// variants are texts in which one value is replaced or one key renamed, at most mostGarbage of them.
func variants(text []byte, m jsonindex.Mode) (list [][]byte) {
	m.Extern = false
	doc, err := jsonindex.Parse(text, m)
	if err != nil || doc.Repaired {
		return nil
	}
	type change struct {
		entry int
		with  string
	}
	var changes []change
	keys := keysOf(doc)
	for i := range doc.Ents {
		if keys[i] {
			changes = append(changes, change{i, `"kit_unknown"`})
			continue
		}
		for _, with := range odd {
			changes = append(changes, change{i, with})
		}
	}
	for _, k := range sample(len(changes), mostGarbage) {
		c := changes[k]
		start, end := extent(doc.Ents[c.entry])
		list = append(list, join(doc.Src[:start], []byte(c.with), doc.Src[end:]))
	}
	return slices.DeleteFunc(list, func(v []byte) bool { return bytes.Equal(v, text) })
}

// keysOf says which entries are keys.
func keysOf(doc *jsonindex.Doc) []bool {
	keys := make([]bool, len(doc.Ents))
	for i, e := range doc.Ents {
		if e.Kind() != jsonindex.Object {
			continue
		}
		for k := uint32(i) + 1; k < e.Next(); k = doc.Ents[k+1].Next() {
			keys[k] = true
		}
	}
	return keys
}

// extent is where an entry stands in the text, quotes included.
func extent(e jsonindex.Entry) (start, end uint32) {
	switch e.Kind() {
	case jsonindex.String, jsonindex.Escaped:
		return e.Start - 1, e.End + 1
	}
	return e.Start, e.End
}
