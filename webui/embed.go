//go:build !no_ui

// Package webui holds the built web UI. Its source is Vue and TypeScript in src; README.md says how it is built and why
// what it is built to is committed.
package webui

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// FS is the built web UI with index.html at its top; nil in a program built with the tag no_ui.
var FS fs.FS = sub()

func sub() fs.FS {
	f, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("BUG: the embedded folder has no dist: " + err.Error())
	}
	return f
}
