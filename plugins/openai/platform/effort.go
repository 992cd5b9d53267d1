// Package platform is what OpenAI's two APIs have in common: reasoning efforts, schemas of functions, output limits, names of
// files, who asks, errors and how they are mended, the list of models.
package platform

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// efforts are all values of an effort in rising order.
// https://platform.openai.com/docs/api-reference/chat/create#chat-create-reasoning_effort
var efforts = [...]string{"none", "minimal", "low", "medium", "high", "xhigh", "max"}

// EffortRank is the place of an effort among all of them, from 0; -1 for any other text.
func EffortRank(effort string) int {
	for i, e := range efforts {
		if e == effort {
			return i
		}
	}
	return -1
}

// EffortOf is the effort that the client asks for outright, "" for none.
func EffortOf(l *foreign.Ledger, out *messages.OutputConfig) string {
	switch level := out.Level(); level {
	case messages.EffortUnset:
	case messages.EffortUnknown:
		l.Loss(adapter.Dropped, "output_config", "effort", "unknown level")
	default:
		return [...]string{"", "low", "medium", "high", "xhigh", "max"}[level]
	}
	return ""
}

// Wanted puts thinking and effort together: thinking that is off wins, then comes the effort, then what the thinking
// budget amounts to. "" leaves it to the model.
func Wanted(l *foreign.Ledger, t *messages.Thinking, effort string) (string, error) {
	switch t.Kind {
	case messages.ThinkingDisabled, messages.ThinkingBetweenTools:
		if effort != "" {
			l.Loss(adapter.Tuned, "output_config", "effort", "thinking is off")
		}
		if t.Kind == messages.ThinkingBetweenTools {
			l.Loss(adapter.Tuned, "thinking", "type", "off altogether")
		}
		return "none", nil
	case messages.ThinkingUnknown:
		l.Loss(adapter.Dropped, "thinking", "type", "unknown type")
	case messages.ThinkingEnabled:
		budget, err := t.Budget()
		if err != nil {
			return "", err
		}
		if effort == "" {
			effort = BudgetEffort(budget)
		}
		l.Loss(adapter.Tuned, "thinking", "budget_tokens", "expressed as reasoning effort "+effort)
	}
	return effort, nil
}

// BudgetEffort is the effort that a thinking budget amounts to.
func BudgetEffort(tokens int64) string {
	switch {
	case tokens <= 4096:
		return "low"
	case tokens <= 16384:
		return "medium"
	}
	return "high"
}

// Sent is the effort of those that a model has, in rising order, that comes closest to the one that is wanted: the same,
// else the next lower one, else the lowest.
func Sent(l *foreign.Ledger, have []string, want string) string {
	level := have[0]
	for _, e := range have {
		if EffortRank(e) <= EffortRank(want) {
			level = e
		}
	}
	switch {
	case level == want:
	case want == "none":
		l.Loss(adapter.Tuned, "thinking", "type", "the model always reasons, "+level+" is sent")
	default:
		l.Loss(adapter.Tuned, "output_config", "effort", "the model has no "+want+", "+level+" is sent")
	}
	return level
}
