package config

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fault is what is wrong with one value, before its place is known.
type fault struct {
	code     Code
	severity Severity
	// message says what is wrong. Where found is set it is read after it, as in
	// `"5" is not a duration`; else it stands alone.
	message string
	found   string
	allowed string
	hint    string
	try     string
	// hidden keeps the value out of the snippet: it may hold a secret.
	hidden bool
}

func (f fault) problem() Problem {
	p := Problem{Code: f.code, Severity: f.severity, Message: f.message, Found: f.found, Allowed: f.allowed, Hint: f.hint, Try: f.try}
	if p.Code == "" {
		p.Code = CodeValue
	}
	if f.found != "" {
		p.Message = f.found + " " + f.message
	}
	return p
}

// bad is the fault of a value that may be shown.
func bad(text, why string) *fault { return &fault{found: quote(text), message: why} }

// form is how a text was written.
type form int

const (
	// inFile is the text of a scalar in plugins.yaml.
	inFile form = iota
	// inEnv is the text of a variable or a flag: words in any letter case,
	// lists with commas, and for the names of old, milliseconds without a unit.
	inEnv
)

// set parses text into v as its type and the field's tags say. v is untouched
// where a fault is returned.
func set(v reflect.Value, f field, text string, how form) *fault {
	switch v.Interface().(type) {
	case time.Duration:
		return setDuration(v, f, text, how)
	case Size:
		return setSize(v, f, text)
	case time.Time:
		return setTime(v, text)
	case netip.Prefix:
		return setPrefix(v, text)
	case ProxyURL:
		return setProxyURL(v, text)
	}
	switch v.Kind() {
	case reflect.Bool:
		return setBool(v, text, how)
	case reflect.Int, reflect.Int64:
		return setInt(v, f, text)
	case reflect.String:
		return setString(v, f, text, how)
	case reflect.Slice:
		list := reflect.MakeSlice(v.Type(), 0, 0)
		for part := range strings.SplitSeq(text, ",") {
			elem := reflect.New(v.Type().Elem()).Elem()
			if part = strings.TrimSpace(part); part == "" {
				continue
			}
			if fault := set(elem, f, part, how); fault != nil {
				return fault
			}
			list = reflect.Append(list, elem)
		}
		setList(v, list)
		return nil
	}
	panic("BUG: no text form for " + v.Type().String())
}

// setList sets v to a list, and to nil for an empty one, so that "none" has one
// form only.
func setList(v, list reflect.Value) {
	if list.Len() == 0 {
		v.SetZero()
		return
	}
	v.Set(list)
}

func setString(v reflect.Value, f field, text string, how form) *fault {
	if f.enum != nil {
		choice := text
		if how == inEnv {
			choice = strings.ToLower(strings.TrimSpace(text))
		}
		if !slices.Contains(f.enum, choice) {
			fault := bad(text, "is not one of the choices")
			fault.allowed, fault.hint = strings.Join(f.enum, ", "), didYouMean(closest(text, f.enum))
			return fault
		}
		text = choice
	}
	if fault := checkRule(f.rule, text); fault != nil {
		return fault
	}
	v.SetString(text)
	return nil
}

func setBool(v reflect.Value, text string, how form) *fault {
	word := text
	if how == inEnv {
		word = strings.ToLower(strings.TrimSpace(text))
		switch word {
		case "1", "yes", "on":
			word = "true"
		case "0", "no", "off":
			word = "false"
		}
	}
	switch word {
	case "true", "True", "TRUE":
		v.SetBool(true)
	case "false", "False", "FALSE":
		v.SetBool(false)
	default:
		fault := bad(text, "is neither true nor false")
		fault.code, fault.allowed = CodeType, "true, false"
		switch strings.ToLower(text) {
		case "yes", "on", "1", "y", "enabled":
			fault.hint = didYouMean("true")
		case "no", "off", "0", "n", "disabled":
			fault.hint = didYouMean("false")
		default:
			fault.hint = didYouMean(closest(text, []string{"true", "false"}))
		}
		return fault
	}
	return nil
}

func setInt(v reflect.Value, f field, text string) *fault {
	text = strings.TrimSpace(text)
	if digits := strings.TrimLeft(text, "+-"); len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' {
		// Octal to some readers of YAML, decimal to others.
		f := bad(text, "starts with a zero")
		f.hint = didYouMean(strings.TrimLeft(digits, "0"))
		return f
	}
	// The forms of YAML: 0x10, 0o17, 1_000.
	n, err := strconv.ParseInt(text, 0, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		fault := bad(text, "is not a whole number")
		fault.code = CodeType
		return fault
	}
	low, high := int64(0), int64(math.MaxInt64)
	if f.min != "" {
		low = mustInt(f.min)
	}
	if f.max != "" {
		high = mustInt(f.max)
	}
	if err != nil || n < low || n > high {
		return outside(text, n < low, strconv.FormatInt(low, 10), strconv.FormatInt(high, 10), high == math.MaxInt64)
	}
	if v.Kind() == reflect.Int && n > math.MaxInt {
		return bad(text, "is too large for this machine")
	}
	v.SetInt(n)
	return nil
}

// outside is the fault of a value beyond its bounds.
func outside(text string, below bool, low, high string, unbounded bool) *fault {
	f := bad(text, "is more than "+high)
	if below {
		f = bad(text, "is less than "+low)
	}
	f.allowed = low + " to " + high
	if unbounded {
		f.allowed = low + " or more"
	}
	return f
}

// The bounds in the tags are constants of this package.

func mustInt(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		panic(fmt.Sprintf("BUG: bound %q: %v", s, err))
	}
	return n
}

func mustSize(s string) Size {
	n, err := ParseSize(s)
	if err != nil {
		panic(fmt.Sprintf("BUG: bound %q: %v", s, err))
	}
	return n
}

func mustDuration(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		panic(fmt.Sprintf("BUG: bound %q: %v", s, err))
	}
	return d
}
