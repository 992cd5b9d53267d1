package config

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
	"net/url"
)

// shownTail is how many characters of a long secret stay readable, and
// shownFrom the length from which a secret counts as long: the tail is then
// less than a third of it.
const (
	shownTail = 4
	shownFrom = 13
)

// Secret is a credential that does not print itself: every verb of fmt, JSON,
// YAML and slog see "…" or, for long ones, "…" and the last four characters.
// The value is behind a pointer so that reflection in a printer of a
// surrounding struct finds an address only. The zero value is the empty secret.
type Secret struct{ text *string }

// NewSecret wraps s.
func NewSecret(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{text: &s}
}

// Reveal returns the secret itself. Call it where the credential is used and
// nowhere else.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Empty reports whether there is no secret.
func (s Secret) Empty() bool { return s.text == nil }

// Equal compares in a time that depends on the lengths only. Two empty secrets
// are not equal, so that a missing credential never matches a missing one.
func (s Secret) Equal(other string) bool {
	return !s.Empty() && subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other)) == 1
}

// String returns the form that is safe to show; "" for the empty secret.
func (s Secret) String() string {
	if s.text == nil {
		return ""
	}
	r := []rune(*s.text)
	if len(r) < shownFrom {
		return "…"
	}
	return "…" + string(r[len(r)-shownTail:])
}

// GoString returns the safe form for %#v.
func (s Secret) GoString() string { return fmt.Sprintf("config.Secret(%q)", s.String()) }

// Format prints the safe form whatever the verb.
func (s Secret) Format(f fmt.State, verb rune) { formatSafe(f, verb, s.String(), s.GoString()) }

// MarshalText returns the safe form.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue returns the safe form.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// ProxyURL is the address of an outgoing proxy, which may hold a password and
// therefore prints without it. The zero value means: as the environment says.
type ProxyURL struct{ url *url.URL }

// URL returns a copy with the password in it, nil for the zero value.
func (p ProxyURL) URL() *url.URL {
	if p.url == nil {
		return nil
	}
	u := *p.url
	return &u
}

// String returns the address with its password hidden; "" for the zero value.
func (p ProxyURL) String() string {
	if p.url == nil {
		return ""
	}
	return p.url.Redacted()
}

// GoString returns the safe form for %#v.
func (p ProxyURL) GoString() string { return fmt.Sprintf("config.ProxyURL(%q)", p.String()) }

// Format prints the safe form whatever the verb.
func (p ProxyURL) Format(f fmt.State, verb rune) { formatSafe(f, verb, p.String(), p.GoString()) }

// MarshalText returns the safe form.
func (p ProxyURL) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// LogValue returns the safe form.
func (p ProxyURL) LogValue() slog.Value { return slog.StringValue(p.String()) }

func formatSafe(f fmt.State, verb rune, text, goText string) {
	switch {
	case verb == 'v' && f.Flag('#'):
		text = goText
	case verb == 'q':
		text = fmt.Sprintf("%q", text)
	}
	// A fmt.State reports no errors; the printer around it does.
	_, _ = io.WriteString(f, text)
}
