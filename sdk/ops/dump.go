package ops

import (
	"bytes"
	"encoding/hex"
	"strconv"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// Dump writes ops for people and for golden files, one line each:
//
//	message "chatcmpl-1" "gpt-5"
//	text 0 "Hello"
//	text 0 plain "Hello"
//	tool_start 1 "call_1" "read"
//	tool_args 1 "{\"path\":\"a\"}"
//	block 2 {"type":"server_tool_use","id":"s","name":"n","input":{}}
//	block_end 1
//	usage in=12 out=3 cache_read=0
//	stop stop_sequence "END"
//	loss dropped "citations" "not supported"
//	done
//
// A text without "plain" is JSON-escaped already. Counts that are not known are left out. From the first op on that a
// Reader refuses, what is left stands as "raw" and hexadecimal digits. Equal bytes give equal text, and ParseDump leads
// back to the same bytes.
func Dump(b []byte) string {
	var dst []byte
	var r Reader
	r.Reset(b)
	for r.More() {
		rest := r.b
		o, err := r.Next()
		if err != nil {
			dst = append(dst, "raw "...)
			dst = append(hex.AppendEncode(dst, rest), '\n')
			break
		}
		dst = append(appendDump(dst, o), '\n')
	}
	return string(dst)
}

func appendDump(dst []byte, o Op) []byte {
	dst = append(dst, o.Code.String()...)
	if o.Code.InBlock() {
		dst = strconv.AppendUint(append(dst, ' '), uint64(o.Block), 10)
	}
	switch o.Code {
	case Text, Thinking, Signature, Redacted, ToolArgs:
		if o.Escaped {
			dst = append(append(append(dst, ` "`...), o.Data...), '"')
		} else {
			dst = appendQuoted(append(dst, " plain"...), o.Data)
		}
	case Message, ToolStart:
		a, b, _ := o.Two()
		dst = appendQuoted(appendQuoted(dst, a), b)
	case Loss:
		a, b, _ := o.Two()
		dst = append(append(dst, ' '), o.LossKind().String()...)
		dst = appendQuoted(appendQuoted(dst, a), b)
	case Block, Citation, Model:
		dst = appendRaw(dst, o.Data)
	case Stop:
		sequence, details, _ := o.Two()
		dst = append(append(dst, ' '), o.StopReason().String()...)
		if len(sequence) > 0 || len(details) > 0 && !oneLine(details) {
			dst = appendQuoted(dst, sequence)
		}
		if len(details) > 0 {
			dst = appendRaw(dst, details)
		}
	case Usage:
		t := o.Tokens()
		for i, p := range t.fields() {
			if *p != -1 {
				dst = append(append(append(dst, ' '), usageNames[i]...), '=')
				dst = strconv.AppendInt(dst, *p, 10)
			}
		}
	}
	return dst
}

var usageNames = [...]string{"in", "out", "cache_read", "cache_write", "cache_write_1h", "thinking"}

func appendQuoted(dst, s []byte) []byte {
	return append(jsonindex.AppendEscaped(append(dst, ` "`...), s), '"')
}

// appendRaw writes raw JSON as it stands where that is one line beginning with a brace, else as a quoted string.
func appendRaw(dst, raw []byte) []byte {
	if oneLine(raw) {
		return append(append(dst, ' '), raw...)
	}
	return appendQuoted(dst, raw)
}

func oneLine(raw []byte) bool {
	return raw[0] == '{' && raw[len(raw)-1] == '}' && !bytes.ContainsAny(raw, "\n\r")
}
