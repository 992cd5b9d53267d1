package abi

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// Custom sections in which a module may carry its manual, as plain text in English and in Chinese.
const (
	ReadmeSection   = "claude-proxy.readme"
	ReadmeSectionZH = "claude-proxy.readme.zh"
	// MaxReadme is the most bytes of one that are shown.
	MaxReadme = 64 << 10
)

// AppendSection adds a custom section to the end of a module, where the format allows one. The name is at most 127 bytes
// long; nothing else is checked.
func AppendSection(module []byte, name, text string) []byte {
	module = append(module, 0)
	module = binary.AppendUvarint(module, uint64(1+len(name)+len(text)))
	module = append(module, byte(len(name)))
	module = append(module, name...)
	return append(module, text...)
}

// Readme is the text of a section as it may be shown: UTF-8 without a byte order mark, cut at a rune where it is too long.
func Readme(b []byte) string {
	cut := b[:min(len(b), MaxReadme)]
	for len(cut) < len(b) && len(cut) > 0 && !utf8.RuneStart(b[len(cut)]) {
		cut = cut[:len(cut)-1]
	}
	return strings.ToValidUTF8(strings.TrimPrefix(string(cut), "\ufeff"), "\ufffd")
}
