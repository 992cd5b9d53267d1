// Package setup begins a configuration: the file, its first channel, and where its keys are kept.
package setup

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/claude-proxy/claude-proxy/host/config/edit"
	"github.com/claude-proxy/claude-proxy/host/provider"
)

//go:embed start.yaml
var start []byte

// Channel is what is known of a channel that is to be made.
type Channel struct {
	Name, Adapter, BaseURL string
	// Options are the adapter's, as a JSON object; "" is none.
	Options string
	// Keys are written as they stand: ${NAME}, file:PATH, or the key itself.
	Keys []string
	// Models are renames in order: a client's pattern and the upstream's model.
	Models [][2]string
}

// Of is the beginning of a channel at a provider.
func Of(p provider.Provider) Channel {
	c := Channel{Name: p.ID, Adapter: p.Adapter, BaseURL: p.BaseURL, Options: p.Options}
	for _, m := range [][2]string{{"claude-*opus*", p.Opus}, {"claude-*sonnet*", p.Sonnet}, {"claude-*haiku*", p.Haiku}} {
		if m[1] != "" {
			c.Models = append(c.Models, m)
		}
	}
	return c
}

// Edit adds the channel to a file. before names the channel in front of which it goes; "" is the end.
func (c Channel) Edit(before string) edit.Edit {
	var b strings.Builder
	member := func(name string, v any) {
		// Texts, lists of texts and JSON that was read have a form in JSON.
		text, _ := json.Marshal(v)
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:%s", name, text)
	}
	member("name", c.Name)
	member("adapter", c.Adapter)
	member("base_url", c.BaseURL)
	if len(c.Keys) > 0 {
		member("keys", c.Keys)
	}
	if len(c.Models) > 0 {
		var m []string
		for _, rename := range c.Models {
			from, _ := json.Marshal(rename[0])
			to, _ := json.Marshal(rename[1])
			m = append(m, string(from)+":"+string(to))
		}
		member("models", json.RawMessage("{"+strings.Join(m, ",")+"}"))
	}
	if json.Valid([]byte(c.Options)) {
		member("options", json.RawMessage(c.Options))
	}
	return edit.Edit{Op: edit.Insert, Path: "channels", Before: before, Value: json.RawMessage("{" + b.String() + "}")}
}

// Start returns a commented file without channels, which names schema as its schema for editors; "" names none. The caller
// owns it.
func Start(schema string) []byte {
	if schema == "" {
		return append([]byte(nil), start...)
	}
	return append([]byte("# yaml-language-server: $schema="+schema+"\n"), start...)
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9]+`)

// Variable is a name for the variable that holds the n-th key of a channel, counted from 1; taken says which are used.
func Variable(channel string, n int, taken func(string) bool) string {
	base := strings.Trim(strings.ToUpper(notInNames.ReplaceAllString(channel, "_")), "_")
	if base == "" || base[0] >= '0' && base[0] <= '9' {
		base = "CHANNEL_" + base
	}
	base = strings.TrimSuffix(base, "_") + "_KEY"
	for ; ; n++ {
		name := base
		if n > 1 {
			name = fmt.Sprintf("%s_%d", base, n)
		}
		if !taken(name) {
			return name
		}
	}
}
