// Package auth finds out which client key a request presents.
//
// A [Table] is built once from the configured client keys and replaced whole when they change. It keeps hashes, never the
// keys. Every refusal takes the same path and looks the same: a missing, unknown, disabled, expired or ambiguous key
// cannot be told apart from outside.
package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"time"
	"unsafe"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/pattern"
)

// Principal is who a client key belongs to. It is immutable and shared by goroutines.
type Principal struct {
	// Name is the key's name in the configuration, safe to show and to log.
	Name string
	// Admin may use the UI and the admin API.
	Admin bool
	// PickChannel may name a channel with x-claude-proxy-channel.
	PickChannel bool
	// RPM and TokensPerMinute are per minute, MaxConcurrent is requests at a time; 0 means no limit.
	RPM, TokensPerMinute, MaxConcurrent int

	models  pattern.Set
	expires time.Time
	enabled bool
}

// MayUse says whether the key may ask for this model, by the name that the client gives it. It does not allocate.
func (p *Principal) MayUse(model string) bool { return p.models.Allows(model) }

// Table knows all client keys. It is immutable and safe for concurrent use.
type Table struct {
	entries map[[sha256.Size]byte]*entry
	nobody  *entry
	now     func() time.Time
}

type entry struct {
	hash      [sha256.Size]byte
	principal *Principal
}

// New builds a table. now is the clock that expiry is measured by. Keys without a secret are left out: they are not
// configured. Two names for one secret, and a model pattern that does not compile, are errors.
func New(keys []config.ClientKey, now func() time.Time) (*Table, error) {
	t := &Table{
		entries: make(map[[sha256.Size]byte]*entry, len(keys)), nobody: &entry{principal: &Principal{}}, now: now,
	}
	for i := range keys {
		k := &keys[i]
		if k.Key.Empty() {
			continue
		}
		models, err := pattern.CompileSet(k.Models)
		if err != nil {
			return nil, fmt.Errorf("client key %q: models: %w", k.Name, err)
		}
		hash := sha256.Sum256([]byte(k.Key.Reveal()))
		if other := t.entries[hash]; other != nil {
			return nil, fmt.Errorf("client keys %q and %q are the same key; remove one", other.principal.Name, k.Name)
		}
		t.entries[hash] = &entry{hash: hash, principal: &Principal{
			Name: k.Name, Admin: k.Admin, PickChannel: k.PickChannel,
			RPM: k.RPM, TokensPerMinute: k.TokensPerMinute, MaxConcurrent: k.MaxConcurrent,
			models: models, expires: k.Expires, enabled: k.Enabled,
		}}
	}
	return t, nil
}

// Authenticate returns who sent a request with these headers, or nil. A key may come in x-api-key or as Authorization:
// Bearer; where both come, one valid key is enough, since a stale variable in the client's environment is common, but
// two valid keys of different principals are refused. A header that comes twice counts for nothing. The query is never
// looked at. The good path does not allocate.
func (t *Table) Authenticate(h http.Header) *Principal {
	now := t.now()
	a := t.find(apiKey(h), now)
	b := t.find(bearer(h), now)
	switch {
	case a == nil:
		return b
	case b == nil || a == b:
		return a
	}
	return nil
}

// find takes the same steps for every key, "" included.
func (t *Table) find(key string, now time.Time) *Principal {
	// The bytes are only read, and hashing a copy would cost an allocation.
	hash := sha256.Sum256(unsafe.Slice(unsafe.StringData(key), len(key)))
	e, known := t.entries[hash]
	if !known {
		e = t.nobody
	}
	p := e.principal
	equal := subtle.ConstantTimeCompare(hash[:], e.hash[:]) == 1
	live := p.expires.IsZero() || now.Before(p.expires)
	if key == "" || !known || !equal || !p.enabled || !live {
		return nil
	}
	return p
}
