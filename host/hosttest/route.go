package hosttest

import (
	"net/http"
	"slices"
	"strings"
)

// Operations of a request.
const (
	opGenerate = "generate"
	opCount    = "count"
	opModels   = "models"
)

// route finds the API and operation of a request. For a path nobody knows it guesses whose error shape is expected and
// leaves op empty.
func route(r *http.Request) (sp speaker, api, op, model string) {
	post, get := r.Method == http.MethodPost, r.Method == http.MethodGet || r.Method == http.MethodHead
	claudeCaller := r.Header.Get("Anthropic-Version") != "" || r.Header.Get("X-Api-Key") != ""
	switch p := r.URL.Path; {
	case post && p == "/v1/chat/completions":
		return chat{}, "chat", opGenerate, ""
	case post && p == "/v1/responses":
		return responses{}, "responses", opGenerate, ""
	case post && p == "/v1/responses/input_tokens":
		return responses{}, "responses", opCount, ""
	case post && p == "/v1/messages":
		return claude{}, "claude", opGenerate, ""
	case post && p == "/v1/messages/count_tokens":
		return claude{}, "claude", opCount, ""
	case get && (p == "/v1/models" || strings.HasPrefix(p, "/v1/models/")):
		model = strings.TrimPrefix(strings.TrimPrefix(p, "/v1/models"), "/")
		if claudeCaller {
			return claude{}, "claude", opModels, model
		}
		return chat{}, "chat", opModels, model
	case strings.HasPrefix(p, "/v1beta/"):
		return routeGemini(p, post, get)
	case claudeCaller || strings.HasPrefix(p, "/v1/messages"):
		return claude{}, "", "", ""
	}
	return chat{}, "", "", ""
}

// routeGemini takes /v1beta/models/{model}:{method} apart.
func routeGemini(p string, post, get bool) (sp speaker, api, op, model string) {
	name, isModel := strings.CutPrefix(p, "/v1beta/models")
	model, method, _ := strings.Cut(strings.TrimPrefix(name, "/"), ":")
	switch {
	case !isModel:
	case post && (method == "generateContent" || method == "streamGenerateContent"):
		op = opGenerate
	case post && method == "countTokens":
		op = opCount
	case get && method == "":
		op = opModels
	}
	if op == "" {
		return gemini{}, "", "", ""
	}
	return gemini{}, "gemini", op, model
}

// take finds the step for a call and uses it up. Without one it returns -1 and an empty step, or an error where the
// script wants that.
func (s *Server) take(c *call) (int, *Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.script.Steps {
		step := &s.script.Steps[i]
		times := max(step.Times, 1)
		if step.Times >= 0 && s.used[i] >= times || !step.Match.fits(c) {
			continue
		}
		s.used[i]++
		return i, step
	}
	if s.script.Exhausted == "error" && c.Op == opGenerate {
		return -1, &Step{Error: &Error{Status: 500, Type: "script_exhausted", Message: "no step of the script fits this call"}}
	}
	return -1, &Step{}
}

// fits reports whether the step is for this call.
func (m *Match) fits(c *call) bool {
	if m == nil {
		return c.Op == opGenerate
	}
	op := m.Op
	if op == "" {
		op = opGenerate
	}
	switch {
	case op != "any" && op != c.Op,
		m.API != "" && m.API != c.API,
		m.Path != "" && !like(m.Path, c.Path),
		m.Model != "" && !like(m.Model, c.Model),
		m.Call != 0 && m.Call != c.n,
		m.Stream != nil && *m.Stream != c.Stream,
		m.Key != "" && m.Key != c.presented,
		m.BodyContains != "" && !strings.Contains(string(c.Body), m.BodyContains),
		m.Func != nil && !m.Func(c.Request):
		return false
	}
	for name, want := range m.Headers {
		have := c.header.Values(name)
		if len(have) == 0 || want != "" && !slices.Contains(have, want) {
			return false
		}
	}
	return true
}

// like matches s against a pattern whose "*" stands for anything, slashes included.
func like(pattern, s string) bool {
	head, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == s
	}
	s, ok := strings.CutPrefix(s, head)
	if !ok {
		return false
	}
	for i := range len(s) + 1 {
		if like(rest, s[i:]) {
			return true
		}
	}
	return false
}
