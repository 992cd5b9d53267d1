package gemini

import (
	"strconv"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// paramThinking is the one parameter of the reasoning that the upstream may refuse and that can be left out.
const paramThinking = "thinkingConfig"

// want is what a client asks of the model's thinking, put together from thinking and effort.
type want struct {
	off bool
	// level is the least common measure: a level of family.levels, or -1 for the model's own choice.
	level int
	// budget is a number of tokens, 0 for none.
	budget int64
	// show says that the thoughts are to be returned.
	show bool
}

// thinking writes thinkingConfig. https://ai.google.dev/gemini-api/docs/thinking
func (r *request) thinking(c *config, out *messages.OutputConfig, limit int64) error {
	t, err := r.in.ThinkingConfig()
	if err != nil {
		return err
	}
	r.Others("thinking", t.Others())
	if !r.effort.IsNull() {
		if !out.Effort.IsNull() {
			r.Loss(adapter.Noop, "output_config", "effort", "the last system message has its own")
		}
		out.Effort = r.effort
	}
	w, err := r.wanted(&t, out)
	if err != nil {
		return err
	}
	if r.f.thinking == thinkNever || r.dropped(paramThinking) {
		if w.level >= 0 && !w.off {
			r.Loss(adapter.Tuned, "output_config", "effort", "not taken by this model")
		}
		if w.show || w.budget > 0 {
			r.Loss(adapter.Tuned, "", "thinking", "not taken by this model")
		}
		return nil
	}
	if !w.off && !w.show && w.level < 0 && w.budget == 0 {
		return nil
	}
	r.x.thinking = true
	c.member(paramThinking)
	sep := byte('{')
	if w.show {
		r.w.Lit(`{"includeThoughts":true`)
		sep = ','
	}
	if r.f.thinking == thinkLevel {
		r.level(w, sep)
	} else {
		r.budget(w, limit, sep)
	}
	r.w.Byte('}')
	return nil
}

// wanted puts thinking and effort together: thinking that is off wins, then comes the effort, then the budget.
func (r *request) wanted(t *messages.Thinking, out *messages.OutputConfig) (w want, err error) {
	w.level = -1
	switch out.Level() {
	case messages.EffortUnset:
	case messages.EffortLow:
		w.level = levelLow
	case messages.EffortMedium:
		w.level = levelMedium
	case messages.EffortUnknown:
		r.Loss(adapter.Dropped, "output_config", "effort", "unknown level")
	case messages.EffortHigh:
		w.level = levelHigh
	default:
		w.level = levelHigh
		r.Loss(adapter.Tuned, "output_config", "effort", "the highest level of the upstream is sent")
	}
	w.show = !t.Display.Is("omitted")
	switch t.Kind {
	case messages.ThinkingUnset:
		w.show = false
	case messages.ThinkingDisabled, messages.ThinkingBetweenTools:
		if w.level >= 0 {
			r.Loss(adapter.Tuned, "output_config", "effort", "thinking is off")
		}
		if t.Kind == messages.ThinkingBetweenTools {
			r.Loss(adapter.Tuned, "thinking", "type", "off altogether")
		}
		w.off, w.show = true, false
	case messages.ThinkingEnabled:
		if w.budget, err = t.Budget(); err != nil {
			return w, err
		}
	case messages.ThinkingUnknown:
		r.Loss(adapter.Dropped, "thinking", "type", "unknown type")
		w.show = false
	}
	if !t.BudgetTokens.IsNull() && t.Kind != messages.ThinkingEnabled {
		r.Loss(adapter.Noop, "thinking", "budget_tokens", "only for thinking that is enabled")
	}
	return w, nil
}

// level writes thinkingLevel, behind sep.
func (r *request) level(w want, sep byte) {
	level := w.level
	switch {
	case w.off:
		level = levelMinimal
	case w.budget > 0:
		if level < 0 {
			level = levelOf(w.budget)
		}
		r.Loss(adapter.Tuned, "thinking", "budget_tokens", "expressed as a level")
	}
	if level < 0 {
		return
	}
	got := r.f.nearest(level)
	if got != level {
		if w.off {
			r.Loss(adapter.Tuned, "thinking", "type", "the model always thinks, level "+levelNames[got]+" is sent")
		} else {
			r.Loss(adapter.Tuned, "output_config", "effort", "the model has no "+levelNames[level]+", "+levelNames[got]+" is sent")
		}
	}
	r.w.Byte(sep)
	r.w.Lit(`"thinkingLevel":"`)
	r.w.Lit(levelNames[got])
	r.w.Byte('"')
}

func levelOf(budget int64) int {
	switch {
	case budget <= 4096:
		return levelLow
	case budget <= 16384:
		return levelMedium
	}
	return levelHigh
}

// budget writes thinkingBudget, behind sep. -1 leaves the amount to the model, 0 means no thinking. An effort decides unless
// it is high: then the client's own budget does.
func (r *request) budget(w want, limit int64, sep byte) {
	n := w.budget
	switch {
	case w.off:
		n = 0
	case w.level == levelLow:
		n = 4096
	case w.level == levelMedium:
		n = 16384
	case n == 0 && w.level < 0:
		return
	case n == 0:
		n = -1
	}
	if w.budget > 0 && n != w.budget {
		r.Loss(adapter.Tuned, "thinking", "budget_tokens", "the effort decides")
	}
	if n >= 0 {
		n = r.fit(n, limit, w.off)
	}
	r.w.Byte(sep)
	r.w.Lit(`"thinkingBudget":`)
	r.w.Int(n)
}

// fit brings a budget between the model's bounds, and below the output limit, in which thoughts count.
func (r *request) fit(n, limit int64, off bool) int64 {
	field := "budget_tokens"
	if off {
		field = "type"
	}
	got := min(max(n, r.f.least), r.f.most)
	if limit > 0 && got >= limit && got > r.f.least {
		got = max(limit/2, r.f.least)
	}
	if got != n {
		r.Loss(adapter.Tuned, "thinking", field, "a budget of "+strconv.FormatInt(got, 10)+" is sent")
	}
	return got
}
