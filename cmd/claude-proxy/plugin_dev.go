package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/spf13/cobra"

	"github.com/claude-proxy/claude-proxy/host/hosttest"
)

// quiet is how long nothing may have changed before a build begins: editors write several files, and each more than once.
const quiet = 200 * time.Millisecond

// developing is what plugin dev was asked.
type developing struct {
	dir      string
	upstream string // base URL; "" for a scripted upstream
	keyEnv   string // name of the environment variable that holds the upstream's key
	model    string // the upstream's, which serves every model that is asked for; "" for the same name
	listen   string
	judging  judging
}

func newPluginDev() *cobra.Command {
	d := developing{judging: judging{level: -1}}
	cmd := &cobra.Command{
		Use:   "dev [DIR]",
		Short: "Build, swap in and judge a plugin after every change",
		Long: "Build the project in DIR (default: the current folder), load it into a proxy that runs for it alone, and judge it; again\n" +
			"after every change, until Ctrl-C. Without --upstream the proxy talks to a scripted upstream that speaks Chat Completions,\n" +
			"Responses, Gemini and Claude.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d.dir = folderOf(args)
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return d.run(ctx, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&d.upstream, "upstream", "", "the base URL of the upstream (default: a scripted one)")
	f.StringVar(&d.keyEnv, "key-env", "", "the environment variable that holds the upstream's key")
	f.StringVar(&d.model, "model", "", "the upstream's model that serves every request (default: as the client names it)")
	f.StringVar(&d.listen, "listen", "127.0.0.1:0", "listen on this host:port")
	f.StringVar(&d.judging.run, "run", "", "only cases whose name matches this regular expression")
	return cmd
}

// run goes on until ctx ends. Only what makes all further work senseless is an error.
func (d *developing) run(ctx context.Context, stdout, stderr io.Writer) error {
	if _, err := programOf(d.dir); err != nil {
		return err
	}
	name, err := projectOf(d.dir)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "plugin-dev-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("cannot watch %s: %w", d.dir, err)
	}
	defer w.Close()
	if err := watchAll(w, d.dir); err != nil {
		return err
	}
	config, end, err := d.scratch(scratch, name)
	if err != nil {
		return err
	}
	defer end()
	file := filepath.Join(scratch, "plugins", name+".wasm")
	d.round(ctx, file, stdout)

	ctx, cancel := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- serve(ctx, config, true, "", false, stdout, stderr) }()
	defer func() { cancel(); <-served }()
	for {
		select {
		case err := <-served:
			served <- err // for the deferred wait
			return err
		case ev := <-w.Events:
			if !concerns(ev) {
				continue
			}
			if err := d.settle(ctx, w); err != nil {
				return nil // ctx ended
			}
			d.round(ctx, file, stdout)
		case err := <-w.Errors:
			fmt.Fprintf(stderr, "watching %s: %v\n", d.dir, err)
		case <-ctx.Done():
			return nil
		}
	}
}

// scratch writes the configuration of the proxy and starts an upstream where none was named.
func (d *developing) scratch(dir, name string) (config string, end func(), err error) {
	if err := os.Mkdir(filepath.Join(dir, "plugins"), 0o700); err != nil {
		return "", nil, err
	}
	upstream, key := d.upstream, "scripted"
	end = func() {}
	if upstream == "" {
		srv, err := hosttest.Start("127.0.0.1:0", &hosttest.Script{})
		if err != nil {
			return "", nil, err
		}
		upstream, end = srv.URL, func() { srv.Close() }
	}
	if d.keyEnv != "" {
		key = "${" + d.keyEnv + "}"
	}
	config = filepath.Join(dir, "plugins.yaml")
	models := ""
	switch {
	case d.model != "":
		models = fmt.Sprintf(", models: { \"*\": %q }", d.model)
	case d.upstream == "":
		models = `, models: { "*": gpt-4o }` // the scripted upstream knows what its vendors' models take
	}
	text := fmt.Sprintf("version: 1\nserver: { listen: %q }\nlog: { level: warn }\nchannels:\n  - { name: %q, adapter: %q, base_url: %q, keys: [%q]%s }\n",
		d.listen, name, name, upstream, key, models)
	return config, end, os.WriteFile(config, []byte(text), 0o600)
}

// round builds, swaps in and judges once, and tells what came of it.
func (d *developing) round(ctx context.Context, file string, stdout io.Writer) {
	began := time.Now()
	err := buildPlugin(ctx, d.dir, file)
	if err == nil {
		var result *judgement
		if result, err = d.judging.judge(ctx, &target{file: file, shown: filepath.Base(file), cases: filepath.Join(d.dir, "testdata")}, nil); err == nil {
			err = result.write(stdout)
		}
	}
	switch {
	case ctx.Err() != nil:
	case err != nil:
		fmt.Fprintf(stdout, "%v\n", err)
	default:
		fmt.Fprintf(stdout, "(%s, waiting for the next change)\n\n", time.Since(began).Round(time.Millisecond))
	}
}

// settle waits until nothing has happened for a while; folders that appear are watched too.
func (d *developing) settle(ctx context.Context, w *fsnotify.Watcher) error {
	timer := time.NewTimer(quiet)
	defer timer.Stop()
	for {
		select {
		case ev := <-w.Events:
			if ev.Has(fsnotify.Create) {
				// What cannot be watched is gone already, or no folder.
				_ = watchAll(w, ev.Name)
			}
			if concerns(ev) {
				timer.Reset(quiet)
			}
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// concerns says whether something that matters may have changed. Reading does not, and neither do the files that a build or an
// editor leaves behind.
func concerns(ev fsnotify.Event) bool {
	name := filepath.Base(ev.Name)
	return ev.Op != fsnotify.Chmod && !strings.HasPrefix(name, ".") && !strings.HasSuffix(name, ".wasm") && !strings.HasSuffix(name, "~")
}

// watchAll watches a folder and all below it, but for hidden ones and those of other tools.
func watchAll(w *fsnotify.Watcher, dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && path != dir:
			return nil // it went while we walked
		case err != nil:
			return err
		case !d.IsDir():
			return nil
		case path != dir && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
			return fs.SkipDir
		}
		return w.Add(path)
	})
}
