package routing

import (
	"cmp"
	"slices"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/pattern"
)

// Question asks which way a request would take.
type Question struct {
	// Model is the name that the client gives.
	Model string
	// Client is the client key that asks; nil is one that may do everything.
	Client *config.ClientKey
	// Pick is the channel that the client names itself; "" for none.
	Pick string
}

// Verdict says in one word what becomes of a channel or key.
type Verdict string

// The verdicts. They are stable: the UI translates by them.
const (
	// Usable: it would be tried.
	Usable Verdict = "usable"
	// IsDisabled: the configuration switches it off.
	IsDisabled Verdict = "disabled"
	// NotServed: the channel does not serve the model.
	NotServed Verdict = "not_served"
	// NotInRoute: an explicit route, or the client, names other channels.
	NotInRoute Verdict = "not_in_route"
	// NoKey: none of the channel's keys may be used for the model.
	NoKey Verdict = "no_key"
	// NotConfigured: the key refers to something that is not there.
	NotConfigured Verdict = "not_configured"
	// ModelNotAllowed: the key is for other models.
	ModelNotAllowed Verdict = "model_not_allowed"
)

// Explanation is the way of a request as far as the configuration decides it: every rule, channel and key, chosen or
// skipped, and why. What the health of channels and the strategy add is known to a running proxy only.
type Explanation struct {
	// Refusal is why no channel would be asked at all; zero when one would.
	Refusal Reason
	// Rules are those that were looked at, in order.
	Rules []Rule
	// Channels are all channels: those that would be tried, best first, then the skipped ones in the order of the file.
	Channels []ChannelWay
}

// Rule is one rule that was looked at.
type Rule struct {
	// Kind is client_key, pick_channel, route or priority; Name is its pattern or value.
	Kind, Name string
	// Chosen says that the rule decides; else it does not apply.
	Chosen bool
	Reason Reason
}

// ChannelWay is what becomes of a channel.
type ChannelWay struct {
	Channel *config.Channel
	Verdict Verdict
	Reason  Reason
	// Candidate is the channel as the balancer gets it; its zero value where the channel is skipped before.
	Candidate Candidate
	// Keys are all keys of the channel in the order of the file; none where it is skipped before its keys are looked at.
	Keys []KeyWay
}

// KeyWay is what becomes of a key.
type KeyWay struct {
	Key     *config.Key
	Verdict Verdict
	Reason  Reason
}

// Explain answers a question. It changes nothing and is not meant to be fast.
func (t *Table) Explain(q Question) Explanation {
	var e Explanation
	e.client(&q)
	candidates, named := t.explainChoice(&e, &q)
	for i := range candidates {
		e.Channels = append(e.Channels, t.way(&candidates[i]))
	}
	for _, c := range t.inFileOrder() {
		if !slices.ContainsFunc(candidates, func(x Candidate) bool { return x.Channel == c.config }) {
			e.Channels = append(e.Channels, c.skipped(q.Model, named))
		}
	}
	if e.Refusal.Code == "" && len(candidates) == 0 {
		e.Refusal = t.missing(q.Model)
	}
	return e
}

// client looks at what the client key may do.
func (e *Explanation) client(q *Question) {
	if q.Client == nil {
		return
	}
	r := Rule{Kind: "client_key", Name: q.Client.Name, Reason: Because(AnyModel)}
	switch {
	case !q.Client.Usable():
		r.Chosen, r.Reason = true, Because(KeyRefused, "said", cmp.Or(q.Client.Reason, "it is disabled"))
	case len(q.Client.Models) > 0 && !compileSet(q.Client.Models).Allows(q.Model):
		r.Chosen, r.Reason = true, Because(ModelRefused, "model", q.Model)
	case q.Pick != "" && !q.Client.PickChannel:
		r.Chosen, r.Reason = true, Because(PickRefused)
	case len(q.Client.Models) > 0:
		r.Reason = Because(ThisModel)
	}
	if r.Chosen {
		e.Refusal = r.Reason
	}
	e.Rules = append(e.Rules, r)
}

// explainChoice finds the candidates as Candidates and Picked do, and says by which rule. named is that rule where it names
// its channels itself, else zero.
func (t *Table) explainChoice(e *Explanation, q *Question) (list []Candidate, named Reason) {
	if q.Pick != "" {
		r := Rule{Kind: "pick_channel", Name: q.Pick, Chosen: true, Reason: Because(Picks)}
		one, ok := t.Picked(q.Pick, q.Model)
		if !ok {
			r.Reason = Because(PicksUnknown, "channel", q.Pick)
			if e.Refusal.Code == "" {
				e.Refusal = r.Reason
			}
			e.Rules = append(e.Rules, r)
			return nil, Because(PicksAnother)
		}
		e.Rules = append(e.Rules, r)
		return []Candidate{one}, Because(PicksAnother)
	}
	best := pattern.Best(t.patterns, q.Model)
	for i, p := range t.patterns {
		r := Rule{Kind: "route", Name: t.routes[i].text, Reason: Because(PatternMisses)}
		switch {
		case i == best:
			r.Chosen, r.Reason = true, Because(PatternDecides)
			named = Because(RouteNames, "route", r.Name)
		case p.Match(q.Model):
			r.Reason = Because(PatternBeaten, "route", t.routes[best].text)
		}
		e.Rules = append(e.Rules, r)
	}
	if best < 0 {
		e.Rules = append(e.Rules, Rule{Kind: "priority", Chosen: true, Reason: Because(NoRoute)})
	}
	return t.find(q.Model), named
}

// inFileOrder returns all channels as the file has them.
func (t *Table) inFileOrder() []*channel {
	list := slices.Clone(t.channels)
	slices.SortFunc(list, func(a, b *channel) int { return a.config.Line - b.config.Line })
	return list
}

func (t *Table) way(c *Candidate) ChannelWay {
	ch := t.byName[c.Channel.Name]
	w := ChannelWay{Channel: c.Channel, Verdict: Usable, Candidate: *c, Keys: ch.keyWays(c.Model)}
	if len(c.Keys) == 0 {
		w.Verdict, w.Reason = NoKey, Because(NoKeyFor, "model", c.Model)
	}
	return w
}

func (c *channel) skipped(model string, named Reason) ChannelWay {
	w := ChannelWay{Channel: c.config, Keys: []KeyWay{}}
	switch {
	case !c.config.Enabled:
		w.Verdict, w.Reason = IsDisabled, Because(SwitchedOff)
	case named.Code != "":
		w.Verdict, w.Reason = NotInRoute, named
	default:
		w.Verdict, w.Reason = NotServed, Because(ServesNot, "model", model)
	}
	return w
}

// keyWays looks at each key for an upstream model.
func (c *channel) keyWays(upstream string) []KeyWay {
	list := make([]KeyWay, 0, len(c.config.Keys))
	for i := range c.config.Keys {
		k := &c.config.Keys[i]
		w := KeyWay{Key: k, Verdict: Usable}
		switch {
		case k.Reason != "":
			w.Verdict, w.Reason = NotConfigured, Because(KeyNotReady, "said", k.Reason)
		case !k.Enabled || k.Secret.Empty():
			w.Verdict, w.Reason = IsDisabled, Because(SwitchedOff)
		case !compileSet(k.Models).Allows(upstream):
			w.Verdict, w.Reason = ModelNotAllowed, Because(KeyOtherModels, "model", upstream)
		}
		list = append(list, w)
	}
	return list
}
