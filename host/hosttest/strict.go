package hosttest

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// checker looks for the first thing in a body that a vendor refuses. Its methods go on after a failure with zero values,
// so that a check reads as a list.
type checker struct {
	words wording
	first *Error
}

// wording is how a vendor words the common refusals; at is a path such as messages.0.content.
type wording interface {
	unknown(at string) *Error
	missing(at string) *Error
	invalid(at, why string) *Error
}

func (k *checker) fail(e *Error) {
	if k.first == nil {
		e.Status = max(e.Status, http.StatusBadRequest)
		k.first = e
	}
}

// invalid fails with the vendor's words for a wrong value.
func (k *checker) invalid(at, format string, args ...any) {
	k.fail(k.words.invalid(at, fmt.Sprintf(format, args...)))
}

// join extends a path.
func join(at string, name any) string {
	if at == "" {
		return fmt.Sprint(name)
	}
	return fmt.Sprint(at, ".", name)
}

// fields refuses members that are not in the list; absent objects pass.
func (k *checker) fields(at string, m map[string]any, allowed ...string) {
	var unknown []string
	for name := range m {
		if !slices.Contains(allowed, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		k.fail(k.words.unknown(join(at, slices.Min(unknown))))
	}
}

// need returns a member that has to be there and not null.
func (k *checker) need(at string, m map[string]any, name string) any {
	v := m[name]
	if v == nil {
		k.fail(k.words.missing(join(at, name)))
	}
	return v
}

// object wants an object.
func (k *checker) object(at string, v any) map[string]any {
	m, ok := v.(map[string]any)
	if !ok {
		k.invalid(at, "expected an object")
	}
	return m
}

// list wants an array.
func (k *checker) list(at string, v any) []any {
	l, ok := v.([]any)
	if !ok {
		k.invalid(at, "expected an array")
	}
	return l
}

// each calls f for the objects of an array; absent and null pass.
func (k *checker) each(at string, v any, f func(at string, m map[string]any)) {
	if v == nil {
		return
	}
	for i, e := range k.list(at, v) {
		at := join(at, i)
		if m := k.object(at, e); m != nil {
			f(at, m)
		}
	}
}

// str wants a string.
func (k *checker) str(at string, v any) string {
	s, ok := v.(string)
	if !ok {
		k.invalid(at, "expected a string")
	}
	return s
}

// enum wants one of some strings; absent passes.
func (k *checker) enum(at string, v any, allowed ...string) string {
	if v == nil {
		return ""
	}
	s := k.str(at, v)
	if !slices.Contains(allowed, s) {
		k.invalid(at, "found %q, expected one of %s", s, strings.Join(allowed, ", "))
	}
	return s
}

// matches wants a string of a pattern.
func (k *checker) matches(at string, v any, pattern *regexp.Regexp) string {
	s := k.str(at, v)
	if !pattern.MatchString(s) {
		k.invalid(at, "string does not match the pattern '%s'", pattern)
	}
	return s
}

// int wants a whole number of at least least; absent passes.
func (k *checker) int(at string, v any, least int) {
	if v == nil {
		return
	}
	if n, ok := integer(v); !ok || n < least {
		k.invalid(at, "expected an integer of at least %d", least)
	}
}

// between wants a number in a range; absent passes.
func (k *checker) between(at string, v any, least, most float64) {
	if v == nil {
		return
	}
	n, err := strconv.ParseFloat(fmt.Sprint(v), 64)
	if _, isText := v.(string); err != nil || isText || n < least || n > most {
		k.invalid(at, "expected a number from %v to %v", least, most)
	}
}

// flag wants true or false; absent passes.
func (k *checker) flag(at string, v any) {
	if _, ok := v.(bool); !ok && v != nil {
		k.invalid(at, "expected a boolean")
	}
}

// indexed writes the numbers of a path in brackets: messages[0].content.
func indexed(at string) string {
	var b strings.Builder
	for i, name := range strings.Split(at, ".") {
		if _, err := strconv.Atoi(name); err == nil {
			b.WriteString("[" + name + "]")
			continue
		}
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(name)
	}
	return b.String()
}
