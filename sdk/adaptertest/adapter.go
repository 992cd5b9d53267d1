package adaptertest

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// CheckAdapter checks what no single case is about: the manifest, options that do not exist and the operations on offer.
func (s *Suite) CheckAdapter() *Report {
	r := &Report{Shown: true}
	for _, message := range manifestFaults(&s.manifest) {
		r.add(Finding{Check: "manifest", Message: message})
	}
	if len(manifestFaults(&s.manifest)) == 0 && fmt.Sprint(s.runner.Manifest()) != fmt.Sprint(s.manifest) {
		r.add(Finding{Check: "manifest", Message: "it is another one when asked again"})
	}
	s.checkOptions(r)
	s.checkOperations(r)
	return r
}

// CheckErrors checks how error answers of every status with every kind of body are classified.
func (s *Suite) CheckErrors() *Report {
	r := &Report{Level: 5, Shown: true}
	s.checkErrors(r)
	return r
}

var (
	adapterName = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)
	authScheme  = regexp.MustCompile(`^(none|bearer|header:[a-z0-9-]+)$`)
)

func manifestFaults(m *adapter.Manifest) (faults []string) {
	fault := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Sprintf(format, args...))
		}
	}
	fault(!adapterName.MatchString(m.Name), "name %q is not of the form [a-z0-9-]{1,64}", m.Name)
	fault(!authScheme.MatchString(m.Auth), `auth %q is none of "bearer", "header:<name>", "none"`, m.Auth)
	fault(m.Options != "" && !isObject([]byte(m.Options)), "options is no JSON Schema: no object without duplicate keys")
	for _, h := range m.Headers {
		fault(h != strings.ToLower(h), "header %q: write it in lower case", h)
		fault(slices.Contains(credentials, h), "header %q: an adapter gets no credentials", h)
	}
	return faults
}

const unknownOption = "kit_unknown_option"

func (s *Suite) checkOptions(r *Report) {
	_, err := s.channel([]byte(`{"` + unknownOption + `":1}`))
	if err == nil {
		r.add(Finding{Check: "options", Message: "an option that does not exist is taken; the user would never learn of a typing error"})
		return
	}
	x := exchange{}
	x.failed(atOptions, err)
	message := failureFault(&x.t)
	if message == "" && x.t.fail.Field != unknownOption {
		message = fmt.Sprintf("the failure's field is %q, not the option's name %q", x.t.fail.Field, unknownOption)
	}
	if message != "" {
		r.add(Finding{Check: "options", Message: "an option that does not exist: " + message})
	}
}

// checkOperations begins each operation on offer.
func (s *Suite) checkOperations(r *Report) {
	for op := adapter.CountTokens; op <= adapter.Models; op++ {
		c, ch := s.usable(op)
		if c == nil || !s.manifest.Offers(op) {
			continue
		}
		r.Exchanges++
		t := c.play(ch, play{begin: true})
		message := failureFault(t)
		if message == "" && t.fail != nil {
			message = t.fail.Error()
		}
		if message != "" {
			r.add(Finding{Check: "operations", Message: fmt.Sprintf("the manifest offers %s: %s", op, message)})
		}
	}
}

// usable is a plain call of this operation on a channel whose options are taken; nil when there is none.
func (s *Suite) usable(op adapter.Operation) (*Case, runner.Channel) {
	for _, have := range append([]*Case{{}}, s.Cases...) {
		ch, err := s.channel(have.options)
		if err != nil {
			continue
		}
		c := &Case{Name: op.String(), options: have.options, status: 200, answer: textAnswer}
		c.call = adapter.Call{Op: op, ID: defaultID, Model: defaultModel, ClientModel: defaultModel}
		if op != adapter.Models {
			c.body = fmt.Appendf(nil, defaultBody, false)
		}
		return c, ch
	}
	return nil, nil
}

var (
	errorStatuses = []int{400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 422, 429, 499, 500, 501, 502, 503, 504, 520, 529}
	errorBodies   = []string{
		"", "upstream connect error", "<html><body>502 Bad Gateway</body></html>", "{}", "null", "[]", `"x"`, "7", `{"error":null}`,
		`{"error":"text"}`, `{"error":{}}`, `{"error":{"message":1,"code":429,"type":[],"param":{}}}`, `{"error":{"message":null,"code":"x","status":8}}`,
		`{"detail":"Not Found"}`, `{"detail":[{"loc":["body"],"msg":"field required"}]}`, `{"object":"error","message":"m","code":40303}`, `[{"error":{"code":400,"message":"m"}}]`,
		`{"type":"error","error":{"type":5,"message":{}}}`, `{"error":{"message":"\ud800"}}`, "\xff\xfe{", `{"error":{"message":"` + strings.Repeat("x", 60<<10) + `"}}`,
	}
)

// checkErrors has every status with every kind of body classified.
func (s *Suite) checkErrors(r *Report) {
	c, ch := s.usable(adapter.Messages)
	if c == nil {
		return
	}
	for _, status := range errorStatuses {
		for _, body := range errorBodies {
			r.Exchanges++
			t := c.play(ch, play{status: status, data: []byte(body), destroy: true})
			if t.at == atBegin || t.local {
				return // these options do not serve a plain call
			}
			message := failureFault(t)
			if message == "" {
				message = classFault(status, t.fail)
			}
			if message != "" {
				r.add(Finding{Check: "errors", Message: fmt.Sprintf("status %d: %s", status, message), Actual: shorten(body)})
				return
			}
		}
	}
}

// classFault says when a class makes no sense for a status, whatever the body.
func classFault(status int, f *adapter.Failure) string {
	switch {
	case f == nil:
		return "no failure"
	case status == 401 && f.Class != adapter.Auth, status >= 500 && (f.Class == adapter.Invalid || f.Class == adapter.Unsupported):
		return fmt.Sprintf("class %s", f.Class)
	case status == 429 && f.Class != adapter.RateLimited && f.Class != adapter.Quota && f.Class != adapter.Overloaded:
		return fmt.Sprintf("class %s", f.Class)
	case len(f.Message) > 16<<10:
		return fmt.Sprintf("the message has %d bytes; cut what the upstream says", len(f.Message))
	}
	return ""
}

func shorten(text string) string {
	const most = 200
	if len(text) <= most {
		return text
	}
	b := []byte(text[:most])
	for len(b) > 0 && !utf8.Valid(b) {
		b = b[:len(b)-1]
	}
	return string(bytes.TrimSpace(b)) + "…"
}
