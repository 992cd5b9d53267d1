package main

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// renaming gives the Go files of an adapter the names of another one. Only names change, and only where they are meant;
// everything else keeps its bytes.
type renaming struct {
	oldPackage, newPackage string
	oldPath                string
	newName                string      // of the adapter, in its manifest
	paths                  [][2]string // beginnings of import paths, old and new; the first that fits counts
}

type replacement struct {
	from, to int
	with     string
}

// apply renames one file.
func (r *renaming) apply(name string, src []byte) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("cannot copy %s: %w", name, err)
	}
	var todo []replacement
	change := func(n ast.Node, with string) {
		todo = append(todo, replacement{fset.Position(n.Pos()).Offset, fset.Position(n.End()).Offset, with})
	}
	if base, ok := strings.CutPrefix(file.Name.Name, r.oldPackage); ok && (base == "" || base == "_test") {
		change(file.Name, r.newPackage+base)
	}
	imported := r.imports(file, change)
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && imported && x.Name == r.oldPackage {
				change(x, r.newPackage)
			}
		case *ast.CompositeLit:
			r.manifestName(n, change)
		}
		return true
	})
	r.comments(fset, file, &todo)
	slices.SortFunc(todo, func(a, b replacement) int { return b.from - a.from })
	for _, c := range todo {
		src = slices.Concat(src[:c.from], []byte(c.with), src[c.to:])
	}
	return format.Source(src)
}

// manifestName renames the adapter in the literal of its manifest, and nowhere else: it may call its upstream by that name.
func (r *renaming) manifestName(lit *ast.CompositeLit, change func(ast.Node, string)) {
	if of, ok := lit.Type.(*ast.SelectorExpr); !ok || of.Sel.Name != "Manifest" {
		return
	}
	for _, e := range lit.Elts {
		member, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if key, ok := member.Key.(*ast.Ident); ok && key.Name == "Name" {
			change(member.Value, strconv.Quote(r.newName))
		}
	}
}

// imports renames import paths and says whether the adapter's own package is imported.
func (r *renaming) imports(file *ast.File, change func(ast.Node, string)) (imported bool) {
	for _, spec := range file.Imports {
		old, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // no file that compiles has such an import
		}
		imported = imported || old == r.oldPath
		for _, p := range r.paths {
			rest, ok := strings.CutPrefix(old, p[0])
			if !ok || rest != "" && rest[0] != '/' {
				continue
			}
			with := strconv.Quote(p[1] + rest)
			if old == r.oldPath && p[1][strings.LastIndexByte(p[1], '/')+1:] != r.newPackage {
				with = r.newPackage + " " + with // the path does not tell the package's name
			}
			change(spec.Path, with)
			break
		}
	}
	return imported
}

// comments renames what the doc comments of a package and a program call themselves.
func (r *renaming) comments(fset *token.FileSet, file *ast.File, todo *[]replacement) {
	if file.Doc == nil {
		return
	}
	itself := regexp.MustCompile(`^// (?:Package|Command wasm is the) (` + regexp.QuoteMeta(r.oldPackage) + `)\b`)
	for _, c := range file.Doc.List {
		if at := itself.FindStringSubmatchIndex(c.Text); at != nil {
			from := fset.Position(c.Pos()).Offset
			with := r.newPackage
			if strings.HasPrefix(c.Text, "// Command") {
				with = r.newName
			}
			*todo = append(*todo, replacement{from + at[2], from + at[3], with})
		}
	}
}
