package jsonindex_test

import (
	"fmt"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

func Example() {
	body := []byte(`{"model":"claude-x","messages":[{"role":"user","content":"Hi \"you\""}],"max_tokens":1e3}`)

	d, err := jsonindex.Parse(body, jsonindex.ClientMode())
	if err != nil {
		fmt.Println(err)
		return
	}
	var messages, limit jsonindex.Value
	for it := d.Root().Iter(); it.Next(); {
		switch string(it.Key()) {
		case "messages":
			messages = it.Val
		case "max_tokens":
			limit = it.Val
		}
	}
	text, _ := messages.At(0).Get("content").Text()
	n, _ := limit.Int()
	fmt.Println(text, n)

	var w jsonindex.Writer
	w.Lit(`{"input":`)
	w.Raw(messages)
	w.Lit(`,"max_output_tokens":`)
	w.Int(n)
	w.Byte('}')
	fmt.Printf("%s\n", w.AppendTo(nil, d.Src))

	_, err = jsonindex.Parse([]byte(`{"messages":[{"role":"user","role":"user"}]}`), jsonindex.ClientMode())
	fmt.Println(err)
	// Output:
	// Hi "you" 1000
	// {"input":[{"role":"user","content":"Hi \"you\""}],"max_output_tokens":1000}
	// duplicate key at byte 28 (messages[0].role)
}
