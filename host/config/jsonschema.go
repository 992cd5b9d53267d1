package config

import (
	_ "embed"
	"encoding/json"
	"maps"
	"slices"
)

//go:embed plugins.schema.json
var schemaFile []byte

// JSONSchema returns the JSON Schema (draft 2020-12) of plugins.yaml, which editors complete and check with. It follows
// from the same tags as the decoder; the descriptions are the comments of the shipped plugins.yaml. options holds the
// schemas of adapters' options by adapter name, as their manifests have them; those that are no JSON are left out. nil is
// fine.
func JSONSchema(options map[string]string) []byte {
	if len(options) == 0 {
		return slices.Clone(schemaFile)
	}
	var schema map[string]any
	if err := json.Unmarshal(schemaFile, &schema); err != nil {
		panic("BUG: plugins.schema.json is no JSON")
	}
	var rules []any
	for _, name := range slices.Sorted(maps.Keys(options)) {
		var own any
		if json.Unmarshal([]byte(options[name]), &own) != nil {
			continue
		}
		rules = append(rules, map[string]any{
			"if":   map[string]any{"properties": map[string]any{"adapter": map[string]any{"const": name}}, "required": []string{"adapter"}},
			"then": map[string]any{"properties": map[string]any{"options": own}},
		})
	}
	defs, _ := schema["$defs"].(map[string]any)
	channel, _ := defs["channel"].(map[string]any)
	if channel == nil {
		panic("BUG: plugins.schema.json has no channel")
	}
	channel["allOf"] = rules
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return append(text, '\n')
}
