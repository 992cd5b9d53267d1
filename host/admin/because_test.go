package admin

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/routing"
)

// The document promises exactly the codes that there are: the UI translates by them.
func TestBecauseCodes(t *testing.T) {
	field, _ := reflect.TypeFor[contract.Because]().FieldByName("Code")
	var promised []string
	for _, x := range strings.Split(field.Tag.Get("jsonschema"), ",") {
		promised = append(promised, strings.TrimPrefix(x, "enum="))
	}
	var there []string
	for _, code := range routing.Codes() {
		there = append(there, string(code))
	}
	slices.Sort(promised)
	slices.Sort(there)
	if !slices.Equal(promised, there) {
		t.Errorf("promised %q, there are %q", promised, there)
	}
}
