package adaptertest

import (
	"bytes"
	"fmt"
	"time"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// Options adjusts the checks. The zero value is the usual choice.
type Options struct {
	// Update makes Run write the goldens as they came out instead of comparing them; the other checks run all the same.
	Update bool
	// Fields also checks that each field of the client's body is read or named by a loss.
	Fields bool
	// PrefixOf takes, for check prefix, the part of an upstream body that another turn must leave as it is; nil means the
	// whole body, in which a new turn may only insert bytes.
	PrefixOf func(body []byte) []byte
	// Seeds is how many random slicings check split tries; 0 means 20.
	Seeds int
}

// Suite is an adapter with its cases. It owns the cases.
type Suite struct {
	Cases []*Case

	runner   runner.Runner
	manifest adapter.Manifest
	options  Options
	configs  map[string]runner.Channel
}

// NewSuite prepares the cases to be checked. The runner stays the caller's.
func NewSuite(r runner.Runner, cases []*Case, o Options) *Suite {
	if o.Seeds == 0 {
		o.Seeds = 20
	}
	m := r.Manifest()
	for _, c := range cases {
		c.call.Headers = forwarded(&m, c.sent)
	}
	return &Suite{Cases: cases, runner: r, manifest: m, options: o, configs: map[string]runner.Channel{}}
}

// channel configures the adapter, once for each text of options.
func (s *Suite) channel(options []byte) (runner.Channel, error) {
	if ch := s.configs[string(options)]; ch != nil {
		return ch, nil
	}
	var doc *jsonindex.Doc
	if len(bytes.TrimSpace(options)) > 0 {
		var err error
		if doc, err = jsonindex.Parse(append([]byte(nil), options...), jsonindex.Mode{Unique: true}); err != nil {
			return nil, fmt.Errorf("section options.json: %w", err)
		}
	}
	ch, err := s.runner.Configure(doc)
	if err != nil {
		return nil, err
	}
	wipeDoc(doc)
	s.configs[string(options)] = ch
	return ch, nil
}

type check struct {
	name string
	run  func(*bench)
}

// checks are all checks of a case in order.
var checks = [...]check{
	{checkGolden, func(b *bench) { b.c.checkGoldens(b.r, b.t) }},
	{checkContract, (*bench).contract},
	{checkJSON, (*bench).json},
	{checkSecret, (*bench).secret},
	{checkPure, (*bench).pure},
	{checkLifetime, (*bench).lifetime},
	{checkSplit, (*bench).split},
	{checkGuest, (*bench).guest},
	{checkLong, (*bench).long},
	{checkRender, func(b *bench) { b.c.checkAnswer(b.r, b.t) }},
	{checkCut, (*bench).cut},
	{checkPrefix, (*bench).prefix},
	{checkFields, (*bench).fields},
	{checkGarbage, (*bench).garbage},
	{checkReplay, (*bench).replay},
	{checkSays, (*bench).saying},
	{checkTaken, (*bench).taken},
	{checkReach, (*bench).reach},
}

// bench is one case under test: the play as recorded, which all checks compare with.
type bench struct {
	s     *Suite
	c     *Case
	other *Case
	ch    runner.Channel
	t     *traced
	r     *Report
}

// Check runs all checks of one case.
func (s *Suite) Check(c *Case) *Report {
	r := &Report{Case: c.Name, Level: c.Level(), Generic: c.generic}
	defer func(began time.Time) { r.Cost.Time = time.Since(began) }(time.Now())
	ch, err := s.channel(c.options)
	if err != nil {
		return s.refusedOptions(c, r, err)
	}
	b := &bench{s: s, c: c, other: s.partner(c), ch: ch, r: r}
	before, _ := s.spent()
	b.t = b.play(play{})
	r.Cost.Instructions, r.Cost.Memory = s.spent()
	r.Cost.Instructions -= before
	r.Shown = b.t.at != atBegin && (b.t.local || c.answer != noAnswer || r.Level >= 4)
	if b.t.broken != "" {
		r.add(Finding{Check: checkContract, Message: b.t.broken})
		return r
	}
	r.File = c.updated(b.t)
	for _, check := range checks {
		if !c.skip[check.name] && (check.name != checkGolden || !s.options.Update && !c.generic) {
			check.run(b)
		}
	}
	return r
}

// refusedOptions handles a case whose options New refuses: its only golden is the failure.
func (s *Suite) refusedOptions(c *Case, r *Report, err error) *Report {
	x := exchange{c: c}
	x.failed(atOptions, err)
	r.File = c.updated(&x.t)
	if x.t.broken != "" {
		r.add(Finding{Check: checkContract, Message: x.t.broken})
	}
	if !s.options.Update && !c.generic {
		c.checkGoldens(r, &x.t)
	}
	return r
}

// spent is what the adapter has cost so far, nothing where nobody counts.
func (s *Suite) spent() (instructions, memory int64) {
	if m, ok := s.runner.(runner.Metered); ok {
		return m.Spent()
	}
	return 0, 0
}

// partner is the case whose exchange is interleaved with that of c: the next one that answers, or c itself.
func (s *Suite) partner(c *Case) *Case {
	at := 0
	for i, other := range s.Cases {
		if other == c {
			at = i
		}
	}
	for i := range s.Cases {
		other := s.Cases[(at+1+i)%len(s.Cases)]
		if _, err := s.channel(other.options); err == nil && other.answer != noAnswer {
			return other
		}
	}
	return c
}

func (b *bench) play(p play) *traced {
	b.r.Exchanges++
	return b.c.play(b.ch, p)
}

func (b *bench) fault(check, format string, args ...any) {
	b.r.add(Finding{Check: check, Message: fmt.Sprintf(format, args...)})
}

// same reports how u differs from the recorded play and whether it is equal.
func (b *bench) same(check, how string, u *traced) bool {
	f := difference(b.t, u)
	if f == nil {
		return true
	}
	f.Check = check
	f.Message = how + ": " + f.Message
	b.r.add(*f)
	return false
}

// difference compares two plays byte by byte; nil when they are equal.
func difference(a, b *traced) *Finding {
	for _, p := range []struct{ what, a, b string }{
		{"the upstream request differs", a.request, b.request},
		{"the upstream body differs", string(a.body), string(b.body)},
		{"the losses differ", lossesText(a.losses), lossesText(b.losses)},
		{"the failure differs", failureText(a.fail, ""), failureText(b.fail, "")},
		{"the ops differ", string(a.ops), string(b.ops)},
		{"the runner failed", a.broken, b.broken},
	} {
		if p.a == p.b {
			continue
		}
		f := &Finding{Message: p.what, Expected: p.a, Actual: p.b}
		switch p.what {
		case "the ops differ":
			f.Expected, f.Actual = ops.Dump(a.ops), ops.Dump(b.ops)
		case "the upstream body differs":
			f.Expected, f.Actual = indented(a.body), indented(b.body)
		}
		if b.panics != nil {
			f.Message += ": " + b.panics.Error()
		}
		return f
	}
	return nil
}
