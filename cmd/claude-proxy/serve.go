package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/claude-proxy/claude-proxy/host/app"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/store"
	"github.com/claude-proxy/claude-proxy/host/config/watch"
	"github.com/claude-proxy/claude-proxy/host/firstrun"
	"github.com/claude-proxy/claude-proxy/host/overload"
	"github.com/claude-proxy/claude-proxy/host/registry"
	"github.com/claude-proxy/claude-proxy/host/running"
	"github.com/claude-proxy/claude-proxy/host/telemetry"
	"github.com/claude-proxy/claude-proxy/plugins"
	"github.com/claude-proxy/claude-proxy/webui"
)

func newServe(configPath *string) *cobra.Command {
	var listen string
	var interpret bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the proxy (this is what claude-proxy does without a command)",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), *configPath, cmd.Flags().Changed("config"), listen, interpret, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", "listen on this host:port instead of server.listen")
	cmd.Flags().BoolVar(&interpret, "interpret-plugins", false, "run plugins without compiling them, many times slower, where the compiler fails")
	return cmd
}

func serve(ctx context.Context, configPath string, given bool, listen string, interpret bool, stdout, stderr io.Writer) error {
	reg := registry.New(plugins.Builtin())
	defer reg.Close()
	cfg, err := load(configPath, given, listen, reg, stderr)
	if err != nil {
		return err
	}
	greeting := firstrun.Greeting{Key: "$PROXY_ACCESS_KEY", KeyNote: "from PROXY_ACCESS_KEY", Config: filepath.Base(cfg.Path)}
	if err := ensureKey(cfg, &greeting); err != nil {
		return err
	}
	generated := generatedKey(cfg)
	// A pipe that nobody reads must not hold up requests.
	lines := telemetry.NewAsync(stderr, nil)
	defer lines.Close(time.Second)
	logs := telemetry.NewSwitch(lines, cfg.Log, cfg.Server.Environment)
	log := logs.Logger()
	warnOfFewFiles(log, cfg.Server.MaxConcurrentRequests, maxFiles())
	read := func(text []byte) (*config.Config, config.Report) {
		cfg, report := source(configPath, given, listen, text, reg)
		return again(generated, cfg, report)
	}
	var proxy *app.App
	var info running.Info
	proxy, err = app.New(cfg, app.Options{
		Reloaded: func(app.ReloadResult) {
			addr := proxy.Addr()
			if addr == nil || info.URL == "http://"+reachable(addr) {
				return
			}
			info.URL = "http://" + reachable(addr)
			announce(info, cfg.Server.StateDir, log) // the first announcement's end withdraws this one too
		},
		Log: log, UseLog: logs.Use, Registry: reg, Version: programVersion(), UI: webui.FS, InterpretPlugins: interpret,
		Load:  func() (*config.Config, config.Report) { return read(nil) },
		Files: store.New(store.Options{Path: cfg.Path, StateDir: cfg.Server.StateDir, Load: read, Log: log}),
	})
	if err != nil {
		return err
	}
	ctx, stop := untilSignal(ctx)
	defer stop()

	awaitPlugins(ctx, reg, log)
	l, err := app.Listen(cfg.Server.Listen)
	if err != nil {
		return err
	}
	greeting.URL, greeting.Demo, greeting.Model = "http://"+reachable(l.Addr()), proxy.Demo(), exampleModel(cfg)
	for _, c := range cfg.Channels {
		if c.Enabled {
			greeting.Channels++
		}
	}
	info = whoRuns(cfg, greeting.URL)
	defer announce(info, cfg.Server.StateDir, log)()
	reloadOnSignal(ctx, proxy)
	if cfg.Server.WebUI && webui.FS != nil {
		greeting.Code = proxy.SignInCode()
	}
	greeting.Write(stdout)
	// What reading files and building tables left behind is more than serving needs.
	go func() {
		overload.Pace()
		debug.FreeOSMemory()
	}()
	var watching sync.WaitGroup
	watching.Go(func() { proxy.Watch(ctx, nil, watch.Options{}) })
	defer watching.Wait() // it writes to the history
	defer stop()
	return proxy.Serve(ctx, l)
}

// untilSignal ends with the first signal that asks the program to stop. The second one ends the program, as the system does by
// default: that is in force again before anybody sees the end of the context.
func untilSignal(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-signals:
		case <-ctx.Done():
		}
		signal.Stop(signals)
		cancel()
	}()
	return ctx, cancel
}

// again completes a configuration that was read while the proxy runs. A key that was generated for this run stays for all of
// it: whoever makes the first admin key in the web UI has signed in with the generated one and has yet to see the new one.
func again(generated *config.ClientKey, cfg *config.Config, report config.Report) (*config.Config, config.Report) {
	if cfg == nil {
		return nil, report
	}
	if generated != nil {
		cfg.Auth.Keys = append(cfg.Auth.Keys, *generated)
	}
	if err := ensureKey(cfg, new(firstrun.Greeting)); err != nil {
		report.Problems = append(report.Problems, config.Problem{Code: config.CodeAccess, File: cfg.Path, Message: err.Error()})
		return nil, report
	}
	return cfg, report
}

// generatedName is how the generated key is called.
const generatedName = "generated"

// generatedKey is the key that ensureKey added to a configuration; nil where it added none.
func generatedKey(cfg *config.Config) *config.ClientKey {
	for i := range cfg.Auth.Keys {
		if k := &cfg.Auth.Keys[i]; k.Name == generatedName && k.Line == 0 {
			return k
		}
	}
	return nil
}

// announce lets other commands find this proxy, until the returned function is called.
func announce(info running.Info, stateDir string, log *slog.Logger) (withdraw func()) {
	withdraw, err := running.Announce(stateDir, info)
	if err != nil {
		log.Warn("other commands will not find this proxy by themselves", "error", err)
		return func() {}
	}
	return withdraw
}

// whoRuns is what a proxy says of itself.
func whoRuns(cfg *config.Config, url string) running.Info {
	path, err := filepath.Abs(cfg.Path)
	if err != nil {
		path = cfg.Path
	}
	return running.Info{PID: os.Getpid(), URL: url, Config: path, Version: programVersion(), Started: time.Now()}
}

// reloadOnSignal reads the files again at each SIGHUP, from now until ctx ends.
func reloadOnSignal(ctx context.Context, proxy *app.App) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	go func() {
		defer signal.Stop(signals)
		for {
			select {
			case <-ctx.Done():
				return
			case <-signals:
				// What it came to stands in the log.
				_, _ = proxy.Reload(ctx, "signal")
			}
		}
	}()
}

// filesBeside is what the program needs open beside two sockets for each request.
const filesBeside = 64

// warnOfFewFiles says when the system lets the process open less than the configured number of requests needs.
func warnOfFewFiles(log *slog.Logger, requests int, files uint64) {
	if need := uint64(2*requests + filesBeside); files > 0 && files < need {
		log.Warn("the limit of open files is too low for server.max_concurrent_requests", "limit", files, "needed", need,
			"try", fmt.Sprintf("ulimit -n %d, LimitNOFILE=%d in a systemd unit, or a lower max_concurrent_requests", need, need))
	}
}

// pluginPatience is how long the start waits for plugins. Those that were compiled before take a moment; a new one may take
// seconds, and then the other channels need not wait for it.
const pluginPatience = 5 * time.Second

func awaitPlugins(ctx context.Context, reg *registry.Registry, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, pluginPatience)
	defer cancel()
	if err := reg.Settled(ctx); err != nil {
		log.Warn("serving without some plugins; their channels follow when they are loaded", "error", err.Error())
	}
}

// ensureKey makes sure that somebody can use the proxy and change it: with no usable client key configured, one is generated
// and kept. It stays until an admin key takes its place, for the first client key that somebody makes must not lock them out.
func ensureKey(cfg *config.Config, g *firstrun.Greeting) error {
	usable, admin := false, false
	for _, k := range cfg.Auth.Keys {
		if !k.Usable() {
			continue
		}
		if k.Line != 0 && !usable {
			g.Key, g.KeyNote = "YOUR_KEY", "any key of auth.keys, such as the one named "+k.Name
		}
		usable, admin = true, admin || k.Admin
	}
	if admin || usable && !firstrun.HasAccessKey(cfg.Server.StateDir) {
		return nil
	}
	key, path, made, err := firstrun.AccessKey(cfg.Server.StateDir)
	if err != nil && key.Empty() {
		return err
	}
	cfg.Auth.Keys = append(cfg.Auth.Keys, config.ClientKey{Name: generatedName, Key: key, Admin: true, Enabled: true})
	g.Key, g.KeyNote = key.Reveal(), "kept in "+path
	switch {
	case err != nil:
		g.KeyNote = "generated now and kept nowhere, the next start makes another: " + err.Error()
	case made:
		g.KeyNote = "generated now, kept in " + path
	}
	return nil
}

// reachable is the address as a client on this machine writes it.
func reachable(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// exampleModel is a model name that some channel takes.
func exampleModel(cfg *config.Config) string {
	const usual = "claude-sonnet-4-5"
	for _, c := range cfg.Channels {
		for _, name := range c.Serves {
			if c.Enabled && !strings.ContainsAny(name, "*!") {
				return name
			}
		}
	}
	return usual
}

// source reads the configuration, or takes text for what the file says; nil reads it. A missing file is an empty one unless
// it was given by name.
func source(path string, given bool, listen string, text []byte, reg *registry.Registry) (*config.Config, config.Report) {
	opts := config.LoadOptions{Path: path, Source: text, Optional: !given, Adapters: reg.Names(), CheckOptions: reg.Check}
	if listen != "" {
		opts.Flags = []config.Override{{Path: "server.listen", Value: listen, Flag: "--listen"}}
	}
	return config.Load(opts)
}

// load is source, and prints what is wrong or worth knowing. The error is an exitError when it was printed.
func load(path string, given bool, listen string, reg *registry.Registry, stderr io.Writer) (*config.Config, error) {
	cfg, report := source(path, given, listen, nil, reg)
	for _, p := range append(report.Problems, report.Notes...) {
		fmt.Fprintln(stderr, p)
	}
	if cfg == nil {
		return nil, exitError(exitInvalid)
	}
	return cfg, nil
}
