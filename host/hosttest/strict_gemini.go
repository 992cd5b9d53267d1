package hosttest

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

var (
	geminiName   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$`)
	geminiFields = []string{"model", "contents", "systemInstruction", "tools", "toolConfig", "safetySettings", "generationConfig", "cachedContent",
		"continuationToken", "labels", "serviceTier", "store"}
	geminiConfig = []string{"responseJsonSchema", "candidateCount", "frequencyPenalty", "imageConfig", "logprobs", "maxOutputTokens", "mediaResolution",
		"presencePenalty", "responseLogprobs", "responseMimeType", "responseModalities", "responseSchema", "seed", "speechConfig", "stopSequences",
		"temperature", "thinkingConfig", "topK", "topP", "enableEnhancedCivicAnswers", "audioTranscriptionConfig"}
	geminiTools = []string{"functionDeclarations", "googleSearch", "googleMaps", "codeExecution", "urlContext", "computerUse", "fileSearch",
		"googleSearchRetrieval", "mcpServers"}
	// geminiSchema are the keywords of the legacy schema notation.
	geminiSchema = []string{"anyOf", "default", "description", "enum", "example", "format", "items", "maxItems", "maxLength", "maxProperties", "maximum",
		"minItems", "minLength", "minProperties", "minimum", "nullable", "pattern", "properties", "propertyOrdering", "required", "title", "type"}
)

// check refuses what generateContent refuses. Members in snake_case, which the real service also takes, are refused.
func (gemini) check(c *call) *Error {
	k := &checker{words: gemini{}}
	m := c.tree
	if c.Op == opCount {
		k.fields("", m, "contents", "generateContentRequest")
		if m["generateContentRequest"] == nil {
			k.geminiContents(c.Model, m)
			return k.first
		}
		m = k.object("generateContentRequest", m["generateContentRequest"])
		k.str("generateContentRequest.model", k.need("generateContentRequest", m, "model"))
	}
	k.fields("", m, geminiFields...)
	if m["systemInstruction"] != nil {
		system := k.object("systemInstruction", m["systemInstruction"])
		k.fields("systemInstruction", system, "role", "parts")
		k.each("systemInstruction.parts", k.need("systemInstruction", system, "parts"), func(at string, part map[string]any) {
			k.fields(at, part, "text")
			k.geminiText(at, part)
		})
	}
	k.geminiConfig(c.Model, m["generationConfig"])
	names := k.geminiTools(m["tools"])
	k.geminiToolConfig(m["toolConfig"], names)
	k.geminiContents(c.Model, m)
	return k.first
}

// geminiConfig checks generationConfig.
func (k *checker) geminiConfig(model string, v any) {
	if v == nil {
		return
	}
	const at = "generationConfig"
	m := k.object(at, v)
	k.fields(at, m, geminiConfig...)
	k.int(at+".maxOutputTokens", m["maxOutputTokens"], 1)
	k.between(at+".temperature", m["temperature"], 0, 2)
	k.between(at+".topP", m["topP"], 0, 1)
	k.int(at+".topK", m["topK"], 1)
	if stops := elements(m["stopSequences"]); len(stops) > 5 || slices.Contains(stops, any("")) {
		k.invalid(at+".stopSequences", "at most 5 sequences, none of them empty")
	}
	if (m["responseJsonSchema"] != nil || m["responseSchema"] != nil) && m["responseMimeType"] != "application/json" {
		k.invalid(at+".responseMimeType", "a response schema needs application/json")
	}
	if m["responseSchema"] != nil {
		k.geminiSchema(at+".responseSchema", k.object(at+".responseSchema", m["responseSchema"]))
	}
	if m["thinkingConfig"] == nil {
		return
	}
	thinking := k.object(at+".thinkingConfig", m["thinkingConfig"])
	k.fields(at+".thinkingConfig", thinking, "includeThoughts", "thinkingBudget", "thinkingLevel")
	k.flag(at+".thinkingConfig.includeThoughts", thinking["includeThoughts"])
	k.int(at+".thinkingConfig.thinkingBudget", thinking["thinkingBudget"], -1)
	k.enum(at+".thinkingConfig.thinkingLevel", thinking["thinkingLevel"], "MINIMAL", "LOW", "MEDIUM", "HIGH")
	if thinking["thinkingLevel"] != nil && (thinking["thinkingBudget"] != nil || !signaturesRequired(model)) {
		k.invalid(at+".thinkingConfig", "thinkingLevel stands alone, and only for Gemini 3 and later")
	}
}

// geminiTools checks the declarations and returns their names.
func (k *checker) geminiTools(v any) (names []string) {
	k.each("tools", v, func(at string, m map[string]any) {
		k.fields(at, m, geminiTools...)
		if list, ok := m["functionDeclarations"].([]any); ok && len(list) == 0 {
			k.invalid(join(at, "functionDeclarations"), "must not be empty")
		}
		k.each(join(at, "functionDeclarations"), m["functionDeclarations"], func(at string, f map[string]any) {
			k.fields(at, f, "name", "description", "parameters", "parametersJsonSchema", "response", "responseJsonSchema", "behavior")
			name := k.matches(join(at, "name"), k.need(at, f, "name"), geminiName)
			if slices.Contains(names, name) {
				k.invalid(join(at, "name"), "duplicate function declaration %s", name)
			}
			names = append(names, name)
			if f["parameters"] != nil && f["parametersJsonSchema"] != nil {
				k.invalid(at, "parameters and parametersJsonSchema exclude each other")
			}
			if f["parameters"] != nil {
				k.geminiSchema(join(at, "parameters"), k.object(join(at, "parameters"), f["parameters"]))
			}
			if f["parametersJsonSchema"] != nil {
				k.object(join(at, "parametersJsonSchema"), f["parametersJsonSchema"])
			}
		})
	})
	return names
}

// geminiSchema checks a schema in the legacy notation.
func (k *checker) geminiSchema(at string, m map[string]any) {
	k.fields(at, m, geminiSchema...)
	kind := strings.ToUpper(k.enum(join(at, "type"), m["type"], "string", "number", "integer", "boolean", "array", "object",
		"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT"))
	props := members(m["properties"])
	if kind == "OBJECT" && len(props) == 0 {
		k.invalid(join(at, "properties"), "should be non-empty for OBJECT type")
	}
	if kind == "ARRAY" && m["items"] == nil {
		k.invalid(join(at, "items"), "missing field")
	}
	if m["items"] != nil {
		k.geminiSchema(join(at, "items"), k.object(join(at, "items"), m["items"]))
	}
	for i, v := range elements(m["enum"]) {
		k.str(join(at+".enum", i), v)
	}
	for _, name := range slices.Sorted(maps.Keys(props)) {
		k.geminiSchema(join(at, "properties."+name), k.object(join(at, "properties."+name), props[name]))
	}
	k.each(join(at, "anyOf"), m["anyOf"], k.geminiSchema)
}

// geminiToolConfig checks mode and names.
func (k *checker) geminiToolConfig(v any, names []string) {
	if v == nil {
		return
	}
	m := k.object("toolConfig", v)
	k.fields("toolConfig", m, "functionCallingConfig", "retrievalConfig", "includeServerSideToolInvocations")
	if m["functionCallingConfig"] == nil {
		return
	}
	const at = "toolConfig.functionCallingConfig"
	config := k.object(at, m["functionCallingConfig"])
	k.fields(at, config, "mode", "allowedFunctionNames", "streamFunctionCallArguments")
	mode := k.enum(at+".mode", config["mode"], "AUTO", "ANY", "NONE", "VALIDATED")
	if len(names) == 0 && mode != "NONE" && mode != "" {
		k.invalid(at, "function calling config is set without function declarations")
	}
	for _, v := range elements(config["allowedFunctionNames"]) {
		if mode != "ANY" && mode != "VALIDATED" {
			k.invalid(at+".allowedFunctionNames", "only allowed with mode ANY or VALIDATED")
		}
		if !slices.Contains(names, text(v)) {
			k.invalid(at+".allowedFunctionNames", "%q is not declared", text(v))
		}
	}
}
