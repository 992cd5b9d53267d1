package wasm

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// 64 exchanges share an instance when one of them traps: it fails alone, the others end with the right ops.
func TestTrapAmongMany(t *testing.T) {
	p, ch := loadTrouble(t, Options{Instances: 1})
	all := make([]*player, 64)
	for i := range all {
		all[i] = mustBegin(t, ch, fmt.Sprint("x", i))
		defer all[i].Close()
	}
	if s := p.Stats(); s.Instances != 1 || s.Exchanges != 64 {
		t.Fatalf("%+v", s)
	}
	for round := range 3 {
		for _, x := range all {
			if err := x.say(fmt.Sprint("round ", round)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := all[17].send(`{"do":"trap"}`); err == nil {
		t.Fatal("no trap")
	}
	for i, x := range all {
		if i == 17 {
			if _, err := x.send(`{"say":"more"}`); err == nil {
				t.Error("the exchange that trapped goes on")
			}
			continue
		}
		for range 2 {
			if err := x.say("after"); err != nil {
				t.Error(err)
			}
		}
		x.em.Reset()
		if err := x.End(adapter.EOF, &x.em); err != nil || textOf(x.em.Buf) != "eof" {
			t.Errorf("end: %v", err)
		}
	}
	if s := p.Stats(); s.Faults != 1 || s.Replays != 63 || s.Lost != 0 {
		t.Errorf("%+v", s)
	}
}

// Begin alone is rebuilt too, extern strings and all, for whatever call comes next.
func TestReplayBegin(t *testing.T) {
	_, ch := loadTrouble(t, Options{Instances: 1})
	body := client(t, fmt.Sprintf(`{"model":"m","a":%q,"b":["x\n",%q],"c":{"d":%q}}`, strings.Repeat("long ", 5000), strings.Repeat("\n", 9000), strings.Repeat("ü", 9000)))
	if len(body.Ext) != 3 {
		t.Fatalf("%d extern strings", len(body.Ext))
	}
	x, err := begin(ch, "x", body)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	checkBody(t, x, body)
	h := &x.Run.(*run).history
	f, err := h.frame(new(jsonindex.Builder))
	if err != nil {
		t.Fatal(err)
	}
	src, ents, ext := body.AppendCut(nil, nil, nil)
	if !bytes.Equal(f.doc.Src, src) || !reflect.DeepEqual(f.doc.Ents, ents) || !reflect.DeepEqual(f.doc.Ext, ext) {
		t.Error("the document is not what it was")
	}
	killer := mustBegin(t, ch, "killer")
	defer killer.Close()
	if _, err := killer.send(`{"do":"trap"}`); err == nil {
		t.Fatal("no trap")
	}
	if err := x.Whole(parse(t, `{}`), &x.em); err != nil || textOf(x.em.Buf) != "x whole 0" {
		t.Errorf("%v, %q", err, textOf(x.em.Buf))
	}
}

// What cannot be repeated exactly, or was not kept, is lost, and says so.
func TestLost(t *testing.T) {
	_, ch := loadTrouble(t, Options{Instances: 1})
	kill := func() {
		t.Helper()
		x := mustBegin(t, ch, "killer")
		defer x.Close()
		if _, err := x.send(`{"do":"trap"}`); err == nil {
			t.Fatal("no trap")
		}
	}
	lost := func(x *player) {
		t.Helper()
		_, err := x.send(`{"say":"more"}`)
		if e, ok := errors.AsType[*Error](err); !ok || e.Reason != Lost {
			t.Errorf("%v", err)
		}
		x.Close()
	}
	// impure: it counts over all exchanges
	a, b := mustBegin(t, ch, "a"), mustBegin(t, ch, "b")
	for _, x := range []*player{a, b} {
		if _, err := x.send(`{"impure":1}`); err != nil {
			t.Fatal(err)
		}
	}
	kill()
	lost(b) // it would be the first to be counted now
	lost(a)

	// more than a mebibyte of inputs
	c := mustBegin(t, ch, "c")
	long := `{"quiet":"` + strings.Repeat("x", 100_000) + `"}`
	for range 11 {
		if _, err := c.send(long); err != nil {
			t.Fatal(err)
		}
	}
	kill()
	lost(c)

	// more than all exchanges together may keep
	p := loadWith(t, Config{CacheDir: cacheDir, ReplayBytes: 40_000}, trouble, Options{Instances: 1})
	ch = configure(t, p, `{"prefix":"~"}`)
	d, e := mustBegin(t, ch, "d"), mustBegin(t, ch, "e")
	if _, err := d.send(`{"quiet":"` + strings.Repeat("x", 50_000) + `"}`); err != nil {
		t.Fatal(err)
	}
	if s := p.Stats(); s.Unkept != 1 || s.KeptBytes > 40_000 {
		t.Errorf("%+v", s)
	}
	kill()
	lost(d)
	if err := e.say("kept"); err == nil {
		e.Close()
	} else {
		t.Error(err)
	}
	if s := p.Stats(); s.KeptBytes != 0 || s.Exchanges != 0 {
		t.Errorf("%+v", s)
	}
}
