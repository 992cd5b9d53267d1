package main

import (
	"bytes"
	"encoding/json"
	"go/format"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/wasm/wasmtest"
	"github.com/claude-proxy/claude-proxy/sdk/abi"
	"github.com/claude-proxy/claude-proxy/sdk/adaptertest"
)

// command runs the program with these arguments.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

// Every adapter that a project can begin as makes one whose files carry the new names and keep their form.
func TestPluginNew(t *testing.T) {
	for like := range origins {
		t.Run(like, func(t *testing.T) {
			p, err := newProject("acme-2", like, "")
			if err != nil {
				t.Fatal(err)
			}
			files, err := p.files()
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"acme2.go", "acme2_test.go", "wasm/main.go", "go.mod", ".gitignore", "README.md", "README.zh-CN.md",
				"sdk/go.mod", "sdk/ABI.md", "sdk/adapter/adapter.go", "sdk/guest/exports_wasip1.go", "sdk/adaptertest/generic.go", "sdk/adaptertest/generic/requests/1-text.txtar"} {
				if files[want] == nil {
					t.Errorf("there is no %s", want)
				}
			}
			cases, old := 0, origins[like].path
			for name, text := range files {
				if strings.HasPrefix(name, "testdata/") {
					cases++
				}
				if strings.Contains(string(text), "@builtin") || strings.Contains(string(text), "@name@") {
					t.Errorf("%s holds words that are not filled in", name)
				}
				if !strings.HasSuffix(name, ".go") || strings.HasPrefix(name, "sdk/") {
					continue
				}
				if same, err := format.Source(text); err != nil || !bytes.Equal(same, text) {
					t.Errorf("%s is not formatted (%v)", name, err)
				}
				if strings.Contains(string(text), `"`+old) {
					t.Errorf("%s imports %s", name, old)
				}
			}
			if cases < 5 {
				t.Errorf("only %d cases", cases)
			}
			main := string(files["acme2.go"])
			if !strings.Contains(main, "\npackage acme2\n") || !strings.Contains(main, `"acme-2",`) || !strings.Contains(main, "// Package acme2 is") {
				t.Errorf("acme2.go keeps an old name:\n%.1500s", main)
			}
			if program := string(files["wasm/main.go"]); !strings.Contains(program, `acme2 "example.com/acme-2"`) || !strings.Contains(program, "guest.Serve(acme2.Module{})") ||
				!strings.Contains(program, "// Command wasm is the acme-2 adapter") {
				t.Errorf("wasm/main.go:\n%s", program)
			}
		})
	}
}

func TestPluginNewRefuses(t *testing.T) {
	dir := t.TempDir()
	f := func(want string, args ...string) {
		t.Helper()
		code, _, stderr := command(t, append([]string{"plugin", "new"}, args...)...)
		if code == 0 || !strings.Contains(stderr, want) {
			t.Errorf("%q: code %d, %s", args, code, stderr)
		}
	}
	f("cannot be the name", "Acme")
	f("cannot be the name", "../acme")
	f("is built in", "openai")
	f("there are claude, echo", "acme", "--like", "nobody")
	if err := os.WriteFile(filepath.Join(dir, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f("not empty", "acme", "--dir", dir)
}

func TestPackageName(t *testing.T) {
	for name, want := range map[string]string{"acme": "acme", "my-server": "myserver", "7up": "adapter7up", "go": "goadapter", "sdk": "sdkadapter", "map": "mapadapter"} {
		if got := packageName(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// squeezed has no more than one blank in a row: columns are as wide as what stands in them.
func squeezed(text string) string { return regexp.MustCompile(" +").ReplaceAllString(text, " ") }

func TestNewEnough(t *testing.T) {
	for version, want := range map[string]bool{"go1.26": true, "go1.26.3": true, "go1.27rc1": true, "go1.25.9": false, "go1.9": false, "devel go1.28-abc": true, "go2.0": true} {
		if newEnough(version) != want {
			t.Errorf("%s: %v", version, !want)
		}
	}
}

// Without Go, or with an old one, the message says what to do; a newer one elsewhere is taken.
func TestFindGo(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the stand-ins for Go are shell scripts")
	}
	place := func(answer string) string {
		file := filepath.Join(t.TempDir(), "go")
		if err := os.WriteFile(file, []byte("#!/bin/sh\n"+answer+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		return file
	}
	nowhere := filepath.Join(t.TempDir(), "go")
	old, current, broken := place("echo go1.20.1"), place("echo go1.26.2"), place("exit 3")
	f := func(want, message string, places ...string) {
		t.Helper()
		got, err := findGo(t.Context(), places)
		if got != want || (err == nil) != (message == "") || err != nil && !strings.Contains(err.Error(), message) {
			t.Errorf("%q, %v", got, err)
		}
	}
	f(current, "", nowhere, old, current)
	f("", "there is no Go, which builds a plugin\n  try: install Go", nowhere)
	f("", "is go1.20.1; plugins need Go 1.26 or later\n  try:", old)
	f("", "does not work", broken)
}

// inspected runs plugin inspect on a module made by the byte.
func inspected(t *testing.T, module []byte) (code int, in inspection, text string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "acme.wasm")
	if err := os.WriteFile(file, module, 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := command(t, "plugin", "inspect", file, "--json")
	if err := json.Unmarshal([]byte(stdout), &in); err != nil {
		t.Fatalf("%v: %s%s", err, stdout, stderr)
	}
	again, text, _ := command(t, "plugin", "inspect", file)
	if again != code {
		t.Errorf("code %d with --json, %d without", code, again)
	}
	return code, in, text
}

func TestPluginInspectRefused(t *testing.T) {
	f := func(module []byte, problem string) {
		t.Helper()
		code, in, text := inspected(t, module)
		if code != exitFailed || in.Verdict != verdictRefused || !strings.Contains(strings.Join(in.Problems, "\n"), problem) || !strings.Contains(text, problem) {
			t.Errorf("code %d, %s %q\n%s", code, in.Verdict, in.Problems, text)
		}
	}
	f([]byte("no module"), "not a WebAssembly module")
	f([]byte("\x00asm\x0d\x00\x01\x00"), "component")
	f([]byte("\x00asm\x01\x00\x00\x00"), abi.Marker)
}

// A plugin that does not load fails level 0 and is judged no further.
func TestPluginTestRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "acme.wasm")
	if err := os.WriteFile(file, []byte("\x00asm\x01\x00\x00\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, _ := command(t, "plugin", "test", file)
	if code != exitFailed || !strings.Contains(squeezed(stdout), "0 loads fail") || !strings.Contains(stdout, "load: it exports no "+abi.Marker) {
		t.Errorf("code %d\n%s", code, stdout)
	}
	code, stdout, _ = command(t, "plugin", "test", "--json", file)
	var j struct {
		OK     bool
		Levels []adaptertest.LevelVerdict
	}
	if err := json.Unmarshal([]byte(stdout), &j); err != nil || j.OK || code != exitFailed || len(j.Levels) != adaptertest.Levels || j.Levels[1].Standing != adaptertest.Skipped {
		t.Errorf("%v, code %d, %+v", err, code, j)
	}
	if code, _, stderr := command(t, "plugin", "test", t.TempDir()); code == 0 || !strings.Contains(stderr, "plugin new NAME") {
		t.Errorf("an empty folder: code %d, %s", code, stderr)
	}
}

// The example in the sandbox reaches the top. With a wrong golden it does not, and the report shows the difference.
func TestPluginTest(t *testing.T) {
	example := filepath.Join("..", "..", "sdk", "examples", "echo")
	module, err := wasmtest.Build(filepath.Join(example, "wasm"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "echo.wasm")
	if err := os.WriteFile(file, module, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "testdata"), os.DirFS(filepath.Join(example, "testdata"))); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := command(t, "plugin", "test", file, "--level", "5", "-v")
	if code != 0 || !strings.Contains(stdout, "ok: level 5 reached") || !strings.Contains(stdout, "requests/unicode") {
		t.Errorf("code %d, %s\n%s", code, stderr, stdout)
	}
	stream := filepath.Join(dir, "testdata", "stream.txtar")
	text, err := os.ReadFile(stream)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stream, bytes.Replace(text, []byte("\ntext 0 \"world\""), []byte("\ntext 0 \"moon\""), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, _ = command(t, "plugin", "test", file, "--run", "^stream$")
	for _, want := range []string{"FAIL stream (level 2)", "golden ops: differs", "- text 0 \"moon\"", "+ text 0 \"world\"", "2 streams fail 1 of 1 cases wrong"} {
		if code != exitFailed || !strings.Contains(squeezed(stdout), want) {
			t.Errorf("code %d, no %q in\n%s", code, want, stdout)
		}
	}
	if code, _, _ := command(t, "plugin", "test", file, "--run", "^stream$", "--update"); code != 0 {
		t.Error("updating failed")
	}
	if again, err := os.ReadFile(stream); err != nil || !bytes.Equal(again, text) {
		t.Errorf("the update is not what was there before: %v", err)
	}

	code, in, shown := inspected(t, module)
	if code != 0 || in.Verdict != verdictOK || in.Manifest.Name != "echo" || !slices.Equal(in.ABI, []string{"1"}) || in.Memory.Start == 0 || len(in.SHA256) != 64 {
		t.Errorf("code %d, %+v", code, in)
	}
	if !strings.Contains(shown, "verdict") || !strings.Contains(shown, in.SHA256) || !strings.Contains(shown, "wasi_snapshot_preview1.fd_write") {
		t.Errorf("%s", shown)
	}
}

// The manual of a project goes into its module, in each language that there is.
func TestEmbedReadme(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	module := filepath.Join(dir, "plugin.wasm")
	f := func(want string) {
		t.Helper()
		write("plugin.wasm", "\x00asm\x01\x00\x00\x00")
		if err := embedReadme(dir, module); err != nil {
			t.Fatal(err)
		}
		if b, _ := os.ReadFile(module); string(b) != "\x00asm\x01\x00\x00\x00"+want {
			t.Errorf("%q", b)
		}
	}
	f("")
	write("README.zh-CN.md", "\ufeff你好")
	f("\x00\x1d\x16" + abi.ReadmeSectionZH + "你好")
	write("README.md", "hello")
	f("\x00\x19\x13" + abi.ReadmeSection + "hello" + "\x00\x1d\x16" + abi.ReadmeSectionZH + "你好")
}
