package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/claude-proxy/claude-proxy/host/wasm"
	"github.com/claude-proxy/claude-proxy/sdk/adaptertest"
)

// judging is what plugin test was asked.
type judging struct {
	cases   string // folder of the plugin's own cases; "" for the usual place
	run     string // which cases, a regular expression; "" for all
	level   int    // the level that has to be reached; -1 for any
	asJSON  bool
	verbose bool
	update  bool
}

// judgement is the result. It is what --json writes.
type judgement struct {
	OK     bool        `json:"ok"`
	Plugin *inspection `json:"plugin"`
	*adaptertest.Verdict
	Time time.Duration `json:"time_ns"`
}

func newPluginTest() *cobra.Command {
	var j judging
	cmd := &cobra.Command{
		Use:   "test FILE.wasm|DIR",
		Short: "Judge a plugin, level by level",
		Long: "Judge a plugin in the sandbox that a proxy would run it in, level by level: 0 it loads, 1 text, 2 streams, 3 tools,\n" +
			"4 media, thinking, caches, counting, 5 errors and garbage. A Go project is built first. Besides the kit's own cases those\n" +
			"in testdata beside the plugin are played.\n" +
			"Exit codes: 0 nothing is wrong, 1 something is, or it could not be tried.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return j.command(cmd.Context(), folderOf(args), cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringVar(&j.cases, "cases", "", "the folder of the plugin's own cases (default: testdata beside it)")
	f.StringVar(&j.run, "run", "", "only cases whose name matches this regular expression")
	f.IntVar(&j.level, "level", -1, "fail unless this level is reached")
	f.BoolVar(&j.asJSON, "json", false, "write JSON")
	f.BoolVarP(&j.verbose, "verbose", "v", false, "a line for every case: what it cost, how it went")
	f.BoolVar(&j.update, "update", false, "write what came out into the plugin's own cases instead of comparing")
	return cmd
}

func (j *judging) command(ctx context.Context, target string, stdout io.Writer) error {
	t, err := findTarget(ctx, target)
	if err != nil {
		return err
	}
	defer t.clean()
	var progress io.Writer
	if j.verbose && !j.asJSON {
		progress = stdout
	}
	result, err := j.judge(ctx, t, progress)
	if err != nil {
		return err
	}
	if j.asJSON {
		err = writeJSON(stdout, result)
	} else {
		err = result.write(stdout)
	}
	if err == nil && !result.OK {
		err = exitError(exitFailed)
	}
	return err
}

// target is a plugin to be judged.
type target struct {
	file  string // the .wasm file
	shown string // what it is called in the report
	cases string // folder of its own cases
	clean func()
}

// findTarget finds or builds the plugin: a file, a Go project, or a folder with one .wasm file.
func findTarget(ctx context.Context, path string) (*target, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	t := &target{file: path, shown: path, cases: filepath.Join(filepath.Dir(path), "testdata"), clean: func() {}}
	if !info.IsDir() {
		return t, nil
	}
	t.cases = filepath.Join(path, "testdata")
	_, noProgram := programOf(path)
	if noProgram == nil {
		temp, err := os.MkdirTemp("", "plugin-")
		if err != nil {
			return nil, err
		}
		t.clean = func() { os.RemoveAll(temp) }
		name, err := projectOf(path)
		if err == nil {
			t.file = filepath.Join(temp, name+".wasm")
			err = buildPlugin(ctx, path, t.file)
		}
		if err != nil {
			t.clean()
			return nil, err
		}
		return t, nil
	}
	files, err := filepath.Glob(filepath.Join(path, "*.wasm"))
	if err != nil || len(files) != 1 {
		return nil, noProgram
	}
	t.file, t.shown = files[0], files[0]
	return t, nil
}

// judge loads the plugin and plays all cases. progress is told of every case; nil tells nobody.
func (j *judging) judge(ctx context.Context, t *target, progress io.Writer) (*judgement, error) {
	began := time.Now()
	cases, err := j.load(t)
	if err != nil {
		return nil, err
	}
	only, err := j.only()
	if err != nil {
		return nil, err
	}
	in, p, err := inspectFile(ctx, t.file)
	if err != nil {
		return nil, err
	}
	in.File = t.shown
	result := &judgement{Plugin: in}
	if p == nil {
		r := &adaptertest.Report{}
		for _, text := range in.Problems {
			r.Findings = append(r.Findings, adaptertest.Finding{Check: "load", Message: text})
		}
		result.Verdict = adaptertest.Sum([]*adaptertest.Report{r})
	} else {
		defer p.Close()
		each := func(r *adaptertest.Report) {
			if progress != nil {
				writeProgress(progress, r)
			}
			if j.update && r.File != nil && !r.Generic && err == nil {
				err = os.WriteFile(filepath.Join(j.folder(t), r.Case+".txtar"), r.File, 0o644)
			}
		}
		suite := adaptertest.NewSuite(p, cases, adaptertest.Options{Seeds: 5, Update: j.update})
		result.Verdict = suite.Judge(only, each)
		if err != nil {
			return nil, err
		}
		if r := afterwards(p); only == nil || !r.OK() {
			result.Verdict = adaptertest.Sum(append(result.Verdict.Reports, r))
		}
	}
	result.Time = time.Since(began)
	result.OK = result.Verdict.OK() && result.Reached >= j.level
	return result, nil
}

// afterwards looks at the sandbox once all exchanges are closed: nothing may be left, and nothing may have trapped.
func afterwards(p *wasm.Plugin) *adaptertest.Report {
	r := &adaptertest.Report{Shown: true}
	s := p.Stats()
	for _, c := range []struct {
		n    int64
		what string
	}{
		{s.Faults, "%d calls trapped, ran out of their budget or broke the ABI; the log of the proxy would say which"},
		{s.Lost, "%d exchanges could not be rebuilt from their inputs"},
		{int64(s.Exchanges), "%d exchanges are still open"},
	} {
		if c.n != 0 {
			r.Findings = append(r.Findings, adaptertest.Finding{Check: "sandbox", Message: fmt.Sprintf(c.what, c.n)})
		}
	}
	return r
}

func (j *judging) folder(t *target) string {
	if j.cases != "" {
		return j.cases
	}
	return t.cases
}

// load reads the plugin's own cases. A plugin without any is judged by the kit's, a folder that was asked for must be there.
func (j *judging) load(t *target) ([]*adaptertest.Case, error) {
	if _, err := os.Stat(j.folder(t)); errors.Is(err, fs.ErrNotExist) && j.cases == "" {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return adaptertest.Load(j.folder(t))
}

func (j *judging) only() (func(string) bool, error) {
	if j.run == "" {
		return nil, nil
	}
	re, err := regexp.Compile(j.run)
	if err != nil {
		return nil, fmt.Errorf("--run: %w", err)
	}
	return re.MatchString, nil
}
