package sse

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

func whole(left int) int { return left }
func bytewise(int) int   { return 1 }

func TestFraming(t *testing.T) {
	f := func(name, input string, want ...got) {
		t.Helper()
		for how, cut := range map[string]func(int) int{"whole": whole, "bytewise": bytewise} {
			r := run(NewParser(Limits{}), []byte(input), cut)
			if r.Err != "" || !reflect.DeepEqual(r.Events, want) {
				t.Errorf("%s (%s):\n got %+v %s\nwant %+v", name, how, r.Events, r.Err, want)
			}
			if string(r.raws()) != input {
				t.Errorf("%s (%s): Raws and tail are %q, want the input %q", name, how, r.raws(), input)
			}
		}
	}
	data := func(raw, data string) got { return got{Raw: raw, Data: data, HasData: true} }

	// line ends
	f("LF", "data: a\n\ndata: b\n\n", data("data: a\n\n", "a"), data("data: b\n\n", "b"))
	f("CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", data("data: a\r\n\r\n", "a"), data("data: b\r\n\r\n", "b"))
	f("CR", "data: a\r\rdata: b\r\r", data("data: a\r\r", "a"), data("data: b\r\r", "b"))
	f("CR then CRLF", "data: a\r\r\ndata: b\n\n", data("data: a\r\r", "a"), data("\ndata: b\n\n", "b"))
	f("CRLF then LF", "data: a\r\n\ndata: b\n\r\n", data("data: a\r\n\n", "a"), data("data: b\n\r\n", "b"))
	f("LF then CR", "data: a\n\rdata: b\n\r", data("data: a\n\r", "a"), data("data: b\n\r", "b"))
	// byte order mark: once, and only in front
	f("BOM", "\xEF\xBB\xBFdata: a\n\n\xEF\xBB\xBFdata: b\n\n",
		data("\xEF\xBB\xBFdata: a\n\n", "a"), got{Raw: "\xEF\xBB\xBFdata: b\n\n"})
	f("BOM alone on a line", "\xEF\xBB\xBF\n\ndata: a\n\n", got{Raw: "\xEF\xBB\xBF\n"}, got{Raw: "\n"}, data("data: a\n\n", "a"))
	// values
	f("no blank after the colon", "data:a\n\n", data("data:a\n\n", "a"))
	f("one of two blanks goes", "data:  a \n\n", data("data:  a \n\n", " a "))
	f("multi-line", "data: a\ndata:\ndata: b\n\n", data("data: a\ndata:\ndata: b\n\n", "a\n\nb"))
	f("no colon", "data\n\n", data("data\n\n", ""))
	f("no colon, twice", "data\ndata\n\n", data("data\ndata\n\n", "\n"))
	f("colon in the value", "data: a: b\n\n", data("data: a: b\n\n", "a: b"))
	f("rune", "data: ü€😀\n\n", data("data: ü€😀\n\n", "ü€😀"))
	f("not UTF-8", "data: \xff\xfe\n\n", data("data: \xff\xfe\n\n", "\xff\xfe"))
	f("field names are exact", "Data: a\ndata : b\n data: c\ndataset: d\n\n", got{Raw: "Data: a\ndata : b\n data: c\ndataset: d\n\n"})
	// names, ids
	f("event", "event: ping\ndata: {}\n\n", got{Name: "ping", Raw: "event: ping\ndata: {}\n\n", Data: "{}", HasData: true})
	f("event after data, last wins", "data: 1\nevent: x\nevent:y\n\n", got{Name: "y", Raw: "data: 1\nevent: x\nevent:y\n\n", Data: "1", HasData: true})
	f("name ends with its frame", "event: x\n\ndata: 1\n\n", got{Name: "x", Raw: "event: x\n\n"}, data("data: 1\n\n", "1"))
	f("id", "id: 7\ndata: 1\n\nid: a\x00b\ndata: 2\n\n", got{ID: "7", Raw: "id: 7\ndata: 1\n\n", Data: "1", HasData: true},
		data("id: a\x00b\ndata: 2\n\n", "2"))
	f("retry and unknown", "retry: 5\nx: y\ndata: 1\n\n", data("retry: 5\nx: y\ndata: 1\n\n", "1"))
	// nothing to dispatch
	f("comment", ": ping\n\n:\n\ndata: 1\n\n", got{Raw: ": ping\n\n"}, got{Raw: ":\n\n"}, data("data: 1\n\n", "1"))
	f("comment inside", "data: 1\n: c\ndata: 2\n\n", data("data: 1\n: c\ndata: 2\n\n", "1\n2"))
	f("blank lines", "\n\r\n\ndata: 1\n\n\n", got{Raw: "\n"}, got{Raw: "\r\n"}, got{Raw: "\n"}, data("data: 1\n\n", "1"), got{Raw: "\n"})
	// the end
	f("empty", "")
	f("last blank line missing", "data: 1\n", got{Raw: "data: 1\n", Data: "1", HasData: true, Unterminated: true})
	f("last blank line missing, CR", "data: 1\r", got{Raw: "data: 1\r", Data: "1", HasData: true, Unterminated: true})
	f("last line not whole", "data: 1\n\ndata: 2\ndata: 3", data("data: 1\n\n", "1"))
	f("last line not whole, one line", "data: [DONE]")
	f("nothing but a comment at the end", "data: 1\n\n: bye\n", data("data: 1\n\n", "1"))
	f("CR in last place ends the frame", "data: 1\n\r", data("data: 1\n\r", "1"))
}

func TestLines(t *testing.T) {
	f := func(name, input string, want ...got) {
		t.Helper()
		for how, cut := range map[string]func(int) int{"whole": whole, "bytewise": bytewise} {
			r := run(NewLines(Limits{}), []byte(input), cut)
			if r.Err != "" || !reflect.DeepEqual(r.Events, want) || string(r.raws()) != input {
				t.Errorf("%s (%s):\n got %+v %s\nwant %+v", name, how, r.Events, r.Err, want)
			}
		}
	}
	f("LF and CRLF", "{\"a\":1}\n[2]\r\n", got{Raw: "{\"a\":1}\n", Data: `{"a":1}`, HasData: true}, got{Raw: "[2]\r\n", Data: "[2]", HasData: true})
	f("blank", "\n \t\r\n1\n", got{Raw: "\n"}, got{Raw: " \t\r\n"}, got{Raw: "1\n", Data: "1", HasData: true})
	f("BOM", "\xEF\xBB\xBF{}\n", got{Raw: "\xEF\xBB\xBF{}\n", Data: "{}", HasData: true})
	f("white space around", "  {} \n", got{Raw: "  {} \n", Data: "{}", HasData: true})
	f("no end", "1\n2", got{Raw: "1\n", Data: "1", HasData: true}, got{Raw: "2", Data: "2", HasData: true, Unterminated: true})
	f("blank end", "1\n  ", got{Raw: "1\n", Data: "1", HasData: true})
	f("not an event stream", "data: 1\n\n", got{Raw: "data: 1\n", Data: "data: 1", HasData: true}, got{Raw: "\n"})
}

// A sender that ends lines with CR alone gets its events out when they are complete, not one event later.
func TestBareCRIsNotHeldBack(t *testing.T) {
	p := NewParser(Limits{})
	p.Feed([]byte("data: a\r\r"))
	var ev Event
	if ok, err := p.Next(&ev); !ok || err != nil || string(ev.Data) != "a" {
		t.Fatalf("got %v %v %q, want the event", ok, err, ev.Data)
	}
	p.Feed([]byte("\n: late\n\n"))
	if ok, _ := p.Next(&ev); !ok || ev.HasData || string(ev.Raw) != "\n: late\n\n" {
		t.Fatalf("got %v %+v, want the LF in front of the comment", ok, copied(ev))
	}
}

func TestLimits(t *testing.T) {
	f := func(name string, l Limits, input string, events int, limit string) {
		t.Helper()
		for how, cut := range map[string]func(int) int{"whole": whole, "bytewise": bytewise} {
			for kind, p := range map[string]*Parser{"sse": NewParser(l), "lines": NewLines(l)} {
				if (kind == "lines") != strings.HasPrefix(name, "lines") {
					continue
				}
				r := run(p, []byte(input), cut)
				var ev Event
				_, err := p.Next(&ev)
				var le *LimitError
				if errors.As(err, &le) != (limit != "") || le != nil && (le.Limit != limit || le.Error() != r.Err) || len(r.Events) != events {
					t.Errorf("%s (%s): %d events, error %v; want %d, %q", name, how, len(r.Events), err, events, limit)
				}
			}
		}
	}
	f("frame as large as allowed", Limits{MaxEvent: 9}, "data: a\n\ndata: b\n\n", 2, "")
	f("frame one byte too large", Limits{MaxEvent: 9}, "data: a\n\ndata: bb\n\n", 1, "MaxEvent")
	f("endless line", Limits{MaxEvent: 100}, "data: "+strings.Repeat("x", 1000), 0, "MaxEvent")
	f("endless frame", Limits{MaxEvent: 100}, strings.Repeat("data: x\n", 100), 0, "MaxEvent")
	f("CRLF counts", Limits{MaxEvent: 10}, "data: a\r\n\r\n", 0, "MaxEvent")
	f("comments", Limits{MaxIdleLines: 4}, ":\n\n:\n\n:\n\n", 2, "MaxIdleLines")
	f("comments within one frame", Limits{MaxIdleLines: 4}, strings.Repeat(": x\n", 5), 0, "MaxIdleLines")
	f("data makes progress", Limits{MaxIdleLines: 4}, strings.Repeat(":\n\ndata: 1\n\n", 20), 40, "")
	f("names without data are idle", Limits{MaxIdleLines: 4}, "event: x\n\nevent: x\n\nevent: x\n\n", 2, "MaxIdleLines")
	f("many data lines are no idling", Limits{MaxIdleLines: 4}, strings.Repeat("data: x\n", 50)+"\n", 1, "")
	f("lines too long", Limits{MaxEvent: 4}, "123\n1234\n", 1, "MaxEvent")
	f("lines blank", Limits{MaxIdleLines: 2}, "1\n\n\n\n2\n", 3, "MaxIdleLines")
}

func TestResetForgetsEverything(t *testing.T) {
	p := NewParser(Limits{MaxEvent: 1 << 20})
	for _, dirt := range []string{
		"event: x\nid: 1\ndata: a\ndata: b\n", "data: a\r\r", "\xEF\xBB", "data: " + strings.Repeat("y", 1<<20) + "\n\n",
	} {
		run(p, []byte(dirt), whole)
		p.Reset()
		r := run(p, []byte("\xEF\xBB\xBFdata: 1\n\n"), whole)
		want := []got{{Raw: "\xEF\xBB\xBFdata: 1\n\n", Data: "1", HasData: true}}
		if r.Err != "" || !reflect.DeepEqual(r.Events, want) || p.Pending() != 0 {
			t.Errorf("after %.20q: %+v %s", dirt, r.Events, r.Err)
		}
		p.Reset()
	}
	if cap(p.buf) > keepBuffer {
		t.Errorf("a buffer of %d bytes is kept", cap(p.buf))
	}
}

// Memory stays within the largest event and one read, for any size of reads; a large buffer is given back.
func TestBufferIsBounded(t *testing.T) {
	const largest = 1 << 20
	p := NewParser(Limits{MaxEvent: largest})
	big := "data: " + strings.Repeat("x", largest-8) + "\n\n"
	small := "data: 1\n\n"
	for range 3 {
		for rest := big + small; rest != ""; {
			n := copy(p.Space(4096)[:4096], rest)
			p.Advance(n)
			rest = rest[n:]
			var ev Event
			for ok := true; ok; {
				var err error
				if ok, err = p.Next(&ev); err != nil {
					t.Fatal(err)
				}
			}
			if len(p.buf) > largest+2*4096 {
				t.Fatalf("buffer of %d bytes", len(p.buf))
			}
		}
	}
	if p.Space(4096); len(p.buf) > keepBuffer {
		t.Errorf("a buffer of %d bytes is kept", len(p.buf))
	}
}

func TestNamesDoNotAllocate(t *testing.T) {
	p := NewParser(Limits{})
	input := []byte("event: content_block_delta\ndata: {}\n\nevent: response.output_text.delta\ndata: {}\n\n" +
		"event: vendor.own\ndata: {}\n\nevent: vendor.own\ndata: {}\n\n")
	var ev Event
	pass := func() {
		p.Feed(input)
		for {
			if ok, _ := p.Next(&ev); !ok {
				return
			}
		}
	}
	pass()
	if n := testing.AllocsPerRun(100, pass); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// pieces is what random streams are made of.
var pieces = []string{
	"data: ", "data:", "data", "event: ", "event:ping", "id: 1", "retry: 3", ": c", ":", "\n", "\n", "\n\n", "\r", "\r\n", "\r\n\r\n",
	"\r\r", "a", " ", "ü", "😀", "\xEF\xBB\xBF", "\x00", "{\"x\":[1,2]}", "[DONE]", strings.Repeat("long ", 50),
}

func randomStream(r *rand.Rand) []byte {
	var b bytes.Buffer
	for range r.IntN(40) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.Bytes()
}

func TestAnySlicingGivesTheSame(t *testing.T) {
	for seed := range uint64(5_000) {
		r := rand.New(rand.NewPCG(seed, 1))
		input := randomStream(r)
		checkSlicings(t, input, r)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// checkSlicings compares whole, bytewise and random slicing with each other and with the reference.
func checkSlicings(t *testing.T, input []byte, r *rand.Rand) {
	t.Helper()
	random := func(left int) int { return 1 + r.IntN(12) }
	for _, l := range []Limits{{}, {MaxEvent: 60}, {MaxIdleLines: 3}} {
		for _, make := range []func(Limits) *Parser{NewParser, NewLines} {
			want := run(make(l), input, whole)
			for _, cut := range []func(int) int{bytewise, random, random} {
				if have := run(make(l), input, cut); !reflect.DeepEqual(have, want) {
					t.Errorf("slicing shows: %q\n got %+v\nwant %+v", input, have, want)
				}
			}
			if want.Err == "" && !bytes.Equal(want.raws(), input) {
				t.Errorf("Raws of %q are %q", input, want.raws())
			}
			for _, ev := range want.Events {
				if l.MaxEvent > 0 && len(ev.Raw) > l.MaxEvent {
					t.Errorf("event of %d bytes, limit %d", len(ev.Raw), l.MaxEvent)
				}
			}
		}
	}
	if have, want := run(NewParser(Limits{}), input, bytewise).dispatched(), reference(input); !reflect.DeepEqual(have, want) {
		t.Errorf("standard differs on %q\n got %+v\nwant %+v", input, have, want)
	}
}

func FuzzParser(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(randomStream(rand.New(rand.NewPCG(seed, 2))), seed)
	}
	f.Fuzz(func(t *testing.T, input []byte, seed uint64) {
		if len(input) > 4096 {
			t.Skip("long inputs only repeat short ones")
		}
		checkSlicings(t, input, rand.New(rand.NewPCG(seed, 3)))
	})
}
