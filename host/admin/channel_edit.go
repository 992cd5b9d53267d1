package admin

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/edit"
	"github.com/claude-proxy/claude-proxy/host/config/store"
)

// quoted is a name as it stands between the brackets of a path.
func quoted(name string) string { return strconv.Quote(name) }

func channelPath(name string) string { return "channels[" + quoted(name) + "]" }

// member returns the members of an object in a body that was read as its shape already; nil where there is none.
func member(body []byte, name string) map[string]json.RawMessage {
	var outer, inner map[string]json.RawMessage
	if json.Unmarshal(body, &outer) != nil {
		return nil
	}
	if json.Unmarshal(outer[name], &inner) != nil {
		return nil
	}
	return inner
}

// members returns the members of a body.
func members(body []byte) map[string]json.RawMessage {
	var outer map[string]json.RawMessage
	if json.Unmarshal(body, &outer) != nil {
		return nil
	}
	return outer
}

func isNull(raw json.RawMessage) bool { return string(bytes.TrimSpace(raw)) == "null" }

// channelEdits turns a merge patch of a channel's settings into edits of the file. A new name is left out.
func channelEdits(ch *config.Channel, patch map[string]json.RawMessage) ([]edit.Edit, error) {
	var edits []edit.Edit
	at := channelPath(ch.Name)
	for _, name := range slices.Sorted(maps.Keys(patch)) {
		raw := patch[name]
		switch {
		case name == "name":
		case !isNull(raw) && (name == "timeouts" || name == "limits"):
			inner := members(raw)
			for _, sub := range slices.Sorted(maps.Keys(inner)) {
				value, err := settingValue(name+"."+sub, inner[sub])
				if err != nil {
					return nil, err
				}
				edits = append(edits, setOrDelete(at+"."+name+"."+sub, value))
			}
		case !isNull(raw) && name == "headers":
			inner := members(raw)
			for _, header := range slices.Sorted(maps.Keys(inner)) {
				edits = append(edits, setOrDelete(at+".headers["+quoted(header)+"]", orNil(inner[header])))
			}
		default:
			value, err := settingValue(name, raw)
			if err != nil {
				return nil, err
			}
			edits = append(edits, setOrDelete(at+"."+name, value))
		}
	}
	return edits, nil
}

func orNil(raw json.RawMessage) any {
	if isNull(raw) {
		return nil
	}
	return raw
}

func setOrDelete(path string, value any) edit.Edit {
	if value == nil {
		return edit.Edit{Op: edit.Delete, Path: path}
	}
	return edit.Edit{Op: edit.Set, Path: path, Value: value}
}

// settingValue is a setting of a channel as the file has it; nil for null. Maps of patterns come as lists, since their
// order counts.
func settingValue(name string, raw json.RawMessage) (any, error) {
	if isNull(raw) {
		return nil, nil
	}
	switch name {
	case "models":
		var rules []contract.ModelRule
		if err := json.Unmarshal(raw, &rules); err != nil {
			return nil, badBody(err)
		}
		return ordered(rules, func(r contract.ModelRule) (string, any) { return r.Pattern, r.Model })
	case "limits.models":
		return limitModels(raw)
	case "limits":
		// Of a new channel the limits come whole.
		inner := members(raw)
		out := make(map[string]any, len(inner))
		for sub, value := range inner {
			v, err := settingValue("limits."+sub, value)
			if err != nil {
				return nil, err
			}
			if v != nil {
				out[sub] = v
			}
		}
		return out, nil
	case "timeouts", "headers":
		inner := members(raw)
		maps.DeleteFunc(inner, func(_ string, v json.RawMessage) bool { return isNull(v) })
		return inner, nil
	}
	return raw, nil
}

func limitModels(raw json.RawMessage) (any, error) {
	var rules []contract.ModelLimit
	if err := json.Unmarshal(raw, &rules); err != nil {
		return nil, badBody(err)
	}
	return ordered(rules, func(r contract.ModelLimit) (string, any) { return r.Pattern, r.MaxOutputTokens })
}

// ordered makes a JSON object whose members keep their order. A name that comes twice is refused: one would be lost.
func ordered[T any](list []T, pair func(T) (string, any)) (json.RawMessage, error) {
	var b bytes.Buffer
	seen := make(map[string]bool, len(list))
	b.WriteByte('{')
	for i, x := range list {
		name, value := pair(x)
		if seen[name] {
			return nil, refuse(codeInvalid, "the pattern "+quoted(name)+" is there twice")
		}
		seen[name] = true
		if i > 0 {
			b.WriteByte(',')
		}
		for j, part := range []any{name, value} {
			if j > 0 {
				b.WriteByte(':')
			}
			text, err := json.Marshal(part)
			if err != nil {
				return nil, err
			}
			b.Write(text)
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// entryOf is a channel as an entry of the file that says the same, keys and headers as they are written or, where the file
// holds the secret itself, with it.
func entryOf(ch *config.Channel) map[string]any {
	s := settingsOf(ch)
	def := config.DefaultChannel()
	base := settingsOf(&def)
	entry := map[string]any{}
	raw, err := json.Marshal(s)
	usual, err2 := json.Marshal(base)
	if err != nil || err2 != nil {
		panic("BUG: settings are no JSON")
	}
	same := members(usual)
	for name, value := range members(raw) {
		if bytes.Equal(value, same[name]) || name == "headers" || name == "proxy_url" {
			continue
		}
		v, err := settingValue(name, value)
		if err != nil {
			panic("BUG: the settings of a channel that is in force are refused: " + err.Error())
		}
		entry[name] = v
	}
	if len(ch.Headers) > 0 {
		headers := make(map[string]string, len(ch.Headers))
		for _, h := range ch.Headers {
			headers[h.Name] = h.Value.Reveal()
		}
		entry["headers"] = headers
	}
	if u := ch.ProxyURL.URL(); u != nil {
		entry["proxy_url"] = u.String()
	}
	keys := make([]any, 0, len(ch.Keys))
	for i := range ch.Keys {
		keys = append(keys, keyEntryOf(&ch.Keys[i]))
	}
	if len(keys) > 0 {
		entry["keys"] = keys
	}
	return entry
}

// renamed gives a channel another name, also in the routes that lead to it.
func renamed(cfg *config.Config, from, to string) []edit.Edit {
	edits := []edit.Edit{{Op: edit.Set, Path: channelPath(from) + ".name", Value: to}}
	for _, r := range cfg.Routing.Models {
		for i, t := range r.Targets {
			if t.Channel == from {
				edits = append(edits, edit.Edit{Op: edit.Set, Path: "routing.models[" + quoted(r.Pattern) + "][" + strconv.Itoa(i) + "].channel", Value: to})
			}
		}
	}
	return edits
}

// typedKeys are the texts of a request in which keys may have been typed.
func typedKeys(keys []contract.NewKey, s contract.ChannelSettings) []string {
	var list []string
	for _, k := range keys {
		list = append(list, k.Key)
	}
	if s.Headers != nil {
		for _, v := range *s.Headers {
			if v != nil {
				list = append(list, *v)
			}
		}
	}
	return list
}

// draftText is a file that holds nothing but one channel.
func draftText(files *store.Store, entry map[string]any) ([]byte, error) {
	return files.Apply([]byte("version: 1\n"), []edit.Edit{{Op: edit.Insert, Path: "channels", Value: entry}})
}
