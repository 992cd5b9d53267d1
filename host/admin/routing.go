package admin

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/balance"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/edit"
	"github.com/claude-proxy/claude-proxy/host/pattern"
	"github.com/claude-proxy/claude-proxy/host/routing"
)

func (a *api) getRouting(c *call, _ *nothing) (contract.Routing, error) {
	cfg, err := a.present(c)
	if err != nil {
		return contract.Routing{}, err
	}
	r := &cfg.Routing
	out := contract.Routing{
		ETag:     c.etag,
		Strategy: string(r.Strategy), Affinity: string(r.Affinity), AffinityTTL: config.FormatDuration(r.AffinityTTL), Attempts: r.Attempts,
		Models: routesOf(cfg), Overridden: map[string]string{},
	}
	for _, field := range []string{"strategy", "affinity", "affinity_ttl", "attempts"} {
		if o := cfg.Origin("routing." + field); overrides(o) {
			out.Overridden[field] = o.Name
		}
	}
	table := routing.New(cfg)
	for _, name := range table.Models() {
		n := contract.ModelName{Name: name}
		for _, x := range table.Candidates(name) {
			n.Channels = append(n.Channels, contract.RouteTarget{Channel: x.Channel.Name, Model: x.Model})
		}
		out.Names = append(out.Names, n)
	}
	return out, nil
}

// overrides says that a value comes from something that wins over the file.
func overrides(o config.Origin) bool { return o.Source > config.FromFile }

func routesOf(cfg *config.Config) []contract.Route {
	out := make([]contract.Route, 0, len(cfg.Routing.Models))
	for i, r := range cfg.Routing.Models {
		route := contract.Route{Pattern: r.Pattern, Warnings: oddities(cfg, i)}
		for _, t := range r.Targets {
			route.Targets = append(route.Targets, contract.RouteTarget{Channel: t.Channel, Model: t.Model})
		}
		out = append(out, route)
	}
	return out
}

// oddities says what is odd about a route that is allowed all the same.
func oddities(cfg *config.Config, i int) []string {
	r := &cfg.Routing.Models[i]
	var out []string
	seen := map[config.Target]bool{}
	off := 0
	for _, t := range r.Targets {
		if ch := channelOf(cfg, t.Channel); ch != nil && !ch.Enabled {
			off++
			out = append(out, fmt.Sprintf("channel %q is disabled", t.Channel))
		}
		if seen[t] {
			out = append(out, fmt.Sprintf("channel %q is there twice with the same model", t.Channel))
		}
		seen[t] = true
	}
	if off == len(r.Targets) {
		out = append(out, "no target can be used, so requests for it are refused")
	}
	if p, err := pattern.Compile(r.Pattern); err == nil {
		for j, other := range cfg.Routing.Models {
			if q, err := pattern.Compile(other.Pattern); err == nil && j != i && p.Literal() && q.Literals() > p.Literals() && q.Match(r.Pattern) {
				out = append(out, fmt.Sprintf("never used: %q fits better", other.Pattern))
			}
		}
	}
	return out
}

func (a *api) updateRouting(c *call, in *contract.RoutingPatch) (contract.Changed, error) {
	c.target = "routing"
	d, err := a.begin(c)
	if err != nil {
		return contract.Changed{}, err
	}
	cfg, err := d.usable()
	if err != nil {
		return contract.Changed{}, err
	}
	patch := members(c.body)
	values := map[string]any{}
	for name, raw := range patch {
		if o := cfg.Origin("routing." + name); overrides(o) {
			return contract.Changed{}, overridden("routing."+name, o).at("/"+name, "cannot be changed here")
		}
		values[name] = orNil(raw)
	}
	if in.Models != nil {
		if values["models"], err = ordered(*in.Models, routeEntry); err != nil {
			return contract.Changed{}, err
		}
	}
	return a.set(c, d, "routing.", values)
}

func routeEntry(r contract.Route) (string, any) {
	targets := list(r.Targets)
	return r.Pattern, targets
}

func overridden(path string, o config.Origin) *problem {
	return refuse(codeOverridden, fmt.Sprintf("%s is set by %s (%s), which wins over plugins.yaml", path, o.Name, o.Source)).
		try("change it there, or take it away there")
}

func (a *api) explainRoute(_ *call, in *contract.ExplainRequest) (contract.Explanation, error) {
	q := routing.Question{Model: in.Model, Pick: in.Channel}
	if in.ClientKey != "" {
		keys := a.Config().Auth.Keys
		i := slices.IndexFunc(keys, func(k config.ClientKey) bool { return k.Name == in.ClientKey })
		if i < 0 {
			return contract.Explanation{}, refuse(codeNotFound, "there is no such client key").at("/client_key", "is not there")
		}
		q.Client = &keys[i]
	}
	e := a.Routes().Explain(q)
	strategy := a.Config().Routing.Strategy
	out := contract.Explanation{Model: in.Model, Refusal: e.Refusal.String(), RefusedBecause: because(e.Refusal), Strategy: string(strategy)}
	for _, r := range e.Rules {
		out.Steps = append(out.Steps, explainStep(r))
	}
	statuses := a.statuses()
	for i := range e.Channels {
		out.Channels = append(out.Channels, explainChannel(&e.Channels[i], statuses[e.Channels[i].Channel.Name]))
	}
	rank(&out, strategy)
	if a.Config().Routing.Affinity == config.AffinityAuto {
		out.Steps = append(out.Steps, explainStep(routing.Rule{Kind: "affinity", Name: in.Session, Reason: routing.Because(routing.StaysWhereItWas)}))
	}
	return out, nil
}

func explainStep(r routing.Rule) contract.ExplainStep {
	return contract.ExplainStep{Rule: r.Kind, Name: r.Name, Chosen: r.Chosen, Reason: r.Reason.String(), Because: because(r.Reason)}
}

func because(r routing.Reason) *contract.Because {
	if r.Code == "" {
		return nil
	}
	return &contract.Because{Code: string(r.Code), With: r.With}
}

// explainChannel adds how a channel and its keys do to what the configuration says of them.
func explainChannel(w *routing.ChannelWay, s contract.ChannelStatus) contract.ExplainChannel {
	out := contract.ExplainChannel{
		Channel: w.Channel.Name, Model: w.Candidate.Model, Tier: w.Candidate.Tier, MaxOutputTokens: w.Candidate.MaxOutputTokens,
	}
	say := func(code string, r routing.Reason) {
		out.Code, out.Reason, out.Because = code, r.String(), because(r)
	}
	say(string(w.Verdict), w.Reason)
	fit := len(w.Channel.Keys) == 0
	for i, k := range w.Keys {
		x := contract.ExplainKey{
			ID: k.Key.ID, Label: k.Key.Label, Code: string(k.Verdict), Reason: k.Reason.String(), Because: because(k.Reason),
			Usable: k.Verdict == routing.Usable,
		}
		if x.Usable && i < len(s.Keys) {
			if code, why := against(s.Keys[i].State, s.Keys[i].Reason, s.Keys[i].Models, w.Candidate.Model); code != "" {
				x.Usable, x.Code, x.Reason, x.Because = false, code, why.String(), because(why)
			}
		}
		fit = fit || x.Usable
		out.Keys = append(out.Keys, x)
	}
	if w.Verdict != routing.Usable {
		return out
	}
	code, why := against(s.State, s.Reason, s.Models, w.Candidate.Model)
	switch {
	case s.Code == "adapter_absent":
		say("absent", routing.Because(routing.AdapterAbsent, "adapter", w.Channel.Adapter))
	case code != "" && code != "degraded" && code != "untested":
		say(code, why)
	case !fit:
		say("cooling", routing.Because(routing.NoFitKey))
	}
	return out
}

// against is what speaks against a channel or key now, as a code and for people; "" where nothing does.
func against(state, reason string, models []contract.ModelStatus, model string) (code string, why routing.Reason) {
	health := func(state, reason string) (string, routing.Reason) {
		return state, routing.Because(routing.Health, "state", state, "said", cmp.Or(reason, state))
	}
	switch state {
	case "", string(balance.OK), "degraded", "untested":
	default:
		return health(state, reason)
	}
	for _, m := range models {
		if m.Model == model {
			return health(m.State, m.Reason)
		}
	}
	return "", routing.Reason{}
}

// rank puts the channels in the order in which the next request would try them: what is fit first, by tier.
func rank(e *contract.Explanation, strategy config.Strategy) {
	order := func(c contract.ExplainChannel) int {
		switch c.Code {
		case string(routing.Usable):
			return 0
		case "cooling", "quota":
			return 1
		}
		return 2
	}
	slices.SortStableFunc(e.Channels, func(a, b contract.ExplainChannel) int {
		return cmp.Or(order(a)-order(b), cmp.Compare(a.Tier, b.Tier))
	})
	first := map[int]int{}
	n := 0
	for i := range e.Channels {
		c := &e.Channels[i]
		if order(*c) == 2 || e.Refusal != "" {
			continue
		}
		n++
		c.Rank = n
		if order(*c) != 0 {
			continue
		}
		first[c.Tier]++
		c.Code = "possible"
		if n == 1 {
			c.Code = "chosen"
		}
		c.Reason, c.Because = routing.Because(routing.Fit).String(), because(routing.Because(routing.Fit))
	}
	e.Settled = strategy == config.Failover || n > 0 && first[e.Channels[0].Tier] == 1
	step := routing.Rule{Kind: "strategy", Name: string(strategy), Chosen: !e.Settled, Reason: routing.Because(routing.StrategyDecides)}
	if e.Settled {
		step.Reason = routing.Because(routing.OrderDecides)
	}
	e.Steps = append(e.Steps, explainStep(step))
}

// set gives values below a path, or takes those that are nil out of the file, and finishes the change.
func (a *api) set(c *call, d *draft, under string, values map[string]any) (contract.Changed, error) {
	var edits []edit.Edit
	for _, name := range slices.Sorted(maps.Keys(values)) {
		edits = append(edits, setOrDelete(under+name, values[name]))
	}
	if err := a.apply(d, edits); err != nil {
		return contract.Changed{}, err
	}
	return a.finish(c, d)
}
