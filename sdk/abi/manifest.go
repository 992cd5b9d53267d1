package abi

import (
	"fmt"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// AppendManifest appends a manifest as the JSON object that section BODY of cp_manifest's result holds. Empty members are
// left out. m.Options must be a JSON text.
func AppendManifest(dst []byte, m adapter.Manifest) []byte {
	var w jsonindex.Writer
	w.Reset(dst)
	w.Lit(`{"name":`)
	w.Quote(m.Name)
	member := func(key, value string) {
		if value != "" {
			w.Lit(`,"` + key + `":`)
			w.Quote(value)
		}
	}
	text := func(key string, t adapter.Text) {
		if t == (adapter.Text{}) {
			return
		}
		w.Lit(`,"` + key + `":{"en":`)
		w.Quote(t.EN)
		w.Lit(`,"zh":`)
		w.Quote(t.ZH)
		w.Byte('}')
	}
	list := func(key string, n int, at func(int) string) {
		for i := range n {
			if i == 0 {
				w.Lit(`,"` + key + `":[`)
			} else {
				w.Byte(',')
			}
			w.Quote(at(i))
			if i == n-1 {
				w.Byte(']')
			}
		}
	}
	member("version", m.Version)
	text("title", m.Title)
	text("description", m.Description)
	member("homepage", m.Homepage)
	member("license", m.License)
	member("base_url", m.BaseURL)
	member("auth", m.Auth)
	list("native", len(m.Native), func(i int) string { return m.Native[i] })
	list("operations", len(m.Operations), func(i int) string { return m.Operations[i].String() })
	list("headers", len(m.Headers), func(i int) string { return m.Headers[i] })
	if m.Options != "" {
		w.Lit(`,"options":`)
		w.Lit(m.Options)
	}
	w.Byte('}')
	return w.Buf
}

// ReadManifest reads the JSON object. Members and operations that it does not know are skipped; members of the wrong type
// are an error.
func ReadManifest(b []byte) (m adapter.Manifest, err error) {
	doc, err := jsonindex.Parse(b, jsonindex.Mode{Unique: true})
	if err != nil {
		return m, fmt.Errorf("the manifest: %w", err)
	}
	if doc.Root().Kind() != jsonindex.Object {
		return m, fmt.Errorf("the manifest is %s, not an object", doc.Root().Kind())
	}
	r := manifestReader{}
	for it := doc.Root().Iter(); it.Next(); {
		key := string(it.Key())
		switch key {
		case "name":
			m.Name = r.text(key, it.Val)
		case "version":
			m.Version = r.text(key, it.Val)
		case "title":
			m.Title = r.pair(key, it.Val)
		case "description":
			m.Description = r.pair(key, it.Val)
		case "homepage":
			m.Homepage = r.text(key, it.Val)
		case "license":
			m.License = r.text(key, it.Val)
		case "base_url":
			m.BaseURL = r.text(key, it.Val)
		case "auth":
			m.Auth = r.text(key, it.Val)
		case "native":
			m.Native = r.list(key, it.Val)
		case "operations":
			m.Operations = operations(r.list(key, it.Val))
		case "headers":
			m.Headers = r.list(key, it.Val)
		case "options":
			raw, _ := it.Val.Raw()
			m.Options = string(raw)
			if it.Val.Kind() != jsonindex.Object {
				r.wrong(key, it.Val, "an object")
			}
		}
	}
	return m, r.err
}

// operations leaves out names that this version does not know.
func operations(names []string) (list []adapter.Operation) {
	for _, name := range names {
		for _, op := range [...]adapter.Operation{adapter.Messages, adapter.CountTokens, adapter.Models} {
			if op.String() == name {
				list = append(list, op)
			}
		}
	}
	return list
}

type manifestReader struct{ err error }

func (r *manifestReader) wrong(key string, v jsonindex.Value, want string) {
	if r.err == nil {
		r.err = fmt.Errorf("the manifest's %s is %s, not %s", key, v.Kind(), want)
	}
}

func (r *manifestReader) text(key string, v jsonindex.Value) string {
	s, ok := v.Text()
	if !ok {
		r.wrong(key, v, "a string")
	}
	return s
}

func (r *manifestReader) pair(key string, v jsonindex.Value) (t adapter.Text) {
	if v.Kind() != jsonindex.Object {
		r.wrong(key, v, "an object")
	}
	for it := v.Iter(); it.Next(); {
		switch lang := string(it.Key()); lang {
		case "en":
			t.EN = r.text(key+".en", it.Val)
		case "zh":
			t.ZH = r.text(key+".zh", it.Val)
		}
	}
	return t
}

func (r *manifestReader) list(key string, v jsonindex.Value) (list []string) {
	if v.Kind() != jsonindex.Array {
		r.wrong(key, v, "an array")
	}
	for it := v.Iter(); it.Next(); {
		list = append(list, r.text(key+"[]", it.Val))
	}
	return list
}
