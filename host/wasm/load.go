package wasm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/claude-proxy/claude-proxy/host/wasm/meter"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// Report says what was found while a module was loaded, also where it was refused: it is as complete as the load went far.
type Report struct {
	// SHA256 identifies the file, in hexadecimal.
	SHA256 string
	// Size is the length of the file in bytes.
	Size int
	// Imports and Exports are the names of functions, sorted.
	Imports, Exports []string
	// Metering is what the metering pass did.
	Metering meter.Stats
	// Compile is how long metering and compiling took, Start how long the first instance.
	Compile, Start time.Duration
	// Memory is how many bytes of memory an instance has after its start.
	Memory int64
	// Manifest is what the plugin says about itself.
	Manifest adapter.Manifest
	// Readme is the manual that the module carries, each at most abi.MaxReadme bytes of plain text; "" for none.
	Readme adapter.Text
	// Features are the feature bits that the guest announces.
	Features uint64
}

// Load makes a module ready to serve: it checks what the module shows to the outside, meters and compiles it, starts an
// instance and asks for the manifest. A *Refused or *meter.Error says what is wrong with the module, an *Error how its
// start failed, any other error what is wrong here. The report is never nil. The caller closes the plugin.
//
// One module is compiled at a time; others wait, as long as ctx allows. Compiling itself cannot be interrupted: what takes
// longer than Config.CompileTimeout is refused and goes on in vain.
func (l *Loader) Load(ctx context.Context, module []byte, o Options) (*Plugin, *Report, error) {
	o = o.filled()
	sum := sha256.Sum256(module)
	report := &Report{SHA256: hex.EncodeToString(sum[:]), Size: len(module)}
	s, err := scan(module)
	if err != nil {
		return nil, report, err
	}
	report.describe(s)
	if err := s.check(); err != nil {
		return nil, report, err
	}
	began := time.Now()
	e, metered, err := l.compile(ctx, module, sum, &o.Limits)
	report.Compile = time.Since(began)
	if err != nil {
		return nil, report, err
	}
	report.Metering = metered.Stats
	logger := o.Logger
	if logger == nil {
		logger = l.config.Logger.With("plugin", o.Name)
	}
	p := &Plugin{
		name: o.Name, limits: o.Limits, spread: o.Instances, log: newGuestLog(logger, o.Limits.LogRate),
		replay: l.replay, engine: e, metered: metered,
	}
	p.started = sync.NewCond(&p.mu)
	began = time.Now()
	err = p.first(report)
	report.Start = time.Since(began)
	if err != nil {
		p.Close()
		return nil, report, err
	}
	return p, report, nil
}

func (r *Report) describe(s *surface) {
	for _, im := range s.imports {
		r.Imports = append(r.Imports, im.String())
	}
	for name := range s.exports {
		r.Exports = append(r.Exports, name)
	}
	r.Readme = s.readme
	slices.Sort(r.Imports)
	slices.Sort(r.Exports)
}

// first starts the first instance, which becomes the spare, and asks it for the manifest.
func (p *Plugin) first(report *Report) error {
	i, err := p.start()
	if err != nil {
		return err
	}
	i.mu.Lock()
	report.Memory = int64(i.mem.Size())
	m, c, err := i.readManifest()
	if err == nil {
		err = checkManifest(&m)
	}
	i.mu.Unlock()
	p.manifest, report.Manifest, report.Features = m, m, c.Features
	p.keep(i) // Close ends it where the manifest is no good
	return err
}

// compiled is what the worker hands over.
type compiled struct {
	engine  engine
	metered *meter.Module
	err     error
}

// compile runs the compiler on the one worker.
func (l *Loader) compile(ctx context.Context, module []byte, sum [sha256.Size]byte, limits *Limits) (engine, *meter.Module, error) {
	timeout := time.NewTimer(l.config.CompileTimeout)
	defer timeout.Stop()
	select {
	case l.worker <- struct{}{}:
	case <-ctx.Done():
		return engine{}, nil, fmt.Errorf("cannot load the plugin: %w", context.Cause(ctx))
	case <-timeout.C:
		return engine{}, nil, fmt.Errorf("cannot load the plugin: another one was compiled for more than %s", l.config.CompileTimeout)
	}
	done := make(chan compiled, 1)
	go func() {
		c := l.build(module, sum, limits)
		<-l.worker
		done <- c
	}()
	timeout.Reset(l.config.CompileTimeout)
	var err error
	select {
	case c := <-done:
		return c.engine, c.metered, c.err
	case <-ctx.Done():
		err = fmt.Errorf("cannot load the plugin: %w", context.Cause(ctx))
	case <-timeout.C:
		err = refuse("it could not be compiled within %s", l.config.CompileTimeout)
	}
	go func() {
		c := <-done
		c.engine.close()
	}()
	return engine{}, nil, err
}

// build meters and compiles a module.
func (l *Loader) build(module []byte, sum [sha256.Size]byte, limits *Limits) (c compiled) {
	defer func() {
		if p := recover(); p != nil {
			c.err = refuse("the compiler failed on it: %v", p)
		}
		if c.err != nil {
			c.engine.close()
			c.engine = engine{}
		}
	}()
	c.metered, c.err = l.metered(module, sum, meter.Options{
		FileBytes: maxModule, MemoryPages: int(limits.Memory / pageSize), StartBudget: limits.FuelStart,
	})
	if c.err != nil {
		return c
	}
	if l.config.CacheDir != "" {
		c.err = c.engine.open(l.config, limits, c.metered.Code, true)
		if c.err == nil {
			return c
		}
		// Most often it is the module's fault, and then it shows again. A damaged cache is the only other way.
		c.engine.close()
		c.engine = engine{}
		cached := c.err
		if c.err = c.engine.open(l.config, limits, c.metered.Code, false); c.err == nil {
			l.config.Logger.Warn("cannot use the folder for compiled plugins; delete what it holds", "folder", l.config.CacheDir, "error", cached)
		}
		return c
	}
	c.err = c.engine.open(l.config, limits, c.metered.Code, false)
	return c
}

// open makes a runtime with what guests may import and compiles a module for it.
func (e *engine) open(c Config, limits *Limits, module []byte, cached bool) (err error) {
	ctx := context.Background()
	config := wazero.NewRuntimeConfig()
	if c.Interpreter {
		config = wazero.NewRuntimeConfigInterpreter()
	}
	config = config.WithCoreFeatures(api.CoreFeaturesV2).WithMemoryLimitPages(uint32(limits.Memory / pageSize)).WithDebugInfoEnabled(false)
	if cached {
		// One cache object for each version: its code lives as long as the version, and only the folder is shared.
		if e.cache, err = wazero.NewCompilationCacheWithDir(c.CacheDir); err != nil {
			return err
		}
		config = config.WithCompilationCache(e.cache)
	}
	e.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	if err := instantiateHost(ctx, e.runtime); err != nil {
		return fmt.Errorf("cannot prepare the sandbox: %w", err)
	}
	if e.compiled, err = e.runtime.CompileModule(ctx, module); err != nil {
		return refuse("it is not valid WebAssembly: %v", err)
	}
	return nil
}

// checkManifest refuses what the rest of the host could not work with.
func checkManifest(m *adapter.Manifest) error {
	r := &Refused{}
	add := func(format string, args ...any) {
		r.Problems = append(r.Problems, fmt.Sprintf("its manifest: "+format, args...))
	}
	if !plainName(m.Name) {
		add("name %q is not made of 1 to 64 of a-z, 0-9 and -", m.Name)
	}
	header, isHeader := strings.CutPrefix(m.Auth, "header:")
	if m.Auth != "bearer" && m.Auth != "none" && (!isHeader || !headerName(header)) {
		add("auth %q is not bearer, none or header:<name>", m.Auth)
	}
	for _, h := range m.Headers {
		if !headerName(h) {
			add("header %q is not a header name in lower case", h)
		}
	}
	if len(r.Problems) > 0 {
		return r
	}
	return nil
}

func plainName(s string) bool {
	return s != "" && len(s) <= 64 && only(s, "-")
}

func headerName(s string) bool { return s != "" && len(s) <= 128 && only(s, "-_.") }

// only says whether s is made of lower-case letters, digits and the others.
func only(s, others string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return true
}
