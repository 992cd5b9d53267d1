package hosttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// LoadScript reads a script from a JSON file. The names are those of the json tags; unknown ones are errors.
func LoadScript(path string) (*Script, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read script: %w", err)
	}
	s := new(Script)
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(s); err != nil {
		return nil, fmt.Errorf("cannot read script %s: %w", path, err)
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("script %s: %w", path, err)
	}
	return s, nil
}

// check finds what no server could act on.
func (s *Script) check() error {
	if err := oneOf("exhausted", s.Exhausted, "auto", "error"); err != nil {
		return err
	}
	if slices.Contains(s.Models, "") {
		return errors.New("models: a name is empty")
	}
	for i := range s.Steps {
		if err := s.Steps[i].check(); err != nil {
			return fmt.Errorf("steps[%d]: %w", i, err)
		}
	}
	return nil
}

func (s *Step) check() error {
	kinds := 0
	for _, set := range []bool{s.Answer != nil, s.Raw != nil, s.Error != nil} {
		if set {
			kinds++
		}
	}
	if kinds > 1 {
		return fmt.Errorf("at most one of answer, raw and error may be set, found %d", kinds)
	}
	if m := s.Match; m != nil {
		if err := firstError(
			oneOf("match.api", m.API, "chat", "responses", "gemini", "claude"),
			oneOf("match.op", m.Op, opGenerate, opCount, opModels, "any"),
		); err != nil {
			return err
		}
	}
	if s.Answer != nil {
		if err := s.Answer.check(); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
	}
	return s.Fault.check()
}

func (a *Answer) check() error {
	for i, p := range a.Parts {
		kinds := 0
		for _, set := range []bool{p.Text != "", p.Thinking != "" || p.Signature != "", p.Redacted != "", p.Refusal != "", p.Tool != nil} {
			if set {
				kinds++
			}
		}
		if kinds > 1 {
			return fmt.Errorf("parts[%d]: a part is one thing, found %d", i, kinds)
		}
		if t := p.Tool; t != nil && t.Args != nil {
			var object map[string]any
			if err := json.Unmarshal(t.Args, &object); err != nil {
				return fmt.Errorf("parts[%d].tool.args: not an object (use args_text for what is broken): %w", i, err)
			}
		}
	}
	return oneOf("stream.usage", a.Stream.Usage, "every", "finish", "never")
}

func (f *Fault) check() error {
	for _, word := range f.framings() {
		if !slices.Contains(Framings(), word) {
			return fmt.Errorf("fault.framing: found %q, allowed are %s", word, strings.Join(Framings(), ", "))
		}
	}
	return firstError(
		oneOf("fault.hang", f.Hang, "head", "body"),
		oneOf("fault.cut", f.Cut, "fin", "rst", "clean", "stall"),
		oneOf("fault.end", f.End, "stall", "hold", "comments", "repeat"),
		oneOf("fault.shape", f.Shape, "sse", "json"),
		oneOf("fault.gzip", f.Gzip, "yes", "claimed", "unlabelled"),
	)
}

func (f *Fault) framings() []string {
	return strings.FieldsFunc(f.Framing, func(r rune) bool { return r == ',' || r == ' ' })
}

// oneOf checks a word; "" always stands for the default.
func oneOf(field, found string, allowed ...string) error {
	if found == "" || slices.Contains(allowed, found) {
		return nil
	}
	return fmt.Errorf("%s: found %q, allowed are %s", field, found, strings.Join(allowed, ", "))
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
