package bench

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// target is one of those that a scenario compares.
type target struct {
	name string
	// process is nil for a gateway that the bench did not start; pid is 0 where its use of the machine cannot be seen.
	process *process
	pid     int
	url     string
	body    []byte
	// claude says that it answers as Claude does.
	claude bool
	// want is what every answer is checked against.
	want  expectation
	turns []Turn
}

// Names of the targets.
const (
	direct  = "direct"
	bareGo  = "bare"
	native  = "native"
	ours    = "ours"
	against = "against"
)

// targets starts the processes of a scenario: what it is compared with first, the proxy last.
func (r *run) targets(ctx context.Context, s *Scenario) ([]*target, error) {
	vendor := barePath(s.Adapter, s.model, s.stream())
	body := []byte(fill(s))
	var list []*target
	add := func(name string, p *process, path string) {
		list = append(list, &target{name: name, process: p, pid: p.pid, url: p.url + path, body: body, claude: path == messagesPath})
	}
	if s.Kind == Open {
		add(direct, r.upstream, vendor)
	}
	if s.Wasm {
		p, err := r.proxy(ctx, s, false)
		if err != nil {
			return nil, err
		}
		add(native, p, messagesPath)
	} else {
		p, err := r.spawn(ctx, "bare proxy", "bare", r.upstream.url)
		if err != nil {
			return nil, err
		}
		add(bareGo, p, vendor)
	}
	if r.Against != "" {
		list = append(list, &target{name: against, pid: pidOf(r.Against), url: strings.TrimRight(r.Against, "/") + messagesPath, body: body, claude: true})
	}
	p, err := r.proxy(ctx, s, s.Wasm)
	if err != nil {
		for _, t := range list {
			if t.process != nil && t.process != r.upstream {
				t.process.stop()
			}
		}
		return nil, err
	}
	add(ours, p, messagesPath)
	return list, nil
}

const messagesPath = "/v1/messages"

func (r *run) proxy(ctx context.Context, s *Scenario, wasm bool) (*process, error) {
	path, err := r.configure(s, wasm)
	if err != nil {
		return nil, err
	}
	return r.spawn(ctx, "proxy", "proxy", path)
}

// expectation is what an answer must be.
type expectation struct {
	// unit is a piece of text that stands in the answer count times.
	unit  string
	count int
	// end is how it ends, length its bytes; 0 is not known beforehand.
	end    string
	length int
}

// units of the answers of hosttest.Fast.
func unitOf(model string) string {
	switch {
	case model == "fast-plain":
		return "A short answer in a few plain words."
	case model == "fast-agent":
		return "8 bytes "
	case strings.HasPrefix(model, "fast-timed-"):
		return " @1" // the mark, and the first digit of every time until 2033
	}
	return " token"
}

// learn asks once, checks the answer closely, and keeps what the others must be like.
func (t *target) learn(ctx context.Context, s *Scenario) error {
	t.want = expectation{unit: unitOf(s.model), count: -1}
	c := newClient(1)
	defer c.close()
	// A plugin may still be on its way: compiling one takes seconds, on a busy machine minutes.
	patience := 30 * time.Second
	if s.Wasm {
		patience = 5 * time.Minute
	}
	var answer []byte
	err := fmt.Errorf("no time")
	for end := time.Now().Add(patience); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(50 * time.Millisecond) {
		if answer, err = c.ask(ctx, t, "", nil); err == nil {
			break
		}
	}
	if err != nil {
		return err
	}
	count := bytes.Count(answer, []byte(t.want.unit))
	if count < max(s.Events, 1) {
		return fmt.Errorf("%d of %d pieces of text came: %.500s", count, max(s.Events, 1), answer)
	}
	t.want.count = count
	if t.claude && s.stream() {
		t.want.end = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
		if !bytes.HasSuffix(answer, []byte(t.want.end)) && t.name != against {
			return fmt.Errorf("the stream does not end with message_stop: %.500s", answer[max(0, len(answer)-500):])
		}
	}
	if t.name == against {
		t.want.end = "" // others may write spaces elsewhere
		return nil
	}
	t.want.length = len(answer)
	return nil
}

// check says what is wrong with an answer.
func (w *expectation) check(status int, answer []byte) error {
	switch {
	case status != http.StatusOK:
		return fmt.Errorf("status %d: %.300s", status, answer)
	case w.count < 0:
		return nil
	case w.length > 0 && len(answer) != w.length:
		return fmt.Errorf("an answer has %d bytes, not %d: …%.300s", len(answer), w.length, answer[max(0, len(answer)-300):])
	case bytes.Count(answer, []byte(w.unit)) != w.count:
		return fmt.Errorf("text is missing in an answer: %.300s", answer)
	case !bytes.HasSuffix(answer, []byte(w.end)):
		return fmt.Errorf("an answer does not end as it should: …%.300s", answer[max(0, len(answer)-300):])
	}
	return nil
}
