package hosttest

// responsesStream renders the events of one stream. Their numbers rise by one, and there is no [DONE].
type responsesStream struct {
	responses
	a      *Answer
	items  []item
	events []event
}

// events renders response.created … response.completed.
func (s responses) events(c *call, a *Answer) []event {
	st := &responsesStream{a: a, items: s.items(c, a)}
	st.add("response.created", false, "response", s.response(c, a, "in_progress", nil))
	st.add("response.in_progress", false, "response", s.response(c, a, "in_progress", nil))
	for _, p := range a.pieces(true) {
		st.piece(p)
	}
	status := s.status(a)
	st.add("response."+status, false, "response", s.response(c, a, status, s.output(c, a)))
	st.events[len(st.events)-1].end = true
	return st.events
}

// add appends an event whose name is also its type.
func (st *responsesStream) add(name string, content bool, rest ...any) {
	o := object{"type", name, "sequence_number", len(st.events)}
	st.events = append(st.events, event{name: name, data: encode(o.with(rest...)), content: content})
}

// find returns the item of a part, and the part's place in it.
func (st *responsesStream) find(part int) (output, place int, ok bool) {
	for i, it := range st.items {
		for j, p := range it.parts {
			if p == part {
				return i, j, true
			}
		}
	}
	return 0, 0, false
}

// piece renders one step of a part.
func (st *responsesStream) piece(p piece) {
	output, place, ok := st.find(p.part)
	if !ok {
		return
	}
	it := st.items[output]
	if p.kind == opens && place == 0 {
		st.add("response.output_item.added", false, "output_index", output, "item", st.render(st.a, it, "in_progress"))
	}
	switch it.kind {
	case "function_call":
		st.arguments(p, it, output)
	case "reasoning":
		st.summary(p, it, output)
	default:
		st.content(p, it, output, place)
	}
	if p.kind == shuts && place == len(it.parts)-1 {
		st.add("response.output_item.done", false, "output_index", output, "item", st.render(st.a, it, st.itemStatus(output)))
	}
}

func (st *responsesStream) itemStatus(output int) string {
	if output == len(st.items)-1 && st.status(st.a) == "incomplete" {
		return "incomplete"
	}
	return "completed"
}

// arguments renders a step of a function call.
func (st *responsesStream) arguments(p piece, it item, output int) {
	switch p.kind {
	case says:
		st.add("response.function_call_arguments.delta", true, "item_id", it.id, "output_index", output, "delta", p.text)
	case shuts:
		st.add("response.function_call_arguments.done", false, "item_id", it.id, "output_index", output,
			"arguments", st.a.Parts[p.part].Tool.argsText())
	}
}

// summary renders a step of a reasoning item; one without text has no parts.
func (st *responsesStream) summary(p piece, it item, output int) {
	thinking := st.a.Parts[p.part].Thinking
	if thinking == "" {
		return
	}
	at := []any{"item_id", it.id, "output_index", output, "summary_index", 0}
	switch p.kind {
	case opens:
		st.add("response.reasoning_summary_part.added", false, append(at, "part", object{"type", "summary_text", "text", ""})...)
	case says:
		st.add("response.reasoning_summary_text.delta", true, append(at, "delta", p.text)...)
	case shuts:
		st.add("response.reasoning_summary_text.done", false, append(at, "text", thinking)...)
		st.add("response.reasoning_summary_part.done", false, append(at, "part", object{"type", "summary_text", "text", thinking})...)
	}
}

// content renders a step of a text or refusal.
func (st *responsesStream) content(p piece, it item, output, place int) {
	part := &st.a.Parts[p.part]
	at := []any{"item_id", it.id, "output_index", output, "content_index", place}
	kind, done, logprobs := "response.output_text", "text", []any{"logprobs", []any{}}
	if part.kind() == "refusal" {
		kind, done, logprobs = "response.refusal", "refusal", nil
	}
	switch p.kind {
	case opens:
		st.add("response.content_part.added", false, append(at, "part", responses{}.content(part, ""))...)
	case says:
		st.add(kind+".delta", true, append(append(at, "delta", p.text), logprobs...)...)
	case shuts:
		st.add(kind+".done", false, append(append(at, done, part.body()), logprobs...)...)
		st.add("response.content_part.done", false, append(at, "part", responses{}.content(part, part.body()))...)
	}
}
