package abi

import (
	"bytes"
	"strings"
	"testing"
)

func TestAppendSection(t *testing.T) {
	got := AppendSection([]byte("\x00asm\x01\x00\x00\x00"), "note", "hello")
	if want := []byte("\x00asm\x01\x00\x00\x00\x00\x0a\x04notehello"); !bytes.Equal(got, want) {
		t.Errorf("% x", got)
	}
	if got := AppendSection(nil, "n", strings.Repeat("x", 200)); !bytes.HasPrefix(got, []byte{0, 0xca, 0x01, 1, 'n', 'x'}) {
		t.Errorf("% x", got[:8])
	}
}

func TestReadme(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := Readme([]byte(in)); got != want {
			t.Errorf("%.20q, want %.20q (%d, %d bytes)", got, want, len(got), len(want))
		}
	}
	f("", "")
	f("\ufeff# 你好\n", "# 你好\n")
	f("a\xffb", "a\ufffdb")
	f(strings.Repeat("x", MaxReadme+9), strings.Repeat("x", MaxReadme))
	f(strings.Repeat("x", MaxReadme-1)+"你好", strings.Repeat("x", MaxReadme-1))
}
