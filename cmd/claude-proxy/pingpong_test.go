package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/hosttest"
	"github.com/claude-proxy/claude-proxy/sdk/render/grammar"
)

// TestPingPong is one conversation of 50 turns that goes from vendor to vendor, with thinking, calls and results. Every
// vendor refuses signatures that it did not issue, and Gemini calls without theirs; each gets its own back, byte for byte,
// and nobody another's.
func TestPingPong(t *testing.T) {
	const turns = 50
	for seed := range uint64(4) {
		stream := seed%2 == 0
		t.Run(fmt.Sprintf("seed %d, stream %v", seed, stream), func(t *testing.T) {
			g := newGame(t, rand.New(rand.NewPCG(seed, 7)), turns, stream)
			for range turns {
				g.turn()
			}
			for _, name := range []string{"openairesponses", "gemini", "claude"} {
				if g.returned[name] == 0 {
					t.Errorf("%s never got a signature of its own back", name)
				}
			}
		})
	}
}

// game is the client of such a conversation.
type game struct {
	t         *testing.T
	p         *proxy
	upstreams map[string]*hosttest.Server
	order     []string // whose turn it is
	rand      *rand.Rand
	stream    bool

	messages []any
	// issued holds the opaque tokens that each vendor gave, as they go back to it.
	issued   map[string][]string
	returned map[string]int
	n        int
}

func newGame(t *testing.T, r *rand.Rand, turns int, stream bool) *game {
	g := &game{t: t, rand: r, stream: stream, upstreams: map[string]*hosttest.Server{}, issued: map[string][]string{}, returned: map[string]int{}}
	scripts := map[string][]hosttest.Step{}
	for i := range turns {
		a := adapters[r.IntN(len(adapters))].name
		g.order = append(g.order, a)
		scripts[a] = append(scripts[a], hosttest.Step{Answer: randomAnswer(r, a, i)})
	}
	var channels strings.Builder
	for _, a := range adapters {
		up := hosttest.New(t, &hosttest.Script{Keys: []string{upstreamKey}, IDs: a.name, Exhausted: "error", Steps: scripts[a.name]})
		g.upstreams[a.name] = up
		channels.WriteString(channel(a.name, a.name, up.URL, "models: { any: "+a.model+" }"))
	}
	g.p = start(t, channels.String(), "auth: { keys: [ { name: picker, key: canary-picker-key-7731, pick_channel: true } ] }", "log: { level: info }")
	g.messages = []any{map[string]any{"role": "user", "content": "Begin."}}
	return g
}

// randomAnswer thinks, speaks and calls, each now and then. Old servers use the ids of calls again, Gemini may give none.
func randomAnswer(r *rand.Rand, name string, i int) *hosttest.Answer {
	a := &hosttest.Answer{Reasoning: "reasoning_content", Stream: hosttest.Stream{Chunk: 1 + r.IntN(9), Interleave: r.IntN(2) == 0}}
	if r.IntN(3) > 0 {
		a.Parts = append(a.Parts, hosttest.Part{Thinking: fmt.Sprintf("Let me think about turn %d.", i)})
	}
	if r.IntN(3) > 0 {
		a.Parts = append(a.Parts, hosttest.Part{Text: fmt.Sprintf("This is turn %d, \"quoted\" – ünï.", i)})
	}
	calls := r.IntN(3)
	if len(a.Parts) == 0 || a.Parts[len(a.Parts)-1].Text == "" {
		calls = max(calls, 1) // thinking leads to something
	}
	for k := range calls {
		id := ""
		switch {
		case name == "openaiold":
			id = fmt.Sprintf("call_%d", k)
		case name == "gemini" && i%2 == 0:
			id = "none"
		}
		args, err := json.Marshal(map[string]any{"city": fmt.Sprintf("turn %d", i), "deep": []int{k}})
		if err != nil {
			panic("BUG: " + err.Error())
		}
		a.Parts = append(a.Parts, hosttest.Part{Tool: &hosttest.ToolCall{ID: id, Name: "weather", Args: args}})
	}
	return a
}

// turn asks the next vendor, checks what it got, and answers.
func (g *game) turn() {
	t, name := g.t, g.order[g.n]
	t.Helper()
	g.n++
	body, err := json.Marshal(map[string]any{
		"model": "any", "max_tokens": 4000, "stream": g.stream, "messages": g.messages, "thinking": map[string]any{"type": "adaptive"},
		"tools": []any{map[string]any{"name": "weather", "input_schema": map[string]any{"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := g.p.post("/v1/messages", string(body), "x-api-key: canary-picker-key-7731", "x-claude-proxy-channel: "+name)
	if got.status != 200 {
		t.Fatalf("turn %d of %s: %d %s\nthe conversation: %s", g.n, name, got.status, got.body, body)
	}
	message := []byte(got.body)
	if g.stream {
		if message, err = grammar.Fold(message); err != nil {
			t.Fatalf("turn %d of %s: %v\n%s", g.n, name, err, got.body)
		}
	}
	g.checkSignatures(name)
	g.answer(name, message)
}

// checkSignatures looks for the tokens in what the vendor was sent.
func (g *game) checkSignatures(name string) {
	g.t.Helper()
	requests := g.upstreams[name].Requests()
	sent := string(requests[len(requests)-1].Body)
	for _, issuer := range slices.Sorted(maps.Keys(g.issued)) {
		for _, token := range g.issued[issuer] {
			switch there := strings.Contains(sent, token); {
			case issuer == name && !there:
				g.t.Errorf("turn %d: %s did not get its own %s back", g.n, name, token)
			case issuer == name:
				g.returned[name]++
			case there:
				g.t.Errorf("turn %d: %s got %s, which is of %s", g.n, name, token, issuer)
			}
		}
	}
	if strings.Contains(sent, "cp1.") {
		g.t.Errorf("turn %d: a tag of ours went to %s", g.n, name)
	}
}

// answer takes the vendor's message into the conversation and plays the client's part.
func (g *game) answer(name string, message []byte) {
	g.t.Helper()
	var m struct{ Content []map[string]any }
	if err := json.Unmarshal(message, &m); err != nil {
		g.t.Fatal(err)
	}
	reply := []any{}
	for _, block := range m.Content {
		switch block["type"] {
		case "thinking":
			signature, ok := block["signature"].(string)
			if !ok {
				g.t.Fatalf("turn %d: no signature in %v", g.n, block)
			}
			if token := opaque(name, signature); token != "" {
				g.issued[name] = append(g.issued[name], token)
			}
		case "tool_use":
			reply = append(reply, map[string]any{"type": "tool_result", "tool_use_id": block["id"], "content": fmt.Sprintf("result %d", g.n)})
		}
	}
	if len(reply) == 0 || g.rand.IntN(2) == 0 {
		reply = append(reply, map[string]any{"type": "text", "text": fmt.Sprintf("Go on, %d.", g.n)})
	}
	g.messages = append(g.messages, map[string]any{"role": "assistant", "content": m.Content}, map[string]any{"role": "user", "content": reply})
}

// opaque is the vendor's own part of a signature, "" where it has none.
func opaque(name, signature string) string {
	rest, tagged := strings.CutPrefix(signature, "cp1."+name+".")
	switch name {
	case "claude":
		return signature
	case "openairesponses":
		return rest[strings.LastIndexByte(rest, '.')+1:]
	case "gemini":
		if tagged && len(rest) > 1 {
			return rest[1:] // behind the letter for its place
		}
	}
	return ""
}
