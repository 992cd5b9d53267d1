package config

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// closest returns the candidate that word was most likely meant to be, "" where
// none is near. Letter case, dashes and underscores do not count as mistakes.
func closest(word string, candidates []string) string {
	plain := squash(word)
	if plain == "" || len(word) > 64 {
		return ""
	}
	for _, c := range candidates {
		if squash(c) == plain {
			return c
		}
	}
	if s := synonym(plain); slices.Contains(candidates, s) {
		return s
	} else if s == "keys" && slices.Contains(candidates, "key") {
		return "key"
	}
	best, bestDistance := "", 1+mistakes(plain)
	for _, c := range candidates {
		if d := distance(plain, squash(c)); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// didYouMean words a suggestion as a hint, "" for none.
func didYouMean(suggestion string) string {
	if suggestion == "" {
		return ""
	}
	return `did you mean "` + suggestion + `"?`
}

// mistakes is how many slips a word of this length may hold.
func mistakes(word string) int {
	switch n := utf8.RuneCountInString(word); {
	case n <= 4:
		return 1
	case n <= 8:
		return 2
	default:
		return 3
	}
}

func squash(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == ' ' {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// distance counts the insertions, deletions, replacements and swaps of
// neighbours that turn a into b (optimal string alignment).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, row, next := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		next[0] = i + 1
		for j := range y {
			replace := row[j]
			if x[i] != y[j] {
				replace++
			}
			next[j+1] = min(replace, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(y)]
}

// synonym knows what other gateways call things, and our own old config.json.
// The word is squashed.
func synonym(word string) string {
	switch word {
	case "apikey", "apikeys", "token", "tokens", "secret", "secrets":
		return "keys"
	case "type", "servicetype", "provider", "protocol", "kind":
		return "adapter"
	case "url", "endpoint", "apibase", "host", "address":
		return "base_url"
	case "port", "bind", "addr":
		return "listen"
	case "modelmapping", "mapping", "modelmap":
		return "models"
	case "upstream", "upstreams", "providers", "backends":
		return "channels"
	case "loadbalance", "balance":
		return "strategy"
	case "logging", "logs":
		return "log"
	case "disabled", "active":
		return "enabled"
	case "proxy":
		return "proxy_url"
	case "timeout":
		return "timeouts"
	case "warning":
		return "warn"
	case "trace", "verbose":
		return "debug"
	case "anthropic":
		return "claude"
	case "google":
		return "gemini"
	case "responses":
		return "openairesponses"
	case "roundrobin", "rr":
		return "round-robin"
	case "leastconn", "leastconnections":
		return "least-busy"
	case "weighted":
		return "random"
	case "priority":
		return "failover"
	case "none", "false", "no", "never", "disable":
		return "off"
	case "yes", "on":
		return "true"
	}
	return ""
}

// LooksSecret reports whether a text that stands where no secret belongs may be
// one all the same, so that it is not shown: a well-known prefix, or a long run of letters and digits
// mixed, which no name, host or model has.
func LooksSecret(s string) bool {
	for _, prefix := range [...]string{
		"sk-", "sk_", "pk-", "rk_", "AIza", "ghp_", "gho_", "github_pat_", "xai-", "xoxb-",
		"gsk_", "hf_", "r8_", "eyJ", "AKIA", "Bearer ", "Basic ",
	} {
		if strings.HasPrefix(s, prefix) && len(s) >= len(prefix)+6 {
			return true
		}
	}
	run, letters, digits := 0, false, false
	for _, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		digit := r >= '0' && r <= '9'
		if !letter && !digit {
			run, letters, digits = 0, false, false
			continue
		}
		run++
		letters, digits = letters || letter, digits || digit
		if run >= 20 && letters && digits {
			return true
		}
	}
	return false
}

// quote shows what stands in a file: shortened, printable, and not at all where
// it looks like a secret.
func quote(s string) string {
	const shown = 60
	if LooksSecret(s) {
		return `"…"`
	}
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, s)
	if r := []rune(s); len(r) > shown {
		s = string(r[:shown]) + "…"
	}
	return `"` + s + `"`
}
