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
