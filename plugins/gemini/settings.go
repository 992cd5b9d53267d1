package gemini

import (
	"strconv"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// mostStops is the most stop sequences that the upstream takes.
const mostStops = 5

// config writes generationConfig, which is begun by its first member.
type config struct {
	r    *request
	open bool
}

func (c *config) member(name string) {
	if c.open {
		c.r.w.Lit(`,"`)
	} else {
		c.r.w.Lit(`,"generationConfig":{"`)
	}
	c.open = true
	c.r.w.Lit(name)
	c.r.w.Lit(`":`)
}

// settings writes everything behind the contents. A limit of -1 is none: tokens are only counted.
// https://ai.google.dev/api/generate-content#generationconfig
func (r *request) settings(limit int64) error {
	out, err := r.in.Output()
	if err != nil {
		return err
	}
	c := config{r: r}
	if limit >= 0 {
		limit = r.limit(limit)
		c.member("maxOutputTokens")
		r.w.Int(limit)
	}
	if err := r.sampling(&c); err != nil {
		return err
	}
	if err := r.stops(&c); err != nil {
		return err
	}
	if err := r.thinking(&c, &out, limit); err != nil {
		return err
	}
	if err := r.format(&c, &out); err != nil {
		return err
	}
	if c.open {
		r.w.Byte('}')
	}
	return r.ignored()
}

// limit is the output limit, capped by what the channel allows.
func (r *request) limit(n int64) int64 {
	const most = 1<<31 - 1 // the upstream's field has 32 bits
	top := int64(most)
	if r.call.MaxOutputTokens > 0 {
		top = min(top, r.call.MaxOutputTokens)
	}
	if n > top {
		n = top
		r.Loss(adapter.Tuned, "", "max_tokens", "limited to "+strconv.FormatInt(n, 10))
	}
	return n
}

func (r *request) sampling(c *config) error {
	for _, p := range [...]struct {
		v          jsonindex.Value
		name, ours string
		most       float64
	}{{r.in.Temperature, "temperature", "temperature", 2}, {r.in.TopP, "topP", "top_p", 1}} {
		if p.v.IsNull() {
			continue
		}
		if _, err := messages.Float(p.v, 0, p.most); err != nil {
			return err
		}
		c.member(p.name)
		r.w.Raw(p.v)
	}
	if r.in.TopK.IsNull() {
		return nil
	}
	k, err := messages.Int(r.in.TopK, 0)
	switch {
	case err != nil:
		return err
	case k == 0:
		r.Loss(adapter.Noop, "", "top_k", "0 means nothing")
	default:
		c.member("topK")
		r.w.Int(min(k, 1<<31-1))
	}
	return nil
}

// stops writes the stop sequences as far as the upstream takes them; the host watches for the others.
func (r *request) stops(c *config) error {
	v := r.in.StopSequences
	if err := messages.Strings(v); err != nil {
		return err
	}
	sent := 0
	for it := v.Iter(); it.Next(); {
		switch {
		case len(it.Val.Head()) == 0:
			r.Loss(adapter.Noop, "", "stop_sequences", "empty ones match nothing")
		case sent < mostStops && !r.o.cutStops:
			if sent == 0 {
				c.member("stopSequences")
				r.w.Byte('[')
			} else {
				r.w.Byte(',')
			}
			r.w.Raw(it.Val)
			sent++
		default:
			text, ok := it.Val.Text()
			if !ok {
				return messages.Invalid(it.Val, "is too long for a stop sequence")
			}
			r.Up.StopSequences = append(r.Up.StopSequences, text)
		}
	}
	if sent > 0 {
		r.w.Byte(']')
		r.Loss(adapter.Approximated, "", "stop_sequences", "a match is reported as end_turn")
	}
	return nil
}

// format writes what binds the answer to a schema. https://ai.google.dev/gemini-api/docs/structured-output
func (r *request) format(c *config, out *messages.OutputConfig) error {
	const in = "output_config.format"
	r.Others("output_config", out.Others())
	if !out.TaskBudget.IsNull() {
		r.Loss(adapter.Tuned, "output_config", "task_budget", "no such parameter")
	}
	if !out.Format.Exists() {
		return nil
	}
	if !out.Schema.Exists() {
		return messages.Invalid(out.Format, "only type json_schema is known")
	}
	if len(r.names.list) > 0 && !r.f.schemaWithTools {
		return r.Unsupported(out.Format, "this model takes either tools or a schema for its answer")
	}
	c.member("responseMimeType")
	r.w.Lit(`"application/json"`)
	if r.openAPI {
		c.member("responseSchema")
		r.openAPISchema(out.Schema, in+".schema")
	} else {
		r.x.jsonSchema = true
		c.member("responseJsonSchema")
		r.jsonSchema(out.Schema, in+".schema")
	}
	r.OthersOf(in, out.Format, "type", "schema")
	return nil
}

// ignored records the fields that the upstream has nothing for.
func (r *request) ignored() error {
	in := &r.in
	for it := in.Metadata.Iter(); it.Next(); {
		r.Loss(adapter.Noop, "metadata", string(it.Key()), "no such parameter")
	}
	if !in.CacheControl.IsNull() {
		if _, err := messages.DecodeCacheControl(in.CacheControl); err != nil {
			return err
		}
	}
	if !in.ServiceTier.IsNull() {
		r.Loss(adapter.Tuned, "", "service_tier", "no such parameter")
	}
	r.Ignored(in)
	return nil
}
