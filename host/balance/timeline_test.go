package balance

import (
	"container/heap"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/routing"
)

// timeline is a world in which many requests are under way at the same time.
type timeline struct {
	*world
	events events
	seq    int
}

type event struct {
	at  time.Time
	seq int
	do  func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	if e[i].at.Equal(e[j].at) {
		return e[i].seq < e[j].seq
	}
	return e[i].at.Before(e[j].at)
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

func newTimeline(t *testing.T) *timeline { return &timeline{world: newWorld(t)} }

// after lets f happen d from now.
func (l *timeline) after(d time.Duration, f func()) {
	l.seq++
	heap.Push(&l.events, event{at: l.clock.Add(d), seq: l.seq, do: f})
}

// run lets everything happen until d from now; what is due later stays.
func (l *timeline) run(d time.Duration) {
	end := l.clock.Add(d)
	for len(l.events) > 0 && !l.events[0].at.After(end) {
		e := heap.Pop(&l.events).(event)
		l.clock = e.at
		e.do()
	}
	l.clock = end
}

// speed is how a target answers: content after first, the end after length more. A fault comes after first.
type speed struct {
	first, length time.Duration
	fault         failure.Fault
}

// ask sends one request, which goes where it is sent to until a target answers.
func (l *timeline) ask(cands []routing.Candidate, r Request, answer func(Target) speed, chosen func(Target)) {
	pick := l.Begin(cands, r)
	var next func()
	next = func() {
		target, pause, found := pick.Next()
		if !found {
			pick.End()
			return
		}
		chosen(target)
		s := answer(target)
		l.after(pause+s.first, func() {
			if s.fault.Class != 0 || s.fault.Kind != 0 {
				pick.Failed(target, failure.Rule(&s.fault))
				next()
				return
			}
			pick.Succeeded(target)
			l.after(s.length, pick.End)
		})
	}
	next()
}

// every sends n requests in even steps.
func (l *timeline) every(step time.Duration, n int, f func()) {
	for i := range n {
		l.after(time.Duration(i)*step, f)
	}
}
