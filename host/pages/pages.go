// Package pages serves the files of the web UI out of memory.
package pages

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// policy lets the UI load nothing but its own files and speak to its own origin; nothing may frame it. No script may stand
// in the page itself. Style attributes may, because the UI computes some (widths, colours of charts).
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// minGzip is the size in bytes below which compressing saves nothing.
const minGzip = 512

// file is one file as it is sent.
type file struct {
	plain []byte
	// zipped is it compressed, nil where that saves nothing. It is made when it is first asked for: most starts of the program
	// are not followed by a visit.
	zipped     func() []byte
	kind, etag string
	// lasting: the name holds a hash of the content, so it never changes.
	lasting bool
}

// Pages is a handler of the files. Goroutines may share it.
type Pages struct {
	files map[string]file
}

// New reads all files below fsys, which has index.html at its top. What lies in the folder assets has a hash in its name.
func New(fsys fs.FS) (*Pages, error) {
	p := &Pages{files: map[string]file{}}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(b)
		p.files["/"+name] = file{plain: b, zipped: sync.OnceValue(func() []byte { return zip(b) }), kind: kind(name), etag: `"` + hex.EncodeToString(sum[:12]) + `"`, lasting: strings.HasPrefix(name, "assets/")}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("cannot read the web UI: %w", err)
	}
	index, ok := p.files["/index.html"]
	if !ok {
		return nil, fmt.Errorf("cannot read the web UI: it has no index.html")
	}
	p.files["/"] = index
	return p, nil
}

// Paths lists the paths that there are, "/" among them, in order.
func (p *Pages) Paths() []string {
	var list []string
	for name := range p.files {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// ServeHTTP answers GET and HEAD for one of Paths, and 404 for others.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := p.files[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("content-type", f.kind)
	h.Set("etag", f.etag)
	h.Set("cache-control", "no-cache")
	if f.lasting {
		h.Set("cache-control", "public, max-age=31536000, immutable")
	}
	h.Set("x-content-type-options", "nosniff")
	h.Set("content-security-policy", policy)
	h.Set("referrer-policy", "no-referrer")
	h.Set("cross-origin-opener-policy", "same-origin")
	h.Set("cross-origin-resource-policy", "same-origin")
	h.Set("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
	h.Set("vary", "Accept-Encoding")
	if fresh(r.Header.Get("If-None-Match"), f.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := f.plain
	if takesGzip(r.Header.Get("Accept-Encoding")) {
		if zipped := f.zipped(); zipped != nil {
			body = zipped
			h.Set("content-encoding", "gzip")
		}
	}
	h.Set("content-length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		w.Write(body) // a client that left does not hear of it
	}
}

// WantsPage says that a browser asks, and not a program that only looks whether something answers.
func WantsPage(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}

// kind is the media type by the file's ending. The system's own tables differ between machines, so the usual ones stand here.
func kind(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

// zip compresses b; nil where that saves nothing.
func zip(b []byte) []byte {
	if len(b) < minGzip {
		return nil
	}
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	// A buffer in memory takes every write.
	_, _ = z.Write(b)
	_ = z.Close()
	if out.Len() >= len(b) {
		return nil
	}
	return out.Bytes()
}

// takesGzip reads Accept-Encoding: gzip counts unless its weight is 0.
func takesGzip(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		name, weight, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q, ok := strings.CutPrefix(strings.TrimSpace(weight), "q=")
			v, err := strconv.ParseFloat(q, 64)
			return !ok || err == nil && v > 0
		}
	}
	return false
}

// fresh reads If-None-Match against one tag.
func fresh(header, etag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		if t := strings.TrimPrefix(strings.TrimSpace(part), "W/"); t == etag || t == "*" {
			return true
		}
	}
	return false
}
