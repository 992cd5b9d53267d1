package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/claude-proxy/claude-proxy/host/wasm"
	"github.com/claude-proxy/claude-proxy/sdk"
	"github.com/claude-proxy/claude-proxy/sdk/abi"
)

func newPluginBuild() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "build [DIR]",
		Short: "Build a Go project as a plugin and say what came out",
		Long: "Build the Go project in DIR (default: the current folder) as a plugin and say what came out. The program is DIR/wasm,\n" +
			"or DIR itself. Its README.md and README.zh-CN.md go into the module, where the web UI shows them. Needs Go " + sdk.GoVersion + " or\n" +
			"later. Plugins in other languages are built with their own tools.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := folderOf(args)
			if out == "" {
				name, err := projectOf(dir)
				if err != nil {
					return err
				}
				out = filepath.Join(dir, name+".wasm")
			}
			if err := buildPlugin(cmd.Context(), dir, out); err != nil {
				return err
			}
			in, _, err := inspectFile(cmd.Context(), out)
			if err != nil {
				return err
			}
			return in.brief(cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "the file to write (default DIR/NAME.wasm)")
	return cmd
}

// projectOf is the name of the project in a folder: the folder's own.
func projectOf(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	return filepath.Base(abs), err
}

// programOf is the folder of the program in a project.
func programOf(dir string) (string, error) {
	if _, err := os.Stat(dir); err != nil {
		return "", err
	}
	for _, program := range []string{filepath.Join(dir, "wasm"), dir} {
		if hasGo(program) {
			return program, nil
		}
	}
	return "", fmt.Errorf("%s holds no Go program, neither in wasm/ nor by itself\n"+
		"  try: claude-proxy plugin new NAME    for a project that is complete\n"+
		"  Plugins in other languages are built with their own tools; give the .wasm file to plugin test", dir)
}

func hasGo(dir string) bool {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	return err == nil && len(files) > 0 // a pattern of ours is well-formed
}

// buildPlugin builds the project in dir into the file out, which appears whole or not at all.
func buildPlugin(ctx context.Context, dir, out string) error {
	program, err := programOf(dir)
	if err != nil {
		return err
	}
	tool, err := findGo(ctx, goPlaces())
	if err != nil {
		return err
	}
	if out, err = filepath.Abs(out); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(filepath.Dir(out), ".build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	made := filepath.Join(temp, "plugin.wasm")
	c := exec.CommandContext(ctx, tool, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-buildmode=c-shared", "-o", made, ".")
	c.Dir = program
	c.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if text, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s does not build: %w\n%s", program, err, strings.TrimSpace(string(text)))
	}
	if err := embedReadme(dir, made); err != nil {
		return err
	}
	if err := os.Chmod(made, 0o644); err != nil {
		return err
	}
	return os.Rename(made, out)
}

// embedReadme writes the project's manual, where there is one, into the module.
func embedReadme(dir, module string) error {
	b, err := os.ReadFile(module)
	if err != nil {
		return err
	}
	for _, x := range [...][2]string{{abi.ReadmeSection, "README.md"}, {abi.ReadmeSectionZH, "README.zh-CN.md"}} {
		text, err := os.ReadFile(filepath.Join(dir, x[1]))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		b = abi.AppendSection(b, x[0], abi.Readme(text))
	}
	return os.WriteFile(module, b, 0o644)
}

// goPlaces are where a Go command may be: in PATH, else in the usual places.
func goPlaces() []string {
	home, _ := os.UserHomeDir() // none: one place less to look
	places := []string{"go"}
	for _, dir := range []string{os.Getenv("GOROOT"), "/usr/local/go", "/usr/lib/go", "/opt/homebrew/opt/go/libexec", `C:\Program Files\Go`, filepath.Join(home, "go"), filepath.Join(home, "sdk", "go")} {
		if dir != "" {
			places = append(places, filepath.Join(dir, "bin", "go"))
		}
	}
	return places
}

// findGo finds a Go command that is new enough.
func findGo(ctx context.Context, places []string) (string, error) {
	const try = "\n  try: install Go from https://go.dev/dl/, or put the folder of its go command into PATH"
	var old error
	for _, place := range places {
		tool, err := exec.LookPath(place)
		if err != nil {
			continue
		}
		version, err := goVersion(ctx, tool)
		if err != nil {
			return "", err
		}
		if newEnough(version) {
			return tool, nil
		}
		if old == nil {
			old = fmt.Errorf("%s is %s; plugins need Go %s or later%s", tool, version, sdk.GoVersion, try)
		}
	}
	if old != nil {
		return "", old
	}
	return "", errors.New("there is no Go, which builds a plugin" + try)
}

// goVersion asks a Go command what it is, outside of any module: there it would fetch another one.
func goVersion(ctx context.Context, tool string) (string, error) {
	c := exec.CommandContext(ctx, tool, "env", "GOVERSION")
	c.Dir = os.TempDir()
	text, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("%s does not work: %w", tool, err)
	}
	return strings.TrimSpace(string(text)), nil
}

// newEnough compares versions such as go1.26.1. One that cannot be read (a development version) is taken.
func newEnough(version string) bool {
	have, ok := minorOf(strings.TrimPrefix(version, "go"))
	if !ok {
		return true
	}
	want, _ := minorOf(sdk.GoVersion)
	return have >= want
}

// minorOf is 26 of 1.26.1 and 1.26rc2; ok is false for anything but Go 1.
func minorOf(version string) (n int, ok bool) {
	rest, ok := strings.CutPrefix(version, "1.")
	if !ok {
		return 0, false
	}
	end := 0
	for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(rest[:end])
	return n, err == nil
}

// inspectFile loads a plugin from a file and tells all about it. The error says that the file cannot be read; what is wrong
// with the plugin stands in the inspection. The plugin is nil then.
func inspectFile(ctx context.Context, file string) (*inspection, *wasm.Plugin, error) {
	module, err := os.ReadFile(file)
	if err != nil {
		var missing *fs.PathError
		if errors.As(err, &missing) && filepath.Ext(file) != ".wasm" {
			err = fmt.Errorf("%w\n  try: a .wasm file, or claude-proxy plugin build", err)
		}
		return nil, nil, err
	}
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	p, report, err := pluginLoader().Load(ctx, module, wasm.Options{Name: name, Instances: min(2, runtime.GOMAXPROCS(0))})
	return newInspection(file, report, err), p, nil
}
