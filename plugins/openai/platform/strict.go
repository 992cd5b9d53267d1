package platform

import "github.com/claude-proxy/claude-proxy/sdk/jsonindex"

// FitsStrict says whether OpenAI takes a schema as strict: every object closed, every property required.
// https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
func FitsStrict(schema jsonindex.Value) bool { return fits(schema, 0) }

// maxStrictDepth bounds how deep FitsStrict looks; the upstream's own limit for strict schemas is far lower.
const maxStrictDepth = 32

func fits(schema jsonindex.Value, depth int) bool {
	if schema.Kind() != jsonindex.Object || depth > maxStrictDepth {
		return false
	}
	var kind, properties, required, additional jsonindex.Value
	for it := schema.Iter(); it.Next(); {
		ok := true
		switch string(it.Key()) {
		case "type":
			kind = it.Val
		case "properties":
			properties = it.Val
			ok = eachFits(it.Val, depth)
		case "required":
			required = it.Val
		case "additionalProperties":
			additional = it.Val
		case "items":
			ok = fits(it.Val, depth+1)
		case "anyOf", "$defs", "definitions":
			ok = eachFits(it.Val, depth)
		case "allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties",
			"prefixItems", "propertyNames", "unevaluatedProperties":
			ok = false
		}
		if !ok {
			return false
		}
	}
	if !kind.Is("object") && !properties.Exists() {
		return true
	}
	closed, isBool := additional.Bool()
	return isBool && !closed && sameNames(properties, required)
}

// eachFits is fits for all elements or members of v.
func eachFits(v jsonindex.Value, depth int) bool {
	for it := v.Iter(); it.Next(); {
		if !fits(it.Val, depth+1) {
			return false
		}
	}
	return true
}

// sameNames says whether required lists every key of properties.
func sameNames(properties, required jsonindex.Value) bool {
	const most = 256 // beyond that the upstream refuses the schema anyway
	if properties.Len() > most {
		return false
	}
	for it := properties.Iter(); it.Next(); {
		found := false
		for name := required.Iter(); name.Next() && !found; {
			found = name.Val.Is(string(it.Key()))
		}
		if !found {
			return false
		}
	}
	return true
}
