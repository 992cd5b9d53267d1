package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/claude-proxy/claude-proxy/host/config"
)

// cookieName is the session cookie. Its SameSite=Strict keeps it out of every request that another site makes.
const cookieName = "claude_proxy_session"

// identity is who asks.
type identity struct {
	// name is the client key's, or codeName.
	name string
	// session is the browser's session as it was when it was found, at where it lives; both nil for a key.
	session *session
	at      *session
}

// confirmed says that the request itself carries an admin key.
func (i *identity) confirmed() bool { return i.session == nil }

// identify finds out who asks. Nil means nobody; a refusal means that the address has to wait.
func (a *api) identify(r *http.Request, address string) (*identity, *problem) {
	if hasKey(r.Header) {
		if wait := a.throttle.blocked(address); wait > 0 {
			return nil, throttled(wait)
		}
		if name, ok := a.adminOf(r.Header); ok {
			return &identity{name: name}, nil
		}
		a.throttle.failed(address)
		return nil, nil
	}
	for _, c := range r.CookiesNamed(cookieName) {
		s, at, ok := a.sessions.find(c.Value)
		if !ok {
			continue
		}
		if !a.stillGood(&s) {
			a.sessions.close(s.id)
			continue
		}
		return &identity{name: s.name, session: &s, at: at}, nil
	}
	return nil, nil
}

func hasKey(h http.Header) bool { return h.Get("Authorization") != "" || h.Get("X-Api-Key") != "" }

// adminOf returns the name of the admin key in the headers.
func (a *api) adminOf(h http.Header) (string, bool) {
	p := a.Principals().Authenticate(h)
	if p == nil || !p.Admin {
		return "", false
	}
	return p.Name, true
}

// adminKey returns the name of an admin key.
func (a *api) adminKey(key string) (string, bool) {
	return a.adminOf(http.Header{"X-Api-Key": {key}})
}

// stillGood says whether the key that a session was opened with is still that of an admin.
func (a *api) stillGood(s *session) bool {
	if s.key == ([sha256.Size]byte{}) {
		return true // it was opened with a code, which no key stands behind
	}
	now := a.now()
	for _, k := range a.Config().Auth.Keys {
		if k.Name == s.name {
			hash := sha256.Sum256([]byte(k.Key.Reveal()))
			return k.Admin && k.Usable() && (k.Expires.IsZero() || now.Before(k.Expires)) && subtle.ConstantTimeCompare(hash[:], s.key[:]) == 1
		}
	}
	return false
}

// secureCookie says whether the browser is on https: here, or in front of a reverse proxy, where the browser's own Origin
// tells.
func secureCookie(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(r.Header.Get("Origin"), "https://")
}

// usable admin keys of a configuration.
func admins(cfg *config.Config) int {
	n := 0
	for _, k := range cfg.Auth.Keys {
		if k.Admin && k.Usable() {
			n++
		}
	}
	return n
}
