package telemetry

import (
	"strings"
	"time"
)

// Filter picks exchanges. Its zero value lets all through; fields add up.
type Filter struct {
	// Limit is how many at most; 0 means all.
	Limit int
	// Before lets through only what came before it; zero means now. It is for paging.
	Before, Since time.Time
	// Outcomes lets through only these; empty means all.
	Outcomes []Outcome
	// Status is what the client saw; 0 means any.
	Status int
	// Channel and Key match any attempt; Key is a label or an id. Model is the client's name, Client the client key's.
	Channel, Key, Model, Client string
	// Text is looked for, in any case, in ids, names, models, sessions and messages.
	Text string
}

// matches says whether an exchange gets through.
func (f *Filter) matches(e *Exchange) bool {
	switch {
	case !f.Before.IsZero() && !e.Time.Before(f.Before),
		!f.Since.IsZero() && e.Time.Before(f.Since),
		f.Status != 0 && f.Status != e.Status,
		f.Model != "" && f.Model != e.Model,
		f.Client != "" && f.Client != e.Client,
		len(f.Outcomes) > 0 && !oneOf(f.Outcomes, e.Outcome),
		(f.Channel != "" || f.Key != "") && !f.tried(e.Attempts):
		return false
	}
	return f.Text == "" || e.mentions(strings.ToLower(f.Text))
}

func oneOf(list []Outcome, o Outcome) bool {
	for _, x := range list {
		if x == o {
			return true
		}
	}
	return false
}

func (f *Filter) tried(attempts []Attempt) bool {
	for i := range attempts {
		a := &attempts[i]
		if (f.Channel == "" || f.Channel == a.Channel) && (f.Key == "" || f.Key == a.Key || f.Key == a.KeyID) {
			return true
		}
	}
	return false
}

// mentions says whether a lower-case text stands somewhere in what people search by.
func (e *Exchange) mentions(text string) bool {
	for _, s := range [...]string{e.ID, e.Client, e.Model, e.Session, e.Message, e.UpstreamID, e.UpstreamModel, e.Channel, e.Adapter, e.Key, e.Stop} {
		if strings.Contains(strings.ToLower(s), text) {
			return true
		}
	}
	for i := range e.Attempts {
		a := &e.Attempts[i]
		if strings.Contains(strings.ToLower(a.Channel+" "+a.Key+" "+a.Model), text) ||
			a.Fault != nil && strings.Contains(strings.ToLower(a.Fault.Message), text) {
			return true
		}
	}
	return false
}

// ring holds the exchanges that ended last. Its owner locks.
type ring struct {
	slots []*Exchange
	// next is where the next one goes, count how many there are.
	next, count int
}

// resize keeps as many of the newest as fit into n.
func (r *ring) resize(n int) {
	if n == len(r.slots) {
		return
	}
	slots := make([]*Exchange, n)
	kept := min(n, r.count)
	for i := range kept {
		slots[kept-1-i] = r.at(i)
	}
	r.slots, r.count, r.next = slots, kept, 0
	if n > 0 {
		r.next = kept % n
	}
}

func (r *ring) add(e *Exchange) {
	if len(r.slots) == 0 {
		return
	}
	r.slots[r.next] = e
	r.next = (r.next + 1) % len(r.slots)
	r.count = min(r.count+1, len(r.slots))
}

// at is the i-th newest.
func (r *ring) at(i int) *Exchange {
	return r.slots[(r.next-1-i+2*len(r.slots))%len(r.slots)]
}

func (r *ring) find(f *Filter) []Exchange {
	list := []Exchange{}
	for i := range r.count {
		if f.Limit > 0 && len(list) == f.Limit {
			break
		}
		if e := r.at(i); f.matches(e) {
			list = append(list, *e)
		}
	}
	return list
}

func (r *ring) get(id string) (Exchange, bool) {
	for i := range r.count {
		if e := r.at(i); e.ID == id {
			return *e, true
		}
	}
	return Exchange{}, false
}
