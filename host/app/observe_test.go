package app

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/auth"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/registry"
	"github.com/claude-proxy/claude-proxy/host/telemetry"
)

// What the balancer and the registry know shows in metrics, and who was turned away does too.
func TestObserve(t *testing.T) {
	cfg := config.Default()
	cfg.Server.StateDir = filepath.Join(t.TempDir(), "state")
	cfg.Channels = []config.Channel{{
		Name: "main", Adapter: "absent", BaseURL: "http://127.0.0.1:1", Enabled: true,
		Keys: []config.Key{{ID: "k-1", Secret: config.NewSecret("canary-upstream-key"), Enabled: true}},
	}}
	reg := registry.New(nil)
	defer reg.Close()
	a, err := New(cfg, Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Registry: reg, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	events := a.Telemetry().Subscribe(t.Context(), telemetry.Plugin)
	a.pluginChanged(nil)(registry.PluginInfo{Name: "acme"})
	if p, ok := (<-events).Data.(registry.PluginInfo); !ok || p.Name != "acme" {
		t.Errorf("the event holds %+v", p)
	}
	a.refused("req_1", &auth.Principal{Name: "me"}, httptest.NewRequest(http.MethodPost, "/v1/messages", nil), failure.Unauthorized())
	if list := a.Telemetry().Recent(telemetry.Filter{}); len(list) != 1 || list[0].Client != "me" {
		t.Errorf("recent: %+v", list)
	}
	w := httptest.NewRecorder()
	a.Telemetry().Metrics().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{
		`claude_proxy_channel_up{channel="main"} 1`, `claude_proxy_key_state{channel="main",key="k-1",state="ok"} 1`,
		`claude_proxy_plugin_up{plugin="absent"} 0`,
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s is missing", want)
		}
	}
	if strings.Contains(w.Body.String(), "canary") {
		t.Error("a key is shown")
	}
}
