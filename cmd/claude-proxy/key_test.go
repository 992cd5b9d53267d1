package main

import (
	"testing"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/firstrun"
)

// The generated key serves until an admin key takes its place: the first client key must not lock out who made it.
func TestGeneratedKeyStays(t *testing.T) {
	client := config.ClientKey{Name: "build", Key: config.NewSecret("canary-client-key"), Enabled: true, Line: 3}
	admin := client
	admin.Admin = true
	for _, c := range []struct {
		name string
		kept bool
		keys []config.ClientKey
		want int
	}{
		{"nothing configured", false, nil, 1},
		{"a client key beside a generated one", true, []config.ClientKey{client}, 2},
		{"a client key and nothing generated", false, []config.ClientKey{client}, 1},
		{"an admin key beside a generated one", true, []config.ClientKey{admin}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := &config.Config{}
			cfg.Server.StateDir = t.TempDir()
			cfg.Auth.Keys = c.keys
			if c.kept {
				if _, _, _, err := firstrun.AccessKey(cfg.Server.StateDir); err != nil {
					t.Fatal(err)
				}
			}
			if err := ensureKey(cfg, new(firstrun.Greeting)); err != nil {
				t.Fatal(err)
			}
			if len(cfg.Auth.Keys) != c.want {
				t.Errorf("%d client keys, want %d", len(cfg.Auth.Keys), c.want)
			}
		})
	}
}

// A reload that brings the first admin key keeps the generated one for the rest of the run; the next start goes without it.
func TestGeneratedKeyOutlivesAReload(t *testing.T) {
	first := &config.Config{}
	first.Server.StateDir = t.TempDir()
	if err := ensureKey(first, new(firstrun.Greeting)); err != nil {
		t.Fatal(err)
	}
	generated := generatedKey(first)
	if generated == nil {
		t.Fatal("no generated key")
	}
	admin := config.ClientKey{Name: "me", Key: config.NewSecret("canary-admin-key"), Enabled: true, Admin: true, Line: 3}
	for _, c := range []struct {
		name      string
		generated *config.ClientKey
		want      int
	}{{"in this run", generated, 2}, {"in the next", nil, 1}} {
		next := &config.Config{}
		next.Server.StateDir, next.Auth.Keys = first.Server.StateDir, []config.ClientKey{admin}
		if got, _ := again(c.generated, next, config.Report{}); len(got.Auth.Keys) != c.want {
			t.Errorf("%s: %d client keys, want %d", c.name, len(got.Auth.Keys), c.want)
		}
	}
}
