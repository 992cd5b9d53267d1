// Package connect knows how clients are pointed at the proxy: pieces of shell, settings and code to copy.
package connect

import (
	"fmt"
	"strings"
)

// Snippet is one piece to copy.
type Snippet struct {
	// ID is client/variant, such as "claude-code/bash". It is stable.
	ID string
	// Client groups the variants, Language names the syntax.
	Client, Language string
	// EN and ZH are its title; NoteEN and NoteZH what people trip on, "" for nothing.
	EN, ZH         string
	NoteEN, NoteZH string
	Text           string
}

// Target is where a client is to be pointed.
type Target struct {
	// BaseURL is the proxy's address without /v1.
	BaseURL string
	// Key is how the key is written: a placeholder such as YOUR_KEY, or the key itself.
	Key string
	// Model is a model name that the proxy serves.
	Model string
}

// Snippets returns all pieces in the order in which people are shown them.
func Snippets(t Target) []Snippet {
	const (
		noteEN = "ANTHROPIC_BASE_URL goes without /v1. Unset ANTHROPIC_API_KEY: with both set, Claude Code warns and may use the wrong one."
		noteZH = "ANTHROPIC_BASE_URL 不带 /v1。请取消 ANTHROPIC_API_KEY：两者同时存在时 Claude Code 会警告，且可能用错。"
	)
	code := func(variant, language, en, zh, text string) Snippet {
		return Snippet{ID: "claude-code/" + variant, Client: "Claude Code", Language: language, EN: en, ZH: zh, NoteEN: noteEN, NoteZH: noteZH, Text: text}
	}
	sdk := func(id, language, en, text string) Snippet {
		return Snippet{ID: id, Client: "SDK", Language: language, EN: en, ZH: en, Text: text}
	}
	return []Snippet{
		code("bash", "bash", "bash, zsh", "bash、zsh", t.fill(`export ANTHROPIC_BASE_URL={url}
export ANTHROPIC_AUTH_TOKEN="{key}"
unset ANTHROPIC_API_KEY
claude`)),
		code("powershell", "powershell", "PowerShell", "PowerShell", t.fill(`$env:ANTHROPIC_BASE_URL = "{url}"
$env:ANTHROPIC_AUTH_TOKEN = "{key}"
Remove-Item Env:ANTHROPIC_API_KEY -ErrorAction SilentlyContinue
claude`)),
		code("cmd", "bat", "cmd.exe", "cmd.exe", t.fill(`set ANTHROPIC_BASE_URL={url}
set ANTHROPIC_AUTH_TOKEN={key}
set ANTHROPIC_API_KEY=
claude`)),
		code("settings", "json", "~/.claude/settings.json", "~/.claude/settings.json", t.fill(`{
  "env": {
    "ANTHROPIC_BASE_URL": "{url}",
    "ANTHROPIC_AUTH_TOKEN": "{key}"
  }
}`)),
		sdk("python", "python", "Python", t.fill(`import anthropic

client = anthropic.Anthropic(base_url="{url}", api_key="{key}")
message = client.messages.create(
    model="{model}",
    max_tokens=1024,
    messages=[{"role": "user", "content": "Hello"}],
)
print(message.content[0].text)`)),
		sdk("typescript", "typescript", "TypeScript", t.fill(`import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ baseURL: "{url}", apiKey: "{key}" });
const message = await client.messages.create({
  model: "{model}",
  max_tokens: 1024,
  messages: [{ role: "user", content: "Hello" }],
});
console.log(message.content);`)),
		sdk("go", "go", "Go", t.fill(`client := anthropic.NewClient(
	option.WithBaseURL("{url}"),
	option.WithAPIKey("{key}"),
)
message, err := client.Messages.New(ctx, anthropic.MessageNewParams{
	Model:     "{model}",
	MaxTokens: 1024,
	Messages:  []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("Hello"))},
})`)),
		{ID: "curl", Client: "curl", Language: "bash", EN: "curl", ZH: "curl", Text: t.fill(`curl -N {url}/v1/messages \
  -H "x-api-key: {key}" \
  -H "content-type: application/json" \
  -d '{"model":"{model}","max_tokens":1024,"stream":true,"messages":[{"role":"user","content":"Hello"}]}'`)},
		{ID: "other", Client: "other", Language: "text", EN: "Any other Claude client", ZH: "其他 Claude 客户端",
			NoteEN: "Where a client asks for an endpoint with /v1, add it.", NoteZH: "客户端若要求地址带 /v1，请自行加上。",
			Text: t.fill("Base URL: {url}\nAPI key:  {key}\nModel:    {model}")},
	}
}

func (t Target) fill(text string) string {
	return strings.NewReplacer("{url}", t.BaseURL, "{key}", t.Key, "{model}", t.Model).Replace(text)
}

// Find returns the piece with this id, or the first one of this client.
func Find(t Target, id string) (Snippet, error) {
	var known []string
	list := Snippets(t)
	for _, s := range list {
		if s.ID == id {
			return s, nil
		}
		known = append(known, s.ID)
	}
	for _, s := range list {
		if strings.HasPrefix(s.ID, id+"/") {
			return s, nil
		}
	}
	return Snippet{}, fmt.Errorf("no client is called %q; known are %s", id, strings.Join(known, ", "))
}
