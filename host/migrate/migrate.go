// Package migrate turns the config.json of the proxy before this one into plugins.yaml.
package migrate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/edit"
	"github.com/claude-proxy/claude-proxy/host/setup"
)

// Plan is what an import comes to, before anything is written.
type Plan struct {
	// Text is plugins.yaml.
	Text []byte
	// Variables are the keys by the names under which Text refers to them, Names in the order of the file.
	Variables map[string]string
	Names     []string
	// Notes say what is different from before, or was left out; without any secret.
	Notes []string
	// Channels is how many there are.
	Channels int
}

// old is the file of old. What later versions added and has a meaning here is read too.
type old struct {
	Upstream        []upstream `json:"upstream"`
	CurrentUpstream *int       `json:"currentUpstream"`
	LoadBalance     string     `json:"loadBalance"`
}

type upstream struct {
	Name               string          `json:"name"`
	ServiceType        string          `json:"serviceType"`
	BaseURL            string          `json:"baseUrl"`
	BaseURLs           []string        `json:"baseUrls"`
	APIKeys            []string        `json:"apiKeys"`
	Description        string          `json:"description"`
	Website            string          `json:"website"`
	InsecureSkipVerify bool            `json:"insecureSkipVerify"`
	ModelMapping       json.RawMessage `json:"modelMapping"`
	Priority           int             `json:"priority"`
	Status             string          `json:"status"`
}

// Read makes a plan of the text of a config.json. inline keeps the keys in plugins.yaml instead of referring to variables.
// taken says which names of variables are in use already; nil is none. No error holds a key.
func Read(text []byte, inline bool, taken func(string) bool) (*Plan, error) {
	var o old
	decoder := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\uFEFF"))))
	if err := decoder.Decode(&o); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			return nil, fmt.Errorf("it is not JSON: at byte %d", syntax.Offset)
		}
		if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return nil, fmt.Errorf("%s is not what it should be: a %s at byte %d", kind.Field, kind.Value, kind.Offset)
		}
		return nil, errors.New("it ends too early")
	}
	if taken == nil {
		taken = func(string) bool { return false }
	}
	r := &reader{plan: &Plan{Text: setup.Start(""), Variables: map[string]string{}}, inline: inline, taken: taken}
	current := 0
	if o.CurrentUpstream != nil && *o.CurrentUpstream >= 0 && *o.CurrentUpstream < len(o.Upstream) {
		current = *o.CurrentUpstream
	}
	for i, u := range o.Upstream {
		if err := r.channel(i, u, i == current); err != nil {
			return nil, err
		}
	}
	if err := r.strategy(o.LoadBalance); err != nil {
		return nil, err
	}
	r.plan.Channels = len(r.names)
	if len(r.names) > 1 {
		r.note("only the current channel (%s) served before; now the others take over when it fails, in the order of the file (set enabled: false where that is not wanted)", r.names[min(current, len(r.names)-1)])
	}
	return r.plan, nil
}

type reader struct {
	plan   *Plan
	inline bool
	taken  func(string) bool
	names  []string
}

func (r *reader) note(format string, args ...any) {
	r.plan.Notes = append(r.plan.Notes, fmt.Sprintf(format, args...))
}

func (r *reader) edit(edits ...edit.Edit) error {
	text, err := edit.Apply(r.plan.Text, edits, nil)
	if err == nil {
		r.plan.Text = text
	}
	return err
}

// adapters are the names of today for the types of old.
var adapters = map[string]string{"openai": "openai", "openaiold": "openaiold", "gemini": "gemini", "claude": "claude", "responses": "openairesponses"}

func (r *reader) channel(i int, u upstream, current bool) error {
	name := r.name(i, u)
	if u.BaseURL == "" && len(u.BaseURLs) > 0 {
		u.BaseURL = u.BaseURLs[0]
	}
	if len(u.BaseURLs) > 1 {
		r.note("%s: only the first of its %d addresses was taken; make a channel for each other one", name, len(u.BaseURLs))
	}
	base := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(u.BaseURL), "#"))
	if base == "" {
		r.note("%s was left out: it has no address", name)
		return nil
	}
	c := setup.Channel{Name: name, Adapter: adapters[u.ServiceType], BaseURL: base}
	if c.Adapter == "" {
		c.Adapter = strings.ToLower(u.ServiceType)
		r.note("%s: nothing is known of the type %q; the channel waits for a plugin of that name", name, u.ServiceType)
	}
	for _, key := range u.APIKeys {
		if key = strings.TrimSpace(key); key != "" {
			c.Keys = append(c.Keys, r.key(name, len(c.Keys)+1, key))
		}
	}
	var err error
	if c.Models, err = r.models(name, u.ModelMapping); err != nil {
		return err
	}
	if err := r.edit(c.Edit("")); err != nil {
		return fmt.Errorf("channel %s: %w", name, err)
	}
	r.names = append(r.names, name)
	return r.details(name, u, current)
}

// details sets what not every channel has.
func (r *reader) details(name string, u upstream, current bool) error {
	at := "channels[" + fmt.Sprintf("%q", name) + "]."
	set := func(key string, v any) edit.Edit { return edit.Edit{Op: edit.Set, Path: at + key, Value: v} }
	var edits []edit.Edit
	if !current {
		edits = append(edits, set("priority", max(u.Priority, 1)+1))
	}
	if u.Status == "disabled" || u.Status == "suspended" {
		edits = append(edits, set("enabled", false))
	}
	if u.Description != "" {
		edits = append(edits, set("description", u.Description))
	}
	if u.Website != "" {
		edits = append(edits, set("website", u.Website))
	}
	if u.InsecureSkipVerify {
		edits = append(edits, set("insecure_skip_verify", true))
	}
	return r.edit(edits...)
}

var notInNames = regexp.MustCompile(`[\x00-\x1f\x7f]+`)

// name is a name for the channel that no other one has.
func (r *reader) name(i int, u upstream) string {
	name := strings.TrimSpace(notInNames.ReplaceAllString(u.Name, " "))
	if name == "" || !config.ValidName(name) {
		if tidy := strings.Trim(regexp.MustCompile(`[^\p{L}\p{N}._-]+`).ReplaceAllString(name, "-"), "-"); tidy != "" && config.ValidName(tidy) {
			name = tidy
		} else {
			name = fmt.Sprintf("%s-%d", u.ServiceType, i+1)
		}
	}
	for n, base := 2, name; slices.Contains(r.names, name); n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	return name
}

// key returns how a key is written in the file.
func (r *reader) key(channel string, n int, key string) string {
	if r.inline {
		return key
	}
	for name, value := range r.plan.Variables {
		if value == key {
			return "${" + name + "}"
		}
	}
	name := setup.Variable(channel, n, func(s string) bool { return r.taken(s) || r.plan.Variables[s] != "" })
	r.plan.Variables[name], r.plan.Names = key, append(r.plan.Names, name)
	return "${" + name + "}"
}

// models turns the map of names into patterns. A source matched every name that holds it; so does *source*.
func (r *reader) models(channel string, mapping json.RawMessage) ([][2]string, error) {
	if len(mapping) == 0 || string(mapping) == "null" {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(mapping))
	var list [][2]string
	for {
		token, err := decoder.Token()
		if err != nil {
			break
		}
		from, ok := token.(string)
		if !ok {
			continue // a brace
		}
		token, err = decoder.Token()
		to, ok := token.(string)
		if err != nil || !ok {
			return nil, fmt.Errorf("channel %s: modelMapping holds something else than names", channel)
		}
		if from, to = strings.TrimSpace(from), strings.TrimSpace(to); from == "" || to == "" {
			continue
		}
		if strings.ContainsAny(from, "*!") {
			r.note("%s: the rename of %q was left out: its name has marks of a pattern", channel, from)
			continue
		}
		list = append(list, [2]string{"*" + from + "*", to})
	}
	return list, nil
}

func (r *reader) strategy(name string) error {
	switch name {
	case "", "failover":
		return nil
	case "round-robin", "random":
		return r.edit(edit.Edit{Op: edit.Set, Path: "routing.strategy", Value: name})
	}
	r.note("the strategy %q is not known and was left out", name)
	return nil
}
