package wasm

import (
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/abi"
)

// A module carries its manual; what is too long is cut, a second one is not looked at, and one whose name lies about its
// length is a damaged module.
func TestReadmeSections(t *testing.T) {
	bare := "\x00asm\x01\x00\x00\x00"
	with := func(sections ...string) []byte {
		b := []byte(bare)
		for i := 0; i < len(sections); i += 2 {
			b = abi.AppendSection(b, sections[i], sections[i+1])
		}
		return b
	}
	f := func(module []byte, en, zh string) {
		t.Helper()
		s, err := scan(module)
		if err != nil {
			t.Fatal(err)
		}
		if s.readme.EN != en || s.readme.ZH != zh {
			t.Errorf("%.40q and %.40q, want %.40q and %.40q", s.readme.EN, s.readme.ZH, en, zh)
		}
	}
	f(with(), "", "")
	f(with("note", "x", abi.ReadmeSection, "# <b>hello</b>", abi.ReadmeSectionZH, "你好", abi.ReadmeSection, "again"), "# <b>hello</b>", "你好")
	f(with(abi.ReadmeSection, strings.Repeat("x", 2*abi.MaxReadme)), strings.Repeat("x", abi.MaxReadme), "")
	if _, err := scan(append(with(), 0, 3, 3, 'a', 'b')); err == nil {
		t.Error("a name that is longer than its section was taken")
	}
}
