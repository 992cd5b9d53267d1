package pages

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func TestPages(t *testing.T) {
	script := "console.log(1);\n" + strings.Repeat("// a long script\n", 100)
	p, err := New(fstest.MapFS{
		"index.html":         {Data: []byte("<!doctype html><title>ui</title>")},
		"theme.js":           {Data: []byte("1")},
		"icon.svg":           {Data: []byte("<svg/>")},
		"assets/a-1234.js":   {Data: []byte(script)},
		"assets/b-5678.css":  {Data: []byte("b{}")},
		"assets/c-9.unknown": {Data: []byte{0, 1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	f := func(method, path string, headers []string, status int, kind, cache, body string) http.Header {
		t.Helper()
		r := httptest.NewRequest(method, path, nil)
		for _, line := range headers {
			name, value, _ := strings.Cut(line, ": ")
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		h := w.Header()
		var got io.Reader = w.Body
		if h.Get("content-encoding") == "gzip" && method != http.MethodHead {
			z, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			got = z
		}
		b, err := io.ReadAll(got)
		if err != nil {
			t.Fatal(err)
		}
		if w.Code != status || h.Get("content-type") != kind || h.Get("cache-control") != cache || string(b) != body {
			t.Errorf("%s %s %q: %d %q %q %.60q", method, path, headers, w.Code, h.Get("content-type"), h.Get("cache-control"), b)
		}
		if status == 200 && (!strings.Contains(h.Get("content-security-policy"), "default-src 'none'; script-src 'self';") || h.Get("x-content-type-options") != "nosniff") {
			t.Errorf("%s: headers %v", path, h)
		}
		return h
	}
	const page, forever = "no-cache", "public, max-age=31536000, immutable"
	// the page is asked for anew each time, under both its names
	h := f("GET", "/", nil, 200, "text/html; charset=utf-8", page, "<!doctype html><title>ui</title>")
	f("GET", "/index.html", nil, 200, "text/html; charset=utf-8", page, "<!doctype html><title>ui</title>")
	f("GET", "/theme.js", nil, 200, "text/javascript; charset=utf-8", page, "1")
	f("GET", "/icon.svg", nil, 200, "image/svg+xml", page, "<svg/>")
	f("GET", "/", []string{"if-none-match: W/\"x\", " + h.Get("etag")}, 304, "text/html; charset=utf-8", page, "")
	// what has a hash in its name is kept
	h = f("GET", "/assets/a-1234.js", []string{"accept-encoding: br, gzip;q=0.8"}, 200, "text/javascript; charset=utf-8", forever, script)
	if h.Get("content-encoding") != "gzip" || h.Get("vary") != "Accept-Encoding" {
		t.Errorf("not compressed: %v", h)
	}
	h = f("GET", "/assets/a-1234.js", []string{"accept-encoding: gzip;q=0, br"}, 200, "text/javascript; charset=utf-8", forever, script)
	if h.Get("content-encoding") != "" {
		t.Errorf("compressed for who takes none: %v", h)
	}
	f("HEAD", "/assets/a-1234.js", nil, 200, "text/javascript; charset=utf-8", forever, "")
	f("GET", "/assets/b-5678.css", []string{"accept-encoding: gzip"}, 200, "text/css; charset=utf-8", forever, "b{}")
	f("GET", "/assets/c-9.unknown", nil, 200, "application/octet-stream", forever, "\x00\x01")
	// and nothing else is there
	for _, path := range []string{"/assets/", "/assets", "/../go.mod", "/index.htm"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Path = path
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if got := strings.Join(p.Paths(), " "); got != "/ /assets/a-1234.js /assets/b-5678.css /assets/c-9.unknown /icon.svg /index.html /theme.js" {
		t.Errorf("paths %s", got)
	}
}

func TestNoIndex(t *testing.T) {
	if _, err := New(fstest.MapFS{"a.js": {Data: []byte("1")}}); err == nil || !strings.Contains(err.Error(), "index.html") {
		t.Errorf("error %v", err)
	}
}
