package messages

import "github.com/claude-proxy/claude-proxy/sdk/jsonindex"

// ThinkingKind says whether and how the model thinks before it answers.
type ThinkingKind uint8

const (
	// ThinkingUnset: the client says nothing.
	ThinkingUnset ThinkingKind = iota
	// ThinkingEnabled: within BudgetTokens.
	ThinkingEnabled
	// ThinkingDisabled: not at all.
	ThinkingDisabled
	// ThinkingAdaptive: the model decides how much.
	ThinkingAdaptive
	// ThinkingBetweenTools: only between tool calls.
	ThinkingBetweenTools
	// ThinkingUnknown is any type that is not listed here.
	ThinkingUnknown
)

// Thinking is the thinking object, decoded. See https://docs.claude.com/en/docs/build-with-claude/extended-thinking and
// https://docs.claude.com/en/docs/build-with-claude/adaptive-thinking.
type Thinking struct {
	// V is the whole object, absent when the client gave none; Type its type as the client wrote it.
	V, Type jsonindex.Value
	Kind    ThinkingKind
	// BudgetTokens is the most tokens to think, of ThinkingEnabled; read it with Budget.
	BudgetTokens jsonindex.Value
	// Display is "summarized", "omitted" or another string; absent when the client does not mind.
	Display jsonindex.Value

	others int
}

// Others returns the members that Thinking has no field for; nil when there are none.
func (t *Thinking) Others() []Member {
	if t.others == 0 {
		return nil
	}
	return except(t.V, "type", "budget_tokens", "display")
}

// Budget is budget_tokens: required with ThinkingEnabled, a whole number of at least 1.
func (t *Thinking) Budget() (int64, error) {
	if t.BudgetTokens.IsNull() {
		return 0, missing(t.V, "budget_tokens")
	}
	return Int(t.BudgetTokens, 1)
}

// ThinkingConfig reads thinking; absent and null read as ThinkingUnset. Whether a budget fits max_tokens is not checked.
func (r *Request) ThinkingConfig() (t Thinking, err error) {
	if r.Thinking.IsNull() {
		return t, nil
	}
	t.V = r.Thinking
	for it := t.V.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "type":
			t.Type = it.Val
		case "budget_tokens":
			t.BudgetTokens = it.Val
		case "display":
			t.Display = it.Val
		default:
			t.others++
		}
	}
	if err := first(need(t.V, "type", t.Type, aString), optional(t.Display, aString)); err != nil {
		return t, err
	}
	switch string(word(t.Type)) {
	case "enabled":
		t.Kind = ThinkingEnabled
	case "disabled":
		t.Kind = ThinkingDisabled
	case "adaptive":
		t.Kind = ThinkingAdaptive
	case "between_tools":
		t.Kind = ThinkingBetweenTools
	default:
		t.Kind = ThinkingUnknown
	}
	return t, nil
}

// Effort says how much trouble the model should take. See https://docs.claude.com/en/docs/build-with-claude/effort.
type Effort uint8

const (
	// EffortUnset: the client says nothing.
	EffortUnset Effort = iota
	EffortLow
	EffortMedium
	EffortHigh
	EffortXHigh
	EffortMax
	// EffortUnknown is any string that is not listed here.
	EffortUnknown
)

// OutputConfig is the output_config object, decoded. See https://docs.claude.com/en/api/messages#body-output-config.
type OutputConfig struct {
	// V is the whole object, absent when the client gave none.
	V jsonindex.Value
	// Effort is a string or null; see Level.
	Effort jsonindex.Value
	// Format is the object that asks for structured output; absent when the client gave none or null.
	Format jsonindex.Value
	// Schema is the JSON Schema of a Format of type json_schema; absent with any other Format.
	Schema jsonindex.Value
	// TaskBudget is an object with type, total and remaining (beta).
	TaskBudget jsonindex.Value

	others int
}

// Others returns the members that OutputConfig has no field for; nil when there are none.
func (o *OutputConfig) Others() []Member {
	if o.others == 0 {
		return nil
	}
	return except(o.V, "effort", "format", "task_budget")
}

// Output reads output_config, and output_format where output_config has no format.
func (r *Request) Output() (o OutputConfig, err error) {
	if err = DecodeOutputConfig(r.OutputConfig, &o); err != nil {
		return o, err
	}
	if !o.Format.Exists() && !r.OutputFormat.IsNull() {
		o.Format = r.OutputFormat
		err = o.readFormat()
	}
	return o, err
}

// DecodeOutputConfig reads an output_config object, of a request or of a system message; absent and null read as empty.
func DecodeOutputConfig(v jsonindex.Value, o *OutputConfig) error {
	*o = OutputConfig{}
	if v.IsNull() {
		return nil
	}
	if v.Kind() != jsonindex.Object {
		return wrongKind(v, anObject)
	}
	o.V = v
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "effort":
			o.Effort = it.Val
		case "format":
			if !it.Val.IsNull() {
				o.Format = it.Val
			}
		case "task_budget":
			o.TaskBudget = it.Val
		default:
			o.others++
		}
	}
	if err := optional(o.Effort, aString); err != nil {
		return err
	}
	return o.readFormat()
}

// Level is the effort.
func (o *OutputConfig) Level() Effort {
	if o.Effort.IsNull() {
		return EffortUnset
	}
	switch string(word(o.Effort)) {
	case "low":
		return EffortLow
	case "medium":
		return EffortMedium
	case "high":
		return EffortHigh
	case "xhigh":
		return EffortXHigh
	case "max":
		return EffortMax
	}
	return EffortUnknown
}

func (o *OutputConfig) readFormat() error {
	if !o.Format.Exists() {
		return nil
	}
	if o.Format.Kind() != jsonindex.Object {
		return wrongKind(o.Format, anObject)
	}
	var kind, schema jsonindex.Value
	for it := o.Format.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "type":
			kind = it.Val
		case "schema":
			schema = it.Val
		}
	}
	if err := need(o.Format, "type", kind, aString); err != nil {
		return err
	}
	if !kind.Is("json_schema") {
		return nil
	}
	o.Schema = schema
	return need(o.Format, "schema", schema, anObject)
}

// CacheControl is a cache breakpoint, decoded. See https://docs.claude.com/en/docs/build-with-claude/prompt-caching.
type CacheControl struct {
	// Set says that there is one; absent and null are none.
	Set bool
	// TTL is how long the cached prefix should live: "5m", "1h", another string, or absent for the default of 5 minutes.
	TTL jsonindex.Value
}

// DecodeCacheControl reads a cache_control object.
func DecodeCacheControl(v jsonindex.Value) (c CacheControl, err error) {
	if v.IsNull() {
		return c, nil
	}
	if v.Kind() != jsonindex.Object {
		return c, wrongKind(v, anObject)
	}
	var kind jsonindex.Value
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "type":
			kind = it.Val
		case "ttl":
			c.TTL = it.Val
		}
	}
	if err := first(need(v, "type", kind, aString), optional(c.TTL, aString)); err != nil {
		return c, err
	}
	if c.Set = kind.Is("ephemeral"); !c.Set {
		return c, invalid(kind, `must be "ephemeral", not %s`, shown(kind))
	}
	return c, nil
}
