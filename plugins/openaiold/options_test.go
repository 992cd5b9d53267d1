package openaiold_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/plugins/openaiold"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// property is one option in the manifest's schema.
type property struct {
	Type, Description string
	Enum              []string
	Items             struct{ Enum []string }
	Minimum, Maximum  int
}

func properties(t testing.TB) map[string]property {
	t.Helper()
	var schema struct {
		AdditionalProperties bool
		Properties           map[string]property
	}
	if err := json.Unmarshal([]byte(openaiold.Module{}.Manifest().Options), &schema); err != nil {
		t.Fatal(err)
	}
	if schema.AdditionalProperties || len(schema.Properties) < 30 {
		t.Fatalf("%d options, others allowed: %t", len(schema.Properties), schema.AdditionalProperties)
	}
	return schema.Properties
}

func configure(t testing.TB, options string) error {
	t.Helper()
	doc, err := jsonindex.Parse([]byte(options), jsonindex.ClientMode())
	if err != nil {
		t.Fatalf("%v: %s", err, options)
	}
	_, err = openaiold.Module{}.New(doc.Root())
	return err
}

// TestOptionsFitTheSchema gives every option each value that the schema allows, on every preset, and values that it does
// not allow.
func TestOptionsFitTheSchema(t *testing.T) {
	all := properties(t)
	for name, p := range all {
		good := map[string][]string{
			"boolean": {"true", "false"},
			"integer": {"0", "1", "2.0"},
			"array":   {"[]", `["` + strings.Join(append(p.Items.Enum, "x")[:1], "") + `"]`},
			"string":  {`"/x"`},
		}[p.Type]
		bad := map[string][]string{
			"boolean": {"null", "1", `"true"`, "[]"},
			"integer": {"null", "-1", "1.5", "100000", `"1"`},
			"array":   {"null", "{}", `"x"`, "[1]", `["a b"]`, `["x","y","z","x1","x2","x3","x4","x5","x6"]`},
			"string":  {"null", "7", "{}", `"` + strings.Repeat("x", 300) + `"`},
			"":        {"null", "7", `"nonsense"`},
		}[p.Type]
		switch name {
		case "reasoning_details", "reasoning_back":
			good, bad = []string{`""`, `"thoughts"`}, append(bad, `"a b"`, `"1a"`, `"content"`)
		case "empty_result":
			good = []string{`""`, `"-"`}
		case "path", "models_path":
			bad = append(bad, `"x"`, `""`)
		case "efforts":
			good, bad = append(good, `["low","high","max"]`), append(bad, `["high","low"]`, `["turbo"]`, `["low","low"]`)
		case "reasoning_fields":
			bad = append(bad, `["content"]`)
		}
		for _, word := range p.Enum {
			good = append(good, `"`+word+`"`)
		}
		if p.Description == "" || len(good) == 0 || len(bad) == 0 {
			t.Errorf("%s: %+v cannot be tested", name, p)
		}
		for _, value := range good {
			for _, preset := range all["preset"].Enum {
				options := `{"` + name + `":` + value + `,"preset":"` + preset + `"}`
				if name == "preset" {
					options = `{"preset":` + value + `}`
				}
				if err := configure(t, options); err != nil {
					t.Errorf("%s: %v", options, err)
				}
			}
		}
		for _, value := range bad {
			err := configure(t, `{"`+name+`":`+value+`}`)
			var f *adapter.Failure
			if !errors.As(err, &f) || f.Class != adapter.Invalid || f.Field != name || f.Message == "" {
				t.Errorf("%s: %s: %v, want a refusal that names it", name, value, err)
			}
		}
	}
}

// TestOptionsTogether checks what options say together, in whatever order they stand.
func TestOptionsTogether(t *testing.T) {
	f := func(options, field string) {
		t.Helper()
		err := configure(t, options)
		var fail *adapter.Failure
		if field == "" {
			if err != nil {
				t.Errorf("%s: %v", options, err)
			}
		} else if !errors.As(err, &fail) || fail.Field != field {
			t.Errorf("%s: %v, want one that names %s", options, err, field)
		}
	}
	f(`{}`, "")
	f(`null`, "")
	f(`[]`, "options")
	f(`"deepseek"`, "options")
	f(`{"reasoning_back":"tags","think_tags":"on","preset":"deepseek"}`, "")
	f(`{"think_tags":"off","reasoning_back":"tags"}`, "reasoning_back")
	f(`{"reasoning_back":"x","reasoning_details":"x"}`, "reasoning_back")
	f(`{"reasoning_fields":["x"],"reasoning_details":"x"}`, "reasoning_fields")
	f(`{"reasoning_details":"tool_calls"}`, "reasoning_details")
	f(`{"preset":7}`, "preset")
	f(`{"flavour":1}`, "flavour")
}

// TestUnknownOptionNamesAll lists every option to somebody who has mistyped one.
func TestUnknownOptionNamesAll(t *testing.T) {
	err := configure(t, `{"flavour":1}`)
	for name := range properties(t) {
		if err == nil || !slices.Contains(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == ' ' || r == ',' }), name) {
			t.Errorf("%v does not name %s", err, name)
		}
	}
}

// FuzzOptions configures a channel with anything.
func FuzzOptions(f *testing.F) {
	f.Add(`{"preset":"openrouter","efforts":["low"],"stops":3}`)
	f.Add(`{"path":"/x","reasoning_back":"tags","think_tags":"inside"}`)
	f.Add(`{"preset":null,"reasoning_fields":[]}`)
	f.Fuzz(func(t *testing.T, options string) {
		doc, err := jsonindex.Parse([]byte(options), jsonindex.ClientMode())
		if err != nil {
			return
		}
		a, err := openaiold.Module{}.New(doc.Root())
		var fail *adapter.Failure
		switch {
		case err == nil && a != nil:
		case errors.As(err, &fail) && fail.Class == adapter.Invalid && fail.Message != "":
		default:
			t.Fatalf("%v, %v", a, err)
		}
	})
}
