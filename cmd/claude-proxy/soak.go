package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// soakOptions say how hard the proxy is tried.
type soakOptions struct {
	// Duration is how long requests are sent; what comes before and after is not counted.
	Duration time.Duration
	// Streams is how many requests are under way at a time.
	Streams int
	// Faults is the part of upstream requests that go wrong, in percent.
	Faults int
	// Reload is how often the configuration changes, Swap how often the plugin does; 0 means never.
	Reload, Swap time.Duration
	// Plugin is a .wasm file that serves some of the channels; "" means built-in adapters only.
	Plugin string
	Seed   uint64
	// Command is the proxy, without arguments; Env is added to its environment.
	Command string
	Env     []string
}

func newSoak() *cobra.Command {
	o := soakOptions{}
	cmd := &cobra.Command{
		Use:   "soak",
		Short: "Try the proxy for long under load, faults and changes, and look for what is lost, wrong or leaked",
		Long: "Start a proxy of its own between scripted upstreams, of which a part of the answers go wrong in all the ways that upstreams\n" +
			"know, and clients that check every byte they get. Meanwhile the configuration and a plugin are changed again and again.\n" +
			"At the end it tells what clients saw and what the proxy's process kept: memory, files and goroutines. Nothing leaves this\n" +
			"machine. The exit code is 1 when a request was lost, an answer was wrong or something leaked.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if o.Command, err = os.Executable(); err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			report, err := soak(ctx, o, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			fmt.Fprint(cmd.OutOrStdout(), report.String())
			if !report.Good() {
				return exitError(exitFailed)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.DurationVar(&o.Duration, "duration", 10*time.Minute, "send requests for this long")
	f.IntVar(&o.Streams, "streams", 200, "requests under way at a time")
	f.IntVar(&o.Faults, "faults", 20, "percent of upstream answers that go wrong")
	f.DurationVar(&o.Reload, "reload", time.Second, "change the configuration this often; 0 never")
	f.DurationVar(&o.Swap, "swap", 10*time.Second, "change the plugin this often; 0 never")
	f.StringVar(&o.Plugin, "plugin", "", "a .wasm plugin that speaks OpenAI Chat Completions and serves some of the channels")
	f.Uint64Var(&o.Seed, "seed", 1, "makes the same faults again")
	return cmd
}

// soakKeys are the credentials of a soak. No output may hold them.
const (
	soakClientKey   = "soak-client-key-5f2c9a71"
	soakUpstreamKey = "soak-upstream-key-c08d13"
)

// soak runs it all and returns what came of it. An error means that it could not be run.
func soak(ctx context.Context, o soakOptions, progress io.Writer) (*soakReport, error) {
	dir, err := os.MkdirTemp("", "claude-proxy-soak-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	ups, err := startSoakUpstreams(o)
	if err != nil {
		return nil, err
	}
	defer ups.close()
	files := &soakFiles{dir: dir, upstreams: ups.urls(), options: o}
	if err := files.write(0); err != nil {
		return nil, err
	}
	p, err := startSoakProxy(ctx, o, dir)
	if err != nil {
		return nil, err
	}
	defer p.kill()

	report := &soakReport{options: o}
	clients := newSoakClients(p.url, o, report)
	// What the first seconds allocate for good is no leak.
	warm, cancel := context.WithTimeout(ctx, max(o.Duration/10, 2*time.Second))
	clients.run(warm)
	cancel()
	clients.rest()
	if report.before, err = p.settled(ctx, nil); err != nil {
		return nil, err
	}
	*report = soakReport{options: o, before: report.before, seen: map[string]int{}}

	running, cancel := context.WithTimeout(ctx, o.Duration)
	defer cancel()
	changes := make(chan error, 1)
	go func() { changes <- files.change(running) }()
	go p.sample(running, report, progress)
	clients.run(running)
	if err := <-changes; err != nil {
		return nil, err
	}
	clients.rest()
	if report.after, err = p.settled(ctx, &report.before); err != nil {
		return nil, err
	}
	report.changes, report.swaps = files.changes, files.swaps
	return report, p.stop(report)
}

// soakFiles are the proxy's configuration and its plugin, which change under load.
type soakFiles struct {
	dir            string
	upstreams      []string
	options        soakOptions
	changes, swaps int
}

// change rewrites the files until ctx ends.
func (f *soakFiles) change(ctx context.Context) error {
	reload, swap := make(<-chan time.Time), make(<-chan time.Time)
	if f.options.Reload > 0 {
		t := time.NewTicker(f.options.Reload)
		defer t.Stop()
		reload = t.C
	}
	if f.options.Swap > 0 && f.options.Plugin != "" {
		t := time.NewTicker(f.options.Swap)
		defer t.Stop()
		swap = t.C
	}
	for {
		select {
		case <-reload:
			f.changes++
			if err := f.write(f.changes); err != nil {
				return err
			}
		case <-swap:
			f.swaps++
			if err := f.plugin(f.swaps); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// soakModels are the models that clients ask for, one for each adapter.
var soakModels = []struct{ adapter, model string }{
	{"openai", "gpt-5.6"}, {"openaiold", "gpt-4o"}, {"openairesponses", "gpt-5.6-responses"}, {"gemini", "gemini-3-pro"}, {"claude", "claude-opus-5-5"},
}

// write puts version n of the configuration in place: strategies, weights and switches differ, and a channel comes and goes.
func (f *soakFiles) write(n int) error {
	strategies := []string{"failover", "round-robin", "random", "least-busy", "fastest"}
	text := fmt.Sprintf("version: 1\nserver: { listen: 127.0.0.1:0, request_timeout: 30s, max_concurrent_requests: 2000 }\n"+
		"auth: { keys: [ { name: soak, key: %s } ] }\nrouting: { strategy: %s, affinity: %s }\nlog: { level: warn }\nchannels:\n",
		soakClientKey, strategies[n%len(strategies)], []string{"auto", "off"}[n%2])
	for i, m := range soakModels {
		for u, url := range f.upstreams {
			adapter := m.adapter
			if f.options.Plugin != "" && m.adapter == "openai" && u > 0 {
				adapter = soakPlugin
			}
			if n%3 == 2 && u == (n/3)%len(f.upstreams) && i == n%len(soakModels) {
				continue // gone for a while
			}
			text += fmt.Sprintf("  - { name: %s-%d, adapter: %s, base_url: %q, keys: [ %s ], serves: [ %s ], models: { %s: %s }, weight: %d, description: version %d, "+
				"timeouts: { connect: 2s, first_byte: 3s, idle: 3s, whole: 10s } }\n",
				m.adapter, u, adapter, url, soakUpstreamKey, m.model, m.model, soakUpstreamModel(m.model), 1+(n+u)%3, n)
		}
	}
	if n == 0 && f.options.Plugin != "" {
		if err := f.plugin(0); err != nil {
			return err
		}
	}
	return f.replace("plugins.yaml", []byte(text))
}

// soakUpstreamModel is the upstream's name for a model.
func soakUpstreamModel(model string) string {
	if model == "gpt-5.6-responses" {
		return "gpt-5.6"
	}
	return model
}

// soakPlugin is the adapter's name of the plugin.
const soakPlugin = "soaked"

// plugin puts version n of the plugin in place: the same code with another custom section, which makes it another file.
func (f *soakFiles) plugin(n int) error {
	module, err := os.ReadFile(f.options.Plugin)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("soak-%04d", n%1e4)
	module = append(module, 0, byte(len(name)+1), byte(len(name)))
	return f.replace(filepath.Join("plugins", soakPlugin+".wasm"), append(module, name...))
}

// replace puts a file in place in one step.
func (f *soakFiles) replace(name string, text []byte) error {
	path := filepath.Join(f.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	temp := filepath.Join(f.dir, "new")
	return errors.Join(os.WriteFile(temp, text, 0o600), os.Rename(temp, path))
}
