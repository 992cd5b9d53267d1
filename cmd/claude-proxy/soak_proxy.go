package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// soakProxy is the process that is tried.
type soakProxy struct {
	cmd  *exec.Cmd
	url  string
	log  soakLog
	done chan error
}

// soakLog keeps the end of what the proxy says, and looks for keys in all of it.
type soakLog struct {
	mu    sync.Mutex
	text  []byte
	leaks bool
	lines int
}

func (l *soakLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines += bytes.Count(p, []byte("\n"))
	l.text = append(l.text, p...)
	l.leaks = l.leaks || bytes.Contains(l.text, []byte(soakUpstreamKey)) || bytes.Contains(l.text, []byte(soakClientKey))
	if len(l.text) > 1<<16 {
		l.text = append(l.text[:0], l.text[len(l.text)-1<<15:]...)
	}
	return len(p), nil
}

func (l *soakLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

// startSoakProxy starts the program and waits until it says where it listens.
func startSoakProxy(ctx context.Context, o soakOptions, dir string) (*soakProxy, error) {
	p := &soakProxy{cmd: exec.Command(o.Command, "serve", "--config", filepath.Join(dir, "plugins.yaml")), done: make(chan error, 1)}
	p.cmd.Env = append(os.Environ(), o.Env...)
	p.cmd.Stderr = &p.log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	said := make(chan string, 1)
	go func() {
		defer func() { p.done <- p.cmd.Wait() }()
		var all []byte
		b := make([]byte, 4096)
		for {
			n, err := out.Read(b)
			all = append(all, b[:n]...)
			if m := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).Find(all); m != nil && bytes.HasSuffix(all, []byte("\n")) {
				select {
				case said <- string(m):
				default:
				}
			}
			if err != nil {
				return
			}
		}
	}()
	select {
	case p.url = <-said:
		return p, nil
	case err := <-p.done:
		return nil, fmt.Errorf("the proxy ended at its start: %v\n%s", err, p.log.String())
	case <-time.After(3 * time.Minute):
		p.kill()
		return nil, fmt.Errorf("the proxy did not start\n%s", p.log.String())
	case <-ctx.Done():
		p.kill()
		return nil, ctx.Err()
	}
}

func (p *soakProxy) kill() { _ = p.cmd.Process.Kill() } // it may have ended

// stop ends the proxy as an operator would and expects it to go in peace.
func (p *soakProxy) stop(r *soakReport) error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("the proxy is gone: %w\n%s", err, p.log.String())
	}
	select {
	case err := <-p.done:
		if err != nil {
			r.faults = append(r.faults, fmt.Sprintf("the proxy ended with %v", err))
		}
	case <-time.After(time.Minute):
		r.faults = append(r.faults, "the proxy did not end within a minute of SIGTERM")
	}
	if p.log.leaks {
		r.faults = append(r.faults, "the log holds a key")
	}
	if s := p.log.String(); strings.Contains(s, "panic") || strings.Contains(s, "BUG:") {
		r.faults = append(r.faults, "the log speaks of a panic:\n"+s)
	}
	return nil
}

// soakUse is what the proxy's process holds.
type soakUse struct{ goroutines, files, rss int } // rss in MiB

func (u soakUse) String() string {
	return fmt.Sprintf("%d goroutines, %d files, %d MiB", u.goroutines, u.files, u.rss)
}

var metricLine = regexp.MustCompile(`(?m)^(go_goroutines|process_open_fds|process_resident_memory_bytes) (\S+)$`)

// use asks the proxy itself.
func (p *soakProxy) use() (u soakUse, err error) {
	resp, err := http.Get(p.url + "/metrics")
	if err != nil {
		return u, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return u, err
	}
	for _, m := range metricLine.FindAllSubmatch(text, -1) {
		v, err := strconv.ParseFloat(string(m[2]), 64)
		if err != nil {
			return u, err
		}
		switch string(m[1]) {
		case "go_goroutines":
			u.goroutines = int(v)
		case "process_open_fds":
			u.files = int(v)
		default:
			u.rss = int(v) >> 20
		}
	}
	if u.goroutines == 0 {
		return u, errors.New("the proxy's metrics tell nothing of its process")
	}
	return u, nil
}

// settled waits until the proxy holds no more than before, or until what it keeps open for a while should be closed. Without
// a before it waits until nothing changes any more.
func (p *soakProxy) settled(ctx context.Context, before *soakUse) (u soakUse, err error) {
	var last soakUse
	for range 90 {
		if u, err = p.use(); err != nil {
			return u, fmt.Errorf("the proxy does not answer: %w\n%s", err, p.log.String())
		}
		if before != nil && !u.more(*before) || before == nil && u.goroutines == last.goroutines && u.files == last.files {
			return u, nil
		}
		last = u
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return u, nil
		}
	}
	return u, nil
}

// more says that goroutines or files are left over. A handful come and go: watchers, a scrape, timers.
func (u soakUse) more(before soakUse) bool {
	return u.goroutines > before.goroutines+10 || u.files > before.files+10
}

// sample notes the memory each second and tells how it goes, until ctx ends.
func (p *soakProxy) sample(ctx context.Context, r *soakReport, progress io.Writer) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		u, err := p.use()
		if err != nil {
			continue // the end tells
		}
		r.note(u.rss)
		if n%10 == 0 {
			fmt.Fprintf(progress, "%4d s: %s; %s\n", n, u, r.summary())
		}
	}
}

// soakReport is what came of it.
type soakReport struct {
	options soakOptions
	mu      sync.Mutex
	seen    map[string]int
	details []string
	// example is one text for each kind of error that clients saw.
	example        map[string]string
	rss            []int
	before, after  soakUse
	changes, swaps int
	faults         []string
}

func (r *soakReport) count(verdict, detail string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil {
		r.seen = map[string]int{}
	}
	r.seen[verdict]++
	switch {
	case detail == "":
	case verdict == soakLost || verdict == soakWrong:
		if len(r.details) < maxSoakDetails {
			r.details = append(r.details, verdict+": "+detail)
		}
	default:
		if r.example == nil {
			r.example = map[string]string{}
		}
		r.example[verdict] = detail
	}
}

// maxSoakDetails is how much of what must not be is told.
const maxSoakDetails = 20

func (r *soakReport) note(rss int) {
	r.mu.Lock()
	r.rss = append(r.rss, rss)
	r.mu.Unlock()
}

func (r *soakReport) summary() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	for i, k := range slices.SortedFunc(maps.Keys(r.seen), func(a, b string) int { return cmp.Compare(r.seen[b], r.seen[a]) }) {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%d %s", r.seen[k], k)
	}
	return b.String()
}

// minGrowth is how long a run must be, in seconds, for its memory to tell anything: shorter ones are all noise of a collector
// that has not yet found its pace.
const minGrowth = 180

// grown compares the memory of the second quarter of the run with that of the last. A third more is a leak.
func (r *soakReport) grown() (from, to int, leaks bool) {
	n := len(r.rss)
	if n < 4 {
		return 0, 0, false
	}
	from, to = median(r.rss[n/4:n/2]), median(r.rss[n-n/4:])
	return from, to, n >= minGrowth && to > from+from/3
}

func median(list []int) int {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

// Good says that nothing was lost, wrong or leaked.
func (r *soakReport) Good() bool {
	_, _, leaks := r.grown()
	return r.seen[soakLost] == 0 && r.seen[soakWrong] == 0 && r.seen[soakAnswered] > 0 && !r.after.more(r.before) && !leaks && len(r.faults) == 0
}

func (r *soakReport) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s with %d requests at a time, %d %% of upstream answers wrong, %d configurations, %d plugins\n",
		r.options.Duration, r.options.Streams, r.options.Faults, r.changes, r.swaps)
	fmt.Fprintf(&b, "clients: %s\n", r.summary())
	for _, verdict := range slices.Sorted(maps.Keys(r.example)) {
		fmt.Fprintf(&b, "  such as %s: %s\n", verdict, r.example[verdict])
	}
	from, to, leaks := r.grown()
	fmt.Fprintf(&b, "process: before %s; after %s; memory under load %d MiB, then %d MiB\n", r.before, r.after, from, to)
	if r.after.more(r.before) {
		b.WriteString("LEAKED: goroutines or files are left over\n")
	}
	if leaks {
		b.WriteString("LEAKED: memory grows\n")
	}
	for _, f := range append(r.details, r.faults...) {
		fmt.Fprintln(&b, f)
	}
	if r.Good() {
		b.WriteString("nothing lost, nothing wrong, nothing leaked\n")
	}
	return b.String()
}
