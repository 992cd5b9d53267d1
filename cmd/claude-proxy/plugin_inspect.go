package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/claude-proxy/claude-proxy/host/wasm"
	"github.com/claude-proxy/claude-proxy/plugins"
	"github.com/claude-proxy/claude-proxy/sdk/abi"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// inspection is all that is known about a file that wants to be a plugin. It is what --json writes.
type inspection struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	Size   int    `json:"size"`
	// ABI are the versions that the module's markers name.
	ABI []string `json:"abi"`
	// Verdict is "ok" or "refused"; Problems say why.
	Verdict  string   `json:"verdict"`
	Problems []string `json:"problems,omitempty"`
	// Notes are no reason to refuse it.
	Notes        []string       `json:"notes,omitempty"`
	Imports      []string       `json:"imports"`
	Exports      []string       `json:"exports"`
	Features     uint64         `json:"features"`
	Functions    int            `json:"functions"`
	Instructions int            `json:"instructions"`
	Memory       memoryUse      `json:"memory"`
	Limits       map[string]any `json:"limits"`
	Load         loadTime       `json:"load"`
	Manifest     *manifestView  `json:"manifest,omitempty"`
}

type memoryUse struct {
	Start int64 `json:"start"`
	Limit int64 `json:"limit"`
}

type loadTime struct {
	Compile time.Duration `json:"compile_ns"`
	Start   time.Duration `json:"start_ns"`
}

// manifestView is a manifest as its author wrote it.
type manifestView struct {
	Name        string            `json:"name"`
	Version     string            `json:"version,omitempty"`
	Title       map[string]string `json:"title,omitempty"`
	Description map[string]string `json:"description,omitempty"`
	Homepage    string            `json:"homepage,omitempty"`
	License     string            `json:"license,omitempty"`
	BaseURL     string            `json:"base_url,omitempty"`
	Auth        string            `json:"auth"`
	Native      []string          `json:"native,omitempty"`
	Operations  []string          `json:"operations"`
	Headers     []string          `json:"headers,omitempty"`
	Options     json.RawMessage   `json:"options,omitempty"`
}

func newPluginInspect() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "inspect FILE.wasm",
		Short: "Tell all about a plugin, and why it is refused where it is",
		Long:  "Tell all about a plugin, and why it is refused where it is.\nExit codes: 0 a proxy takes it, 1 it does not.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in, p, err := inspectFile(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if p != nil {
				p.Close()
			}
			if asJSON {
				err = writeJSON(cmd.OutOrStdout(), in)
			} else {
				err = in.write(cmd.OutOrStdout())
			}
			if err == nil && in.Verdict != verdictOK {
				err = exitError(exitFailed)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	return cmd
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

const (
	verdictOK      = "ok"
	verdictRefused = "refused"
)

// newInspection puts together what loading a file showed. err is why it did not load, nil when it did.
func newInspection(file string, r *wasm.Report, err error) *inspection {
	limits := wasm.DefaultLimits()
	in := &inspection{
		File: file, SHA256: r.SHA256, Size: r.Size, Verdict: verdictOK, Imports: r.Imports, Exports: r.Exports, Features: r.Features,
		Functions: r.Metering.Functions, Instructions: r.Metering.Instructions,
		Memory: memoryUse{r.Memory, limits.Memory}, Load: loadTime{r.Compile, r.Start},
		Limits: map[string]any{
			"fuel_per_event": limits.FuelPerEvent, "fuel_per_request": limits.FuelPerRequest, "fuel_per_byte": limits.FuelPerByte,
			"memory": limits.Memory, "exchanges_per_instance": limits.ExchangesPerInstance,
		},
	}
	for _, e := range r.Exports {
		if version, ok := strings.CutPrefix(e, abi.MarkerPrefix); ok {
			in.ABI = append(in.ABI, version)
		}
	}
	if r.Manifest.Name != "" {
		in.Manifest = viewManifest(&r.Manifest)
	}
	if err != nil {
		in.Verdict = verdictRefused
		in.Problems = problemsOf(err)
		return in
	}
	in.note()
	return in
}

// problemsOf is why a module was refused, a sentence for each reason.
func problemsOf(err error) []string {
	var refused *wasm.Refused
	if errors.As(err, &refused) {
		return refused.Problems
	}
	var fault *wasm.Error
	if errors.As(err, &fault) && fault.Detail != "" {
		return []string{err.Error() + ": " + strings.TrimSpace(fault.Detail)}
	}
	return []string{err.Error()}
}

// note says what an author may want to know although nothing is wrong.
func (in *inspection) note() {
	name := strings.TrimSuffix(filepath.Base(in.File), filepath.Ext(in.File))
	for _, m := range plugins.Builtin() {
		if m.Manifest().Name == name {
			in.Notes = append(in.Notes, fmt.Sprintf("a proxy refuses the file under this name: an adapter named %s is built in", name))
		}
	}
	if in.Memory.Start > in.Memory.Limit/2 {
		in.Notes = append(in.Notes, "more than half of the default memory limit is used before the first request")
	}
}

func viewManifest(m *adapter.Manifest) *manifestView {
	v := &manifestView{
		Name: m.Name, Version: m.Version, Title: viewText(m.Title), Description: viewText(m.Description), Homepage: m.Homepage, License: m.License,
		BaseURL: m.BaseURL, Auth: m.Auth, Native: m.Native, Headers: m.Headers, Operations: []string{adapter.Messages.String()},
	}
	for _, op := range m.Operations {
		if !slices.Contains(v.Operations, op.String()) {
			v.Operations = append(v.Operations, op.String())
		}
	}
	if json.Valid([]byte(m.Options)) {
		v.Options = json.RawMessage(m.Options)
	}
	return v
}

func viewText(t adapter.Text) map[string]string {
	if t == (adapter.Text{}) {
		return nil
	}
	return map[string]string{"en": t.EN, "zh": t.ZH}
}

// brief is what a build says about its result.
func (in *inspection) brief(w io.Writer) error {
	if in.Verdict != verdictOK {
		fmt.Fprintf(w, "%s: %s, but a proxy refuses it:\n", in.File, bytesText(int64(in.Size)))
		for _, p := range in.Problems {
			fmt.Fprintf(w, "  %s\n", p)
		}
		return exitError(exitFailed)
	}
	_, err := fmt.Fprintf(w, "%s: %s, %d exports, %d imports, %s of memory at the start, loads in %s\n", in.File, bytesText(int64(in.Size)),
		len(in.Exports), len(in.Imports), bytesText(in.Memory.Start), (in.Load.Compile + in.Load.Start).Round(time.Millisecond))
	return err
}

// write is the inspection for people.
func (in *inspection) write(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		if text := fmt.Sprintf(format, args...); text != "" {
			fmt.Fprintf(w, "%s\t%s\n", name, text)
		}
	}
	line("file", "%s", in.File)
	line("size", "%s (%d bytes)", bytesText(int64(in.Size)), in.Size)
	line("sha256", "%s", in.SHA256)
	line("abi", "%s", strings.Join(in.ABI, ", "))
	if m := in.Manifest; m != nil {
		line("adapter", "%s %s", m.Name, m.Version)
		line("title", "%s", m.Title["en"])
		line("about", "%s", m.Description["en"])
		line("homepage", "%s", m.Homepage)
		line("license", "%s", m.License)
		line("base url", "%s", m.BaseURL)
		line("auth", "%s", m.Auth)
		line("operations", "%s", strings.Join(m.Operations, ", "))
		line("native", "%s", strings.Join(m.Native, ", "))
		line("headers", "%s", strings.Join(m.Headers, ", "))
		line("options", "%s", strings.Join(strings.Fields(string(m.Options)), " "))
	}
	line("exports", "%s", strings.Join(in.Exports, ", "))
	line("imports", "%s", strings.Join(in.Imports, ", "))
	if in.Functions > 0 {
		line("code", "%d functions, %s instructions", in.Functions, countText(int64(in.Instructions)))
	}
	if in.Memory.Start > 0 {
		line("memory", "%s at the start, at most %s (plugins.limits in plugins.yaml)", bytesText(in.Memory.Start), bytesText(in.Memory.Limit))
		line("load", "compiled in %s, started in %s", in.Load.Compile.Round(time.Millisecond), in.Load.Start.Round(time.Millisecond))
	}
	line("verdict", "%s", in.Verdict)
	if err := w.Flush(); err != nil {
		return err
	}
	for _, text := range append(in.Problems, in.Notes...) {
		if _, err := fmt.Fprintf(out, "  %s\n", text); err != nil {
			return err
		}
	}
	return nil
}
