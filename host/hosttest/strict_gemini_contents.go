package hosttest

import (
	"slices"
	"strings"
)

// dummySignatures pass the check for histories that Gemini did not make
// (https://ai.google.dev/gemini-api/docs/thought-signatures).
var dummySignatures = []string{"skip_thought_signature_validator", "context_engineering_is_the_way_to_go"}

// geminiData are the members of a part that hold its data; a part has exactly one.
var geminiData = []string{"text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode", "codeExecutionResult", "toolCall", "toolResponse"}

// geminiContents checks the contents, each and all together.
func (k *checker) geminiContents(model string, m map[string]any) {
	list := k.list("contents", k.need("", m, "contents"))
	if len(list) == 0 {
		k.invalid("contents", "is not specified")
	}
	k.each("contents", list, func(at string, content map[string]any) {
		k.fields(at, content, "role", "parts")
		if role := content["role"]; role != nil && role != "user" && role != "model" {
			k.invalid(join(at, "role"), "please use a valid role: user, model")
		}
		if parts := k.list(join(at, "parts"), orEmpty(content["parts"])); len(parts) == 0 {
			k.invalid(join(at, "parts"), "must not be empty")
		}
		k.each(join(at, "parts"), content["parts"], k.geminiPart)
	})
	if k.first != nil {
		return
	}
	if members(list[0])["role"] == "model" {
		k.invalid("contents.0.role", "the first content must be of role user")
	}
	if last := members(list[len(list)-1]); last["role"] == "model" && signaturesRequired(model) {
		k.invalid("contents", "the last content must not be of role model")
	}
	k.geminiPairs(list)
	if signaturesRequired(model) {
		k.geminiSignatures(list)
	}
}

// geminiPart checks one part.
func (k *checker) geminiPart(at string, m map[string]any) {
	k.fields(at, m, append([]string{"thought", "thoughtSignature", "videoMetadata", "mediaResolution", "partMetadata"}, geminiData...)...)
	n := 0
	for _, name := range geminiData {
		if m[name] != nil {
			n++
		}
	}
	if n != 1 {
		k.invalid(at, "required oneof field 'data' must have one initialized field, found %d", n)
	}
	if sig := text(m["thoughtSignature"]); sig != "" && !slices.Contains(dummySignatures, sig) && !issued("gemini", sig) {
		k.invalid(join(at, "thoughtSignature"), "Corrupted thought signature.")
	}
	switch {
	case m["text"] != nil:
		k.geminiText(at, m)
	case m["inlineData"] != nil:
		k.geminiBlob(join(at, "inlineData"), k.object(join(at, "inlineData"), m["inlineData"]))
	case m["fileData"] != nil:
		at = join(at, "fileData")
		file := k.object(at, m["fileData"])
		k.fields(at, file, "fileUri", "mimeType")
		if !readableURI(k.str(join(at, "fileUri"), k.need(at, file, "fileUri"))) {
			k.invalid(join(at, "fileUri"), "invalid or unsupported file uri")
		}
	case m["functionCall"] != nil:
		at = join(at, "functionCall")
		f := k.object(at, m["functionCall"])
		k.fields(at, f, "id", "name", "args")
		k.matches(join(at, "name"), k.need(at, f, "name"), geminiName)
		if f["args"] != nil {
			k.object(join(at, "args"), f["args"])
		}
	case m["functionResponse"] != nil:
		k.geminiResponse(join(at, "functionResponse"), k.object(join(at, "functionResponse"), m["functionResponse"]))
	}
}

func (k *checker) geminiText(at string, m map[string]any) {
	if k.str(join(at, "text"), k.need(at, m, "text")) == "" && m["thoughtSignature"] == nil {
		k.invalid(join(at, "text"), "must not be empty")
	}
}

// geminiBlob checks inline data; GIF is none of the pictures that are read.
func (k *checker) geminiBlob(at string, m map[string]any) {
	k.fields(at, m, "mimeType", "data", "displayName")
	kind := k.str(join(at, "mimeType"), k.need(at, m, "mimeType"))
	major, _, _ := strings.Cut(kind, "/")
	pictures := []string{"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"}
	if kind != "application/pdf" && !slices.Contains([]string{"text", "audio", "video"}, major) && !slices.Contains(pictures, kind) {
		k.invalid(join(at, "mimeType"), "Unsupported MIME type: %s", kind)
	}
	k.base64(join(at, "data"), k.str(join(at, "data"), k.need(at, m, "data")))
}

func readableURI(uri string) bool {
	for _, prefix := range []string{"https://generativelanguage.googleapis.com/", "https://www.youtube.com/", "https://youtu.be/", "gs://"} {
		if strings.HasPrefix(uri, prefix) {
			return true
		}
	}
	return false
}

// geminiResponse checks the result of a function, which is an object.
func (k *checker) geminiResponse(at string, m map[string]any) {
	k.fields(at, m, "id", "name", "response", "parts", "willContinue", "scheduling")
	k.matches(join(at, "name"), k.need(at, m, "name"), geminiName)
	k.object(join(at, "response"), k.need(at, m, "response"))
	k.each(join(at, "parts"), m["parts"], func(at string, part map[string]any) {
		k.fields(at, part, "inlineData", "fileData")
		if part["inlineData"] != nil {
			k.geminiBlob(join(at, "inlineData"), k.object(join(at, "inlineData"), part["inlineData"]))
		}
	})
}

// partsWith returns the values of one member over the parts of a content.
func partsWith(content any, name string) []map[string]any {
	var all []map[string]any
	for _, p := range elements(members(content)["parts"]) {
		if m := members(members(p)[name]); m != nil {
			all = append(all, m)
		}
	}
	return all
}

// geminiPairs checks that a content with calls is followed by one with exactly as many responses, which name them.
func (k *checker) geminiPairs(list []any) {
	var open []map[string]any
	for i, content := range list {
		at := join("contents", i)
		results := partsWith(content, "functionResponse")
		if len(results) != len(open) {
			k.invalid(at, "the number of function response parts (%d) must equal the number of function call parts (%d) of the function call turn just before", len(results), len(open))
			return
		}
		for _, r := range results {
			n := slices.IndexFunc(open, func(call map[string]any) bool {
				return call["name"] == r["name"] && (r["id"] == nil || r["id"] == call["id"])
			})
			if n < 0 {
				k.invalid(at, "function response %q with id %q answers no open call", text(r["name"]), text(r["id"]))
				return
			}
			open = slices.Delete(open, n, n+1)
		}
		open = partsWith(content, "functionCall")
		if len(open) > 0 && members(content)["role"] != "model" {
			k.invalid(join(at, "role"), "function calls belong to role model")
		}
	}
	if len(open) > 0 {
		k.invalid("contents", "the last content holds function calls without responses")
	}
}

// geminiSignatures checks that the first call of each step since the last real user turn carries its signature.
func (k *checker) geminiSignatures(list []any) {
	start := 0
	for i, content := range list {
		if members(content)["role"] != "model" && len(partsWith(content, "functionResponse")) == 0 {
			start = i
		}
	}
	for i := start; i < len(list); i++ {
		for j, p := range elements(members(list[i])["parts"]) {
			part := members(p)
			if part["functionCall"] == nil {
				continue
			}
			if text(part["thoughtSignature"]) == "" {
				at := join(join(join("contents", i), "parts"), j)
				k.invalid(at, "Function call is missing a thought_signature in functionCall parts: %s", text(members(part["functionCall"])["name"]))
			}
			break // further calls of the step carry none
		}
	}
}
