package config

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// LoadOptions say what [Load] reads and whom it asks. The zero value reads
// ./plugins.yaml, ./.env and the environment of the process.
type LoadOptions struct {
	// Path is the file; empty means "plugins.yaml".
	Path string
	// Optional takes a missing file for an empty one: all defaults.
	Optional bool
	// Source is the text of the file where it has not been saved yet; nil
	// means: read Path. Path still says where relative paths start.
	Source []byte
	// DotEnv is the .env file; empty means ".env" beside Path. A missing one is
	// fine.
	DotEnv string
	// Flags win over everything else, the last one over those before.
	Flags []Override
	// Adapters are the names that the registry knows, built-in and loaded.
	// Nil means the documented built-ins, and no notes about plugins.
	Adapters []string
	// CheckOptions lets an adapter of Adapters check a channel's options, which
	// are JSON. Nil skips the check.
	CheckOptions func(adapter string, options []byte) error
	// LookupEnv reads the real environment; nil means os.LookupEnv.
	LookupEnv func(name string) (string, bool)
	// Open opens a file for reading; nil means os.Open.
	Open func(path string) (io.ReadCloser, error)
}

// Override is the value of a command line flag.
type Override struct {
	// Path is the key that it wins over, as "server.listen".
	Path string
	// Value is the text given.
	Value string
	// Flag is how the flag is written, as "--listen".
	Flag string
}

// Load reads and checks the configuration. The Config is nil exactly where the
// report holds an error; it belongs to the caller, who must not change it once
// it is shared. Load keeps nothing and may run in several goroutines.
func Load(opts LoadOptions) (*Config, Report) {
	if opts.Path == "" {
		opts.Path = "plugins.yaml"
	}
	dir := filepath.Dir(opts.Path)
	if opts.DotEnv == "" {
		opts.DotEnv = filepath.Join(dir, ".env")
	}
	if opts.LookupEnv == nil {
		opts.LookupEnv = os.LookupEnv
	}
	d := newDecoder(Default())
	d.file, d.dotEnv = opts.Path, opts.DotEnv
	read := reader(opts.Open)
	d.read = func(path string, limit int64) ([]byte, error) {
		data, err := read(path, limit)
		d.wasRead(path, data, err)
		return data, err
	}
	d.config.Path, d.config.Dir = opts.Path, dir

	env := environment{real: opts.LookupEnv, file: d.loadDotEnv()}
	d.lookup = env.lookup
	if d.loadFile(opts) {
		d.overlay(env, opts.Flags)
		d.check(opts)
		if !d.out.failed() {
			d.joinPaths()
		}
	}
	report := d.out.report(d.file)
	d.draw(report.Problems, report.Notes)
	d.scrub(report.Problems, report.Notes)
	if report.Failed() {
		return nil, report
	}
	return d.config, report
}

// wasRead notes a file with what was found in it.
func (d *decoder) wasRead(path string, data []byte, err error) {
	f := File{Path: path}
	if err == nil {
		f.Sum = sha256.Sum256(data)
	}
	d.config.Files = append(d.config.Files, f)
}

// reader returns a function that reads a whole file up to a limit.
func reader(open func(string) (io.ReadCloser, error)) func(string, int64) ([]byte, error) {
	if open == nil {
		open = func(path string) (io.ReadCloser, error) { return os.Open(path) }
	}
	return func(path string, limit int64) ([]byte, error) {
		file, err := open(path)
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(io.LimitReader(file, limit+1))
		// Nothing was written, so closing cannot lose anything.
		_ = file.Close()
		if err == nil && int64(len(data)) > limit {
			err = fmt.Errorf("it is larger than %v", Size(limit))
		}
		return data, err
	}
}

// loadDotEnv reads the .env file. What is wrong with it is an error: a value
// that silently does not count is worse than a start that fails.
func (d *decoder) loadDotEnv() dotEnv {
	data, err := d.read(d.dotEnv, maxDotEnv)
	if errors.Is(err, fs.ErrNotExist) {
		return dotEnv{}
	}
	if err != nil {
		d.out.add(Problem{Code: CodeUnreadable, File: d.dotEnv, Message: "cannot be read: " + plainError(err)})
		return dotEnv{}
	}
	env, problems := parseDotEnv(d.dotEnv, data)
	for _, p := range problems {
		d.out.add(p)
	}
	return env
}

// loadFile reads plugins.yaml into the config and reports whether the checks
// that need all of it make sense.
func (d *decoder) loadFile(opts LoadOptions) bool {
	data := opts.Source
	if data != nil {
		d.wasRead(opts.Path, data, nil)
	}
	if data == nil {
		var err error
		data, err = d.read(opts.Path, maxFile)
		if errors.Is(err, fs.ErrNotExist) && opts.Optional {
			return true
		}
		if err != nil {
			d.out.add(Problem{Code: CodeUnreadable, File: opts.Path, Message: "cannot be read: " + plainError(err)})
			return false
		}
	} else if len(data) > maxFile {
		d.out.add(Problem{Code: CodeUnreadable, File: opts.Path, Message: fmt.Sprintf("cannot be read: it is larger than %v", Size(maxFile))})
		return false
	}
	d.config.FromFile = true
	src, problem := parse(opts.Path, data)
	d.src = src
	if problem != nil {
		d.out.add(*problem)
		return false
	}
	d.maxVisits = src.nodes + spareVisits
	if !d.version() {
		return false
	}
	d.structure(src.root, "", reflect.ValueOf(d.config).Elem())
	return d.visits <= d.maxVisits
}

// version looks at the version before anything else: a file of a later one
// would only bring a list of misleading errors.
func (d *decoder) version() bool {
	root := d.src.root
	for i := 0; i+1 < len(root.Content); i += 2 {
		name, value := root.Content[i], root.Content[i+1]
		if name.Value != "version" || value.Kind != yaml.ScalarNode {
			continue
		}
		var n int
		if value.ShortTag() != "!!int" || value.Decode(&n) != nil || n == 1 {
			return true
		}
		d.show(name)
		d.show(value)
		f := bad(value.Value, "is not a version of this file that is known")
		f.allowed = "1"
		if n > 1 {
			f.message, f.hint = "is a newer version of this file than this program knows", "update claude-proxy"
		}
		d.problemAt(value, "version", f)
		return false
	}
	return true
}

// draw adds the lines of the file to its problems, now that it is known what is
// safe to show of them.
func (d *decoder) draw(lists ...[]Problem) {
	for _, list := range lists {
		for i := range list {
			if p := &list[i]; d.src != nil && p.File == d.src.name && p.Line > 0 {
				p.Snippet = d.src.snippet(p.Line, p.Col)
			}
		}
	}
}

// joinPaths makes relative paths start beside the file.
func (d *decoder) joinPaths() {
	c := d.config
	c.Server.StateDir = d.join(c.Server.StateDir)
	c.Plugins.Dir = d.join(c.Plugins.Dir)
	if c.Plugins.CacheDir != "" {
		c.Plugins.CacheDir = d.join(c.Plugins.CacheDir)
	}
}

// scrub takes every secret and every text that a reference led to out of the
// problems. They should not be there in the first place; this is the lock on
// the second door.
func (d *decoder) scrub(lists ...[]Problem) {
	if len(d.secrets) == 0 {
		return
	}
	// The longest first, so that no part of one is left behind.
	slices.SortFunc(d.secrets, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(d.secrets))
	for _, s := range d.secrets {
		pairs = append(pairs, s, "…")
	}
	replacer := strings.NewReplacer(pairs...)
	for _, list := range lists {
		for i := range list {
			p := &list[i]
			for _, text := range [...]*string{&p.Message, &p.Found, &p.Allowed, &p.Hint, &p.Try, &p.Snippet.Text} {
				*text = replacer.Replace(*text)
			}
		}
	}
}
