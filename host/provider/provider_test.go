package provider

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/config"
)

func TestList(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range List() {
		if seen[p.ID] || p.EN == "" || p.ZH == "" || p.Adapter == "" {
			t.Errorf("%+v says too little, or twice", p)
		}
		seen[p.ID] = true
		if p.Options != "" && !json.Valid([]byte(p.Options)) {
			t.Errorf("%s: options %s", p.ID, p.Options)
		}
		if p.ID == "custom" {
			continue
		}
		if _, err := config.ParseBase(p.BaseURL); err != nil {
			t.Errorf("%s: %v", p.ID, err)
		}
		local := strings.HasPrefix(p.BaseURL, "http://127.0.0.1:")
		if local != (p.KeyVariable == "") || !local && p.KeyURL == "" {
			t.Errorf("%s: only a server on this machine needs no key", p.ID)
		}
	}
}
