package wasm

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// A 20 MB image passes through the default limit without being copied.
func TestImage(t *testing.T) {
	p, ch := loadTrouble(t, Options{})
	body := client(t, `{"model":"m","image":"`+strings.Repeat("iVBORw0K", 20<<20/8)+`"}`)
	x, err := begin(ch, "x", body)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	i := x.Run.(*run).i
	if i.room > 64<<10 || int64(i.mem.Size()) > 8<<20 || len(x.up.Body.Literal()) > 4<<10 || x.Run.(*run).history.held > 8<<10 {
		t.Errorf("arena %d, memory %d, copied out %d, kept %d", i.room, i.mem.Size(), len(x.up.Body.Literal()), x.Run.(*run).history.held)
	}
	checkBody(t, x, body)
	if s := p.Stats(); s.Faults != 0 {
		t.Errorf("%+v", s)
	}
}

// Frames over a quarter of the memory get an instance of their own; what cannot fit is refused and traps nothing.
func TestBigFrames(t *testing.T) {
	p, ch := loadTrouble(t, Options{Instances: 1})
	beside := mustBegin(t, ch, "beside")
	defer beside.Close()

	// 8 MiB of short messages fit the ordinary way.
	ordinary := client(t, `{"model":"m","a":[`+strings.Repeat(`"`+strings.Repeat("y", 2000)+`",`, 4190)+`0]}`)
	x, err := begin(ch, "ordinary", ordinary)
	if err != nil {
		t.Fatal(err)
	}
	if x.Run.(*run).i.private {
		t.Error("8 MiB needed an instance of its own")
	}
	checkBody(t, x, ordinary)
	x.Close()

	// 4 MB of numbers become 26 MB with their index.
	dense := client(t, `{"model":"m","a":[`+strings.Repeat("1,", 2_000_000)+`0]}`)
	if x, err = begin(ch, "dense", dense); err != nil {
		t.Fatal(err)
	}
	i := x.Run.(*run).i
	if !i.private || p.Stats().Instances != 2 {
		t.Errorf("private %v, %+v", i.private, p.Stats())
	}
	checkBody(t, x, dense)
	x.Close()
	if i.dead == nil || p.Stats().Instances != 1 {
		t.Errorf("it is still there: %+v", p.Stats())
	}

	// A big answer moves its exchange; a small one stays where it is.
	if x, err = begin(ch, "answer", client(t, `{"model":"m"}`)); err != nil {
		t.Fatal(err)
	}
	if err := x.Whole(parse(t, `[`+strings.Repeat("1,", 2_000_000)+`0]`), &x.em); err != nil || textOf(x.em.Buf) != "answer whole 2000001" {
		t.Errorf("%v, %.100q", err, textOf(x.em.Buf))
	}
	if !x.Run.(*run).i.private {
		t.Error("the answer did not get an instance of its own")
	}
	x.Close()

	faults := p.Stats().Faults
	_, err = begin(ch, "too dense", client(t, `{"model":"m","a":[`+strings.Repeat("1,", 4_000_000)+`0]}`))
	if e, ok := errors.AsType[*Error](err); !ok || e.Reason != TooLarge {
		t.Errorf("%v", err)
	}
	x = mustBegin(t, ch, "too large an answer")
	err = x.Whole(parse(t, `[`+strings.Repeat("1,", 4_000_000)+`0]`), &x.em)
	if e, ok := errors.AsType[*Error](err); !ok || e.Reason != TooLarge {
		t.Errorf("%v", err)
	}
	x.Close()
	if err := beside.say("still here"); err != nil {
		t.Error(err)
	}
	if s := p.Stats(); s.Faults != faults || s.Exchanges != 1 {
		t.Errorf("%+v", s)
	}
}

// At every size a request is either served or refused as too large.
func TestEverySize(t *testing.T) {
	_, ch := loadTrouble(t, Options{Instances: 1, Limits: Limits{Memory: 16 << 20}})
	served := 0
	for n := 0; n <= 1_100_000; n += 50_000 {
		x, err := begin(ch, "x", client(t, `{"model":"m","a":[`+strings.Repeat("1,", n)+`0]}`))
		if err == nil {
			served = n
			x.Close()
		} else if e, ok := errors.AsType[*Error](err); !ok || e.Reason != TooLarge {
			t.Errorf("%d: %v", n, err)
		}
	}
	if served < 200_000 {
		t.Errorf("only %d numbers fit", served)
	}
}

// A thousand live streams share instances: together they take what sixteen instances take, and not a thousand.
func TestThousandStreams(t *testing.T) {
	p, ch := loadTrouble(t, Options{})
	const streams, events = 1000, 20
	all := make([]*player, streams)
	for i := range all {
		all[i] = mustBegin(t, ch, fmt.Sprint("s", i))
		defer all[i].Close()
	}
	for range events {
		for _, x := range all {
			if _, err := x.send(`{"quiet":"some words that a model says at a time"}`); err != nil {
				t.Fatal(err)
			}
		}
	}
	s := p.Stats()
	t.Logf("%d instances and %.1f MB for %d streams", s.Instances, float64(s.Memory)/1e6, s.Exchanges)
	if s.Exchanges != streams || s.Instances > streams/64+1 || s.Memory > 130_000_000 {
		t.Errorf("%+v", s)
	}
}
