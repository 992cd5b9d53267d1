//go:build wasip1

// Command guest is a Go module for the tests of the metering pass: it does the work of a converter with the standard library,
// by hand, and recursively.
package main

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"sort"
	"strings"
)

func main() {}

// document is a chat request of about 4 KB.
func document() string {
	var b strings.Builder
	b.WriteString(`{"model":"m","max_tokens":1024,"stream":true,"messages":[`)
	for i := range 20 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"role":%q,"content":[{"type":"text","text":"message number %d: %s"}]}`,
			[]string{"user", "assistant"}[i%2], i, strings.Repeat("lorem ipsum \\u00e9 ", 6))
	}
	b.WriteString(`]}`)
	return b.String()
}

var text = document()

type message struct {
	Role    string           `json:"role"`
	Content []map[string]any `json:"content"`
}

type request struct {
	Model    string    `json:"model"`
	Max      int       `json:"max_tokens"`
	Stream   bool      `json:"stream"`
	Messages []message `json:"messages"`
}

func digest(b []byte) int64 {
	h := fnv.New64a()
	h.Write(b)
	return int64(h.Sum64())
}

// std decodes the document with encoding/json, turns it round and encodes it again.
//
//go:wasmexport std
func std(rounds int32) int64 {
	var sum int64
	for range rounds {
		var r request
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			panic(err)
		}
		sort.Slice(r.Messages, func(i, j int) bool {
			return r.Messages[i].Content[0]["text"].(string) > r.Messages[j].Content[0]["text"].(string)
		})
		out, err := json.Marshal(r)
		if err != nil {
			panic(err)
		}
		sum += digest(out)
	}
	return sum
}

// hand walks over the document byte by byte and copies its strings.
//
//go:wasmexport hand
func hand(rounds int32) int64 {
	var sum int64
	out := make([]byte, 0, len(text))
	for range rounds {
		out = out[:0]
		for i := 0; i < len(text); i++ {
			if text[i] != '"' {
				continue
			}
			from := i + 1
			for i++; text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			out = append(out, text[from:i]...)
		}
		sum += digest(out)
	}
	return sum
}

// nested decodes and encodes arrays that are that deep in each other, which encoding/json does by recursion.
//
//go:wasmexport nested
func nested(depth int32) int64 {
	var v any
	if err := json.Unmarshal([]byte(strings.Repeat("[", int(depth))+strings.Repeat("]", int(depth))), &v); err != nil {
		panic(err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return digest(out)
}

type tree struct {
	left, right *tree
	n           int64
}

func grow(depth int32) *tree {
	if depth == 0 {
		return &tree{n: 1}
	}
	return &tree{grow(depth - 1), grow(depth - 1), int64(depth)}
}

func (t *tree) sum() int64 {
	if t == nil {
		return 0
	}
	return t.n + t.left.sum() + t.right.sum()
}

// trees allocates, so that the guest's own collector runs.
//
//go:wasmexport trees
func trees(rounds int32) int64 {
	var sum int64
	for range rounds {
		sum += grow(10).sum()
	}
	return sum
}

//go:wasmexport forever
func forever() {
	for i := 0; ; i++ {
		if i%(1<<20) == 0 {
			text += " "
		}
	}
}

//go:wasmexport deep
func deep(n int64) int64 {
	if n == 0 {
		return 0
	}
	return deep(n-1) + n%3
}
