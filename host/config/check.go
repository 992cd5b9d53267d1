package config

import (
	"crypto/x509"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

func listPath(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }

// check looks at what no single value can tell.
func (d *decoder) check(opts LoadOptions) {
	d.checkClientKeys()
	d.checkListener()
	d.checkChannels(opts)
	d.checkRoutes()
}

func (d *decoder) checkClientKeys() {
	keys := d.config.Auth.Keys
	names, secrets := make(map[string]int), make(map[string]int)
	for i, k := range keys {
		path := listPath("auth.keys", i)
		if k.Name == envKeyName && k.Line > 0 {
			d.problem(path+".name", &fault{code: CodeDuplicate, found: quote(k.Name),
				message: "is the name of the key that PROXY_ACCESS_KEY adds", hint: "choose another name"})
		}
		if j, ok := names[k.Name]; ok && k.Name != "" && k.Line > 0 {
			d.twice(path+".name", quote(k.Name), "is the name of two client keys", keys[j].Line)
		} else {
			names[k.Name] = i
		}
		if j, ok := secrets[k.Key.Reveal()]; ok && !k.Key.Empty() {
			d.problem(path+".key", &fault{code: CodeDuplicate, hidden: true,
				message: "the same key as " + listPath("auth.keys", j) + " on line " + strconv.Itoa(keys[j].Line)})
		} else {
			secrets[k.Key.Reveal()] = i
		}
	}
}

// twice reports a name that was given on an earlier line already.
func (d *decoder) twice(path, found, message string, line int) {
	d.problem(path, &fault{code: CodeDuplicate, found: found, message: fmt.Sprintf("%s: see line %d", message, line)})
}

// checkListener refuses an open door without a lock.
func (d *decoder) checkListener() {
	s := d.config.Server
	if !loopback(s.Listen) && !slices.ContainsFunc(d.config.Auth.Keys, ClientKey.Usable) {
		d.problem("server.listen", &fault{found: quote(s.Listen),
			message: "is reachable from other machines, and no client key is configured",
			hint:    "set PROXY_ACCESS_KEY or add one under auth.keys, or listen on 127.0.0.1",
			try:     "PROXY_ACCESS_KEY=$(openssl rand -hex 24)"})
	}
	if s.CORS.Enabled && len(s.CORS.Origins) == 0 && !d.out.failed() {
		d.problem("server.cors.enabled", &fault{severity: Warning,
			message: "no origin is allowed, so this has no effect", hint: "list them in server.cors.origins"})
	}
}

func (d *decoder) checkChannels(opts LoadOptions) {
	first := make(map[string]int)
	for i := range d.config.Channels {
		c, path := &d.config.Channels[i], listPath("channels", i)
		if line, ok := first[c.Name]; ok && c.Name != "" {
			d.twice(path+".name", quote(c.Name), "is the name of two channels", line)
		} else {
			first[c.Name] = c.Line
		}
		d.dropTwins(c, path)
		d.checkHeaders(c, path)
		d.checkCA(c, path)
		d.checkAdapterOf(c, path, opts)
	}
}

// dropTwins leaves one of the keys of a channel that are the same: they share
// one health, so the second would only distort the shares.
func (d *decoder) dropTwins(c *Channel, path string) {
	first, kept := make(map[string]int), c.Keys[:0:0]
	for i, k := range c.Keys {
		line, twin := first[k.ID]
		if twin && !k.Secret.Empty() {
			d.problem(listPath(path+".keys", i), &fault{code: CodeDuplicate, severity: Warning, hidden: true,
				message: fmt.Sprintf("the same key stands on line %d already: this one is not used", line)})
			continue
		}
		first[k.ID] = k.Line
		kept = append(kept, k)
	}
	c.Keys = kept
}

func (d *decoder) checkHeaders(c *Channel, path string) {
	seen := make(map[string]bool)
	for _, h := range c.Headers {
		lower := strings.ToLower(h.Name)
		if seen[lower] {
			d.problem(path+".headers["+strconv.Quote(h.Name)+"]", &fault{code: CodeDuplicate, hidden: true,
				message: "the header " + quote(h.Name) + " is set twice: letter case does not count"})
		}
		seen[lower] = true
	}
}

// checkCA makes the path absolute to the file and reads the roots once, so that
// a broken file is a problem with a place and not a failing channel.
func (d *decoder) checkCA(c *Channel, path string) {
	if c.CAFile == "" {
		return
	}
	shown := quote(c.CAFile)
	c.CAFile = d.join(c.CAFile)
	data, err := d.read(c.CAFile, 4<<20)
	if err != nil {
		d.problem(path+".ca_file", &fault{code: CodeReference, message: "cannot read " + shown + ": " + plainError(err)})
		return
	}
	if !x509.NewCertPool().AppendCertsFromPEM(data) {
		d.problem(path+".ca_file", &fault{found: shown, message: "holds no certificate in PEM form"})
	}
}

// checkAdapterOf asks the registry about the adapter and its options. A name
// that nobody knows is a plugin that has not been dropped in yet.
func (d *decoder) checkAdapterOf(c *Channel, path string, opts LoadOptions) {
	known := opts.Adapters
	if known == nil {
		known = builtinAdapters()
	}
	if c.Adapter == "" {
		return
	}
	if !slices.Contains(known, c.Adapter) {
		if near := closest(c.Adapter, known); near != "" {
			d.problem(path+".adapter", &fault{code: CodeAdapter, severity: Warning,
				message: "no adapter is named " + quote(c.Adapter) + ": the channel is unavailable",
				found:   "", allowed: strings.Join(known, ", ") + ", or a plugin's file name", hint: didYouMean(near)})
		} else if opts.Adapters != nil && !d.exists(filepath.Join(d.join(d.config.Plugins.Dir), c.Adapter+".wasm"), opts.Open) {
			d.problem(path+".adapter", &fault{code: CodeAdapter, severity: Note,
				message: "the channel is unavailable until " + filepath.Join(d.config.Plugins.Dir, c.Adapter+".wasm") + " is there"})
		}
		return
	}
	if opts.CheckOptions == nil {
		return
	}
	if err := opts.CheckOptions(c.Adapter, c.Options); err != nil {
		d.problem(path+".options", &fault{code: CodeAdapter, message: "the adapter " + quote(c.Adapter) + " refuses them: " + err.Error()})
	}
}

// exists reports whether a file is there.
func (d *decoder) exists(path string, open func(string) (io.ReadCloser, error)) bool {
	if open == nil {
		_, err := os.Stat(path)
		return err == nil
	}
	file, err := open(path)
	if err != nil {
		return false
	}
	_ = file.Close() // nothing was written
	return true
}

func (d *decoder) checkRoutes() {
	var channels []string
	known := map[string]bool{"": true}
	for _, c := range d.config.Channels {
		channels = append(channels, c.Name)
		known[c.Name] = true
	}
	for _, r := range d.config.Routing.Models {
		path := "routing.models[" + strconv.Quote(r.Pattern) + "]"
		if n := d.place[path]; len(r.Targets) == 0 && (n == nil || n.Kind == yaml.SequenceNode || isNull(n)) {
			d.problem(path, &fault{code: CodeMissing, message: "no channel is listed", allowed: "[ { channel: NAME, model: NAME } ]"})
		}
		for i, t := range r.Targets {
			if known[t.Channel] || d.out.full(Error) {
				continue
			}
			f := bad(t.Channel, "is not the name of a channel")
			f.code, f.hint = CodeReference, didYouMean(closest(t.Channel, channels))
			if len(channels) > 0 && len(channels) <= 20 {
				f.allowed = strings.Join(channels, ", ")
			}
			d.problem(listPath(path, i)+".channel", f)
		}
	}
}
