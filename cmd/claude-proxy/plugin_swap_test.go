package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/registry"
)

// renamed is a plugin that differs from another one in nothing but its bytes: it has one custom section more.
func renamed(module []byte, n int) []byte {
	text := fmt.Sprintf("build-%06d", n)
	section := append([]byte{0, byte(len(text) + 1), byte(len(text))}, text...)
	return append(bytes.Clone(module), section...)
}

// swaps is how often a plugin's file changes under load.
const swaps = 200

// Under constant load, plain and streamed, a plugin's file is replaced by good ones, broken ones, halves of one, deleted
// and restored, two hundred times. The reserve channel has a plugin that stays, so that there is an answer while the first
// one is gone. No request and no stream is lost, and when all is over nothing is left of the old versions (P13, P14, P15).
func TestSwapUnderLoad(t *testing.T) {
	up := upstreamOf(t)
	dir := t.TempDir()
	good := builtinPlugin(t, "openai")
	drop(t, dir, "reserve.wasm", good)
	drop(t, dir, "acme.wasm", good)
	p := start(t, channel("main", "acme", up.URL)+channel("spare", "reserve", up.URL, "priority: 2"),
		"plugins: { dir: none }", "log: { level: warn }")
	// The folder as it is, and nobody waits longer than needed for files that are written at once.
	const soon = 40 * time.Millisecond
	p.reg.Use(registry.Settings{Dir: dir, CacheDir: pluginCache(), Settle: soon, Poll: soon, Changed: func(i registry.PluginInfo) { p.plugins <- i }})
	for range 2 {
		p.plugin("both serve", active)
	}

	var stop atomic.Bool
	var served atomic.Int64
	ask := func(stream bool) {
		if err := p.fast(stream); err != nil {
			t.Error(err)
			stop.Store(true)
		}
		served.Add(1)
	}
	for i := range 20 {
		ask(i%2 == 0)
	}
	before := footprintOf(p)
	var load sync.WaitGroup
	for range 4 {
		load.Go(func() {
			for !stop.Load() {
				ask(false)
				ask(true)
			}
		})
	}
	acme := func(want func(registry.PluginInfo) bool) func(registry.PluginInfo) bool {
		return func(i registry.PluginInfo) bool { return i.Name == "acme" && want(i) }
	}
	refused := acme(func(i registry.PluginInfo) bool { return i.State == registry.Active && i.Error != "" })
	serves := acme(active)

	swaps := swaps
	if raced {
		swaps = 25 // loading a plugin is many times slower then
	}
	for n := range swaps {
		switch n % 5 {
		case 0, 1:
			drop(t, dir, "acme.wasm", renamed(good, n/5%2))
			p.plugin("a new version serves", serves)
		case 2:
			drop(t, dir, "acme.wasm", append([]byte("\x00asm\x01\x00\x00\x00"), fmt.Sprint(n)...))
			p.plugin("a broken one is refused", refused)
		case 3: // in place, as a copying program does
			if err := os.WriteFile(filepath.Join(dir, "acme.wasm"), good[:len(good)/2+n], 0o644); err != nil {
				t.Fatal(err)
			}
			p.plugin("half of one is refused", refused)
		case 4:
			if err := os.Remove(filepath.Join(dir, "acme.wasm")); err != nil {
				t.Fatal(err)
			}
			p.plugin("it is gone", acme(func(i registry.PluginInfo) bool { return i.State == registry.Absent }))
		}
		ask(n%2 == 0)
		if t.Failed() {
			break
		}
	}
	drop(t, dir, "acme.wasm", good)
	p.plugin("all is as it was", serves)
	stop.Store(true)
	load.Wait()
	t.Logf("%d requests during %d swaps", served.Load(), swaps)

	after := footprintOf(p)
	t.Logf("before %+v, after %+v", before, after)
	// A version that is not closed reserves 64 MiB for each instance, and its code takes 10. Each of the two plugins may have
	// an instance for each processor, and a spare.
	const some = 64 << 20
	if most := 2 * (runtime.GOMAXPROCS(0) + 1); after.instances > max(most, before.instances) || after.goroutines > before.goroutines+20 ||
		after.mapped > before.mapped+8*some || after.resident > before.resident+2*some {
		t.Errorf("something is left: before %+v, after %+v", before, after)
	}
}

// fast has one exchange with the upstream's own answers, a short one or a stream that takes a while.
func (p *proxy) fast(stream bool) error {
	body := ask("fast-plain", "hi", false)
	if stream {
		body = ask("fast-slow-20-2ms", "hi", true)
	}
	req, err := http.NewRequest(http.MethodPost, p.url+"/v1/messages", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("x-api-key", clientKey)
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	whole := bytes.Contains(got, []byte(`"end_turn"`)) &&
		(!stream || bytes.Contains(got, []byte("event: message_stop")) && bytes.Count(got, []byte("text_delta")) == 20)
	if err != nil || resp.StatusCode != http.StatusOK || !whole {
		return fmt.Errorf("lost: stream %t, status %d, %v, %.500s", stream, resp.StatusCode, err, got)
	}
	return nil
}

// footprint is what a proxy takes of the machine.
type footprint struct {
	instances, goroutines int
	guests                int64 // bytes of memory of all plugins
	mapped, resident      int64 // bytes of the process, 0 where the system does not tell
}

func footprintOf(p *proxy) (u footprint) {
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	debug.FreeOSMemory()
	for _, i := range p.reg.Plugins() {
		u.instances += i.Stats.Instances + i.Stats.Spare
		u.guests += i.Stats.Memory
	}
	u.goroutines = runtime.NumGoroutine()
	var mapped, resident int64
	if b, err := os.ReadFile("/proc/self/statm"); err == nil {
		if _, err := fmt.Sscan(string(b), &mapped, &resident); err != nil {
			p.t.Error(err)
		}
	}
	page := int64(os.Getpagesize())
	u.mapped, u.resident = mapped*page, resident*page
	return u
}
