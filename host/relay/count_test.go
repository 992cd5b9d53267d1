package relay

import (
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// C132, C133: everything in a request counts, and rather too high than too low: least is about what Claude's own tokenizers
// make of it.
func TestEstimateTokens(t *testing.T) {
	f := func(body string, least, most int64) {
		t.Helper()
		doc, err := jsonindex.Parse([]byte(body), jsonindex.ClientMode())
		if err != nil {
			t.Fatal(err)
		}
		if n := countTokens(doc); n < least || n > most {
			t.Errorf("%d tokens for %d bytes, want %d to %d: %.80s", n, len(body), least, most, body)
		}
		if n := estimateTokens(doc); n < least/2 || n > most {
			t.Errorf("%d tokens at a glance for %d bytes: %.80s", n, len(body), body)
		}
	}
	user := func(content string) string { return `{"messages":[{"role":"user","content":` + content + `}]}` }
	data := func(kind, s string) string {
		return user(`[{"type":"` + kind + `","source":{"type":"base64","media_type":"x","data":"` + s + `"}}]`)
	}
	f(user(`"one two three"`), 10, 30)
	f(user(`"`+strings.Repeat("word ", 2000)+`"`), 2000, 4000)
	f(user(`"`+strings.Repeat("a line of a long tool result\\n", 20000)+`"`), 140_000, 240_000) // longer than an Extern
	f(user(`"`+strings.Repeat("汉字也是字", 1000)+`"`), 5000, 6500)
	f(user(`"`+strings.Repeat("Слово и дело. ", 1000)+`"`), 4000, 12_000)
	f(`{"system":"`+strings.Repeat("You are careful. ", 100)+`","messages":[]}`, 400, 800)
	f(`{"messages":[],"tools":[{"name":"f","description":"`+strings.Repeat("Does one thing. ", 100)+`","input_schema":{"type":"object"}}]}`, 400, 800)
	f(user(`[{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"`+strings.Repeat("result ", 300)+`"}]}]`), 300, 900)
	f(data("image", strings.Repeat("iVBORw0K", 10_000)), 1000, 1800)
	f(data("image", strings.Repeat("iVBORw0K", 600_000)), 1600, 1800)
	f(data("image", strings.Repeat("iVBORw0K", 20)), 30, 200)
	// text under the same name is text
	f(user(`[{"type":"document","source":{"type":"text","data":"`+strings.Repeat("plain words here ", 2000)+`"}}]`), 6000, 13_000)
	if n := countTokens(nil) + estimateTokens(nil); n != 0 {
		t.Errorf("%d tokens for nothing", n)
	}
	doc, err := jsonindex.Parse([]byte(data("document", "JVBERi0xLjcK"+strings.Repeat("AAAA", 50_000))), jsonindex.ClientMode())
	if err != nil {
		t.Fatal(err)
	}
	if n := countTokens(doc); n < 20_000 || n > 30_000 {
		t.Errorf("%d tokens for a PDF of 150 KB", n)
	}
}

func TestAllowance(t *testing.T) {
	var a allowance
	now := time.Unix(1_000_000, 0)
	took := func(n int) (k int) {
		for range n {
			if a.take(now, askedASecond) {
				k++
			}
		}
		return k
	}
	if n := took(40); n != askedASecond {
		t.Errorf("%d of a burst", n)
	}
	now = now.Add(999 * time.Millisecond)
	if n := took(3); n != 0 {
		t.Errorf("%d in the same second", n)
	}
	now = now.Add(time.Millisecond)
	if n := took(3); n != 3 {
		t.Errorf("%d in the next second", n)
	}
}

// A count that no upstream gave is estimated, except for a request that nobody takes.
func TestCountable(t *testing.T) {
	for status, want := range map[int]bool{400: false, 413: false, 404: true, 429: true, 502: true, 529: true} {
		if countable(&failure.Answer{Status: status}) != want {
			t.Errorf("%d: %v", status, !want)
		}
	}
}

func BenchmarkCountTokens(b *testing.B) {
	body := `{"system":"` + strings.Repeat("You are careful. ", 1500) + `","messages":[{"role":"user","content":"` + strings.Repeat("word ", 2000) + `"}]}`
	doc, err := jsonindex.Parse([]byte(body), jsonindex.ClientMode())
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(body)))
	for range b.N {
		countTokens(doc)
	}
}
