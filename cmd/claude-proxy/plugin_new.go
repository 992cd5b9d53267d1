package main

import (
	"embed"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/claude-proxy/claude-proxy/plugins"
	"github.com/claude-proxy/claude-proxy/sdk"
)

// scaffold is what a project has besides code: manuals and the like, as templates.
//
//go:embed scaffold
var scaffold embed.FS

// origins are the adapters that a project can begin as: where their code lies, and which folders of others they need.
var origins = map[string]origin{
	"echo":            {files: sdk.Sources, dir: "examples/echo", path: sdk.Module + "/examples/echo"},
	"openaicompat":    {files: sdk.Sources, dir: "examples/openaicompat", path: sdk.Module + "/examples/openaicompat"},
	"claude":          builtinOrigin("claude"),
	"gemini":          builtinOrigin("gemini"),
	"openai":          builtinOrigin("openai"),
	"openaiold":       builtinOrigin("openaiold"),
	"openairesponses": builtinOrigin("openairesponses"),
}

// defaultOrigin is a whole adapter that is small enough to be read.
const defaultOrigin = "openaicompat"

type origin struct {
	files fs.FS
	// dir is the adapter's folder in files, path its import path.
	dir, path string
}

const builtinPath = "github.com/claude-proxy/claude-proxy/plugins/"

func builtinOrigin(name string) origin {
	return origin{files: plugins.Sources, dir: name, path: builtinPath + name}
}

// others are the folders of other adapters that this one imports, directly or not. They become folders of the project.
func (o origin) others() ([]string, error) {
	var found []string
	look := []string{o.dir}
	for len(look) > 0 {
		files, err := fs.Glob(o.files, look[0]+"/*.go")
		if err != nil {
			return nil, err
		}
		look = look[1:]
		for _, file := range files {
			text, err := fs.ReadFile(o.files, file)
			if err != nil {
				return nil, err
			}
			f, err := parser.ParseFile(token.NewFileSet(), file, text, parser.ImportsOnly)
			if err != nil {
				return nil, err
			}
			for _, spec := range f.Imports {
				dir, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), builtinPath)
				if ours && dir != o.dir && !strings.HasPrefix(dir, o.dir+"/") && !slices.Contains(found, dir) {
					found, look = append(found, dir), append(look, dir)
				}
			}
		}
	}
	return found, nil
}

// project is a new adapter.
type project struct {
	Name    string // of the adapter
	Package string // of its Go package
	Module  string // of its Go module
	Like    string
	Builtin bool // Like is built in, with a manual of its own
}

func newPluginNew() *cobra.Command {
	var like, dir, module string
	names := slices.Sorted(maps.Keys(origins))
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Write a complete project for a new adapter",
		Long: "Write a complete project for a new adapter: code, cases, a manual, and a copy of the SDK, so that it builds with\n" +
			"nothing but Go. It begins as a working copy of another adapter: " + strings.Join(names, ", ") + ".",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := newProject(args[0], like, module)
			if err != nil {
				return err
			}
			if dir == "" {
				dir = p.Name
			}
			return p.create(dir, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&like, "like", defaultOrigin, "the adapter to begin as: "+strings.Join(names, ", "))
	cmd.Flags().StringVar(&dir, "dir", "", "the new folder (default NAME)")
	cmd.Flags().StringVar(&module, "module", "", "the path of the Go module (default example.com/NAME)")
	return cmd
}

var projectName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

func newProject(name, like, module string) (*project, error) {
	if !projectName.MatchString(name) {
		return nil, fmt.Errorf("%q cannot be the name of an adapter: take 1 to 64 of a-z, 0-9 and -", name)
	}
	for _, m := range plugins.Builtin() {
		if m.Manifest().Name == name {
			return nil, fmt.Errorf("an adapter named %s is built in, and the proxy would refuse a plugin of that name\n  try: claude-proxy plugin new my-%s --like %s", name, name, name)
		}
	}
	from, ok := origins[like]
	if !ok {
		return nil, fmt.Errorf("there is no adapter %q to begin as; there are %s", like, strings.Join(slices.Sorted(maps.Keys(origins)), ", "))
	}
	if module == "" {
		module = "example.com/" + name
	}
	return &project{Name: name, Package: packageName(name), Module: module, Like: like, Builtin: strings.HasPrefix(from.path, builtinPath)}, nil
}

// model is a model of the vendor's, for the example of a configuration.
func (p *project) model() string {
	switch p.Like {
	case "gemini":
		return "gemini-2.5-flash"
	case "claude":
		return "claude-sonnet-5"
	}
	return "gpt-4o"
}

// packageName makes a Go name of an adapter's.
func packageName(name string) string {
	name = strings.ReplaceAll(name, "-", "")
	switch {
	case name[0] >= '0' && name[0] <= '9':
		return "adapter" + name
	case token.IsKeyword(name), name == "main", name == "sdk", name == "wasm", name == "adapter":
		return name + "adapter"
	}
	return name
}

// create writes the project into a folder that is new or empty.
func (p *project) create(dir string, stdout io.Writer) error {
	if have, err := os.ReadDir(dir); err == nil && len(have) > 0 {
		return fmt.Errorf("%s is there already and not empty\n  try: --dir with another folder", dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	files, err := p.files()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, files[name], 0o644); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(stdout, "%s is a working adapter, a copy of %s. Its code is %s.go and what lies beside it.\n\n"+
		"  claude-proxy plugin test %s     build it and judge it\n"+
		"  claude-proxy plugin dev %s      do so after every change\n\n"+
		"%s says the rest.\n", dir, p.Like, p.Package, dir, dir, filepath.Join(dir, "README.md"))
	return err
}

// files is the whole project, by slash-separated path.
func (p *project) files() (map[string][]byte, error) {
	files := map[string][]byte{}
	from := origins[p.Like]
	if err := p.copyAdapter(files, from); err != nil {
		return nil, err
	}
	if err := copySDK(files); err != nil {
		return nil, err
	}
	return files, p.fill(files)
}

// copyAdapter copies the adapter's folder, and those that it needs, under the project's names.
func (p *project) copyAdapter(files map[string][]byte, from origin) error {
	old := path.Base(from.dir)
	r := renaming{oldPackage: old, newPackage: p.Package, oldPath: from.path, newName: p.Name,
		paths: [][2]string{{from.path, p.Module}}}
	others, err := from.others()
	if err != nil {
		return err
	}
	for _, dir := range others {
		// The longer path comes first: one may begin with the other.
		r.paths = append([][2]string{{builtinPath + dir, p.Module + "/" + path.Base(dir)}}, r.paths...)
	}
	add := func(dir, to string) error {
		return fs.WalkDir(from.files, dir, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := fs.ReadFile(from.files, file)
			if err != nil {
				return err
			}
			name := path.Join(to, strings.TrimPrefix(file, dir+"/"))
			switch name {
			case old + ".go":
				name = p.Package + ".go"
			case old + "_test.go":
				name = p.Package + "_test.go"
			case "README.md":
				if !p.Builtin {
					return nil
				}
				name = "ORIGIN.md"
			}
			if strings.HasSuffix(name, ".go") {
				if text, err = r.apply(file, text); err != nil {
					return err
				}
			}
			files[name] = text
			return nil
		})
	}
	if err := add(from.dir, ""); err != nil {
		return err
	}
	for _, dir := range others {
		if err := add(dir, path.Base(dir)); err != nil {
			return err
		}
	}
	return nil
}

// copySDK puts the SDK into folder sdk, as a module of its own.
func copySDK(files map[string][]byte) error {
	return fs.WalkDir(sdk.Sources, ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && file == "examples":
			return fs.SkipDir
		case d.IsDir(), strings.HasSuffix(file, "_test.go"):
			return nil
		}
		files["sdk/"+file], err = sdk.Sources.ReadFile(file)
		return err
	})
}

// fill adds what is made from templates. The name of a template is that of its file with .tmpl behind it; words between @
// stand for the project's, and a line that begins with @builtin is for projects that began as a built-in adapter.
func (p *project) fill(files map[string][]byte) error {
	words := strings.NewReplacer("@name@", p.Name, "@package@", p.Package, "@module@", p.Module, "@like@", p.Like, "@model@", p.model(), "@go@", sdk.GoVersion, "@sdk@", sdk.Module)
	return fs.WalkDir(scaffold, "scaffold", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := scaffold.ReadFile(file)
		if err != nil {
			return err
		}
		var b strings.Builder
		for line := range strings.Lines(string(text)) {
			rest, builtin := strings.CutPrefix(line, "@builtin ")
			if !builtin || p.Builtin {
				b.WriteString(words.Replace(rest))
			}
		}
		// A file that begins with a dot is not embedded, and one that is named go.mod makes its folder another module.
		name := strings.TrimSuffix(strings.TrimPrefix(file, "scaffold/"), ".tmpl")
		name = strings.NewReplacer("dot-", ".", "go-mod", "go.mod").Replace(name)
		files[name] = []byte(b.String())
		return nil
	})
}
