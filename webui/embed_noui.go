//go:build no_ui

// Package webui holds the built web UI, and nothing in a program built with the tag no_ui.
package webui

import "io/fs"

// FS is nil: this program has no web UI.
var FS fs.FS
