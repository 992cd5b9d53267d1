package telemetry

import (
	"bytes"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/config"
)

func TestSwitch(t *testing.T) {
	var out bytes.Buffer
	s := NewSwitch(&out, config.Log{Level: config.LevelInfo, Format: config.FormatText}, config.Production)
	log := s.Logger().With("part", "x").WithGroup("g")
	f := func(want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(out.String(), w) {
				t.Errorf("missing %s in %s", w, &out)
			}
		}
		if len(want) == 0 && out.Len() > 0 {
			t.Errorf("written: %s", &out)
		}
		out.Reset()
	}
	log.Debug("hidden")
	f()
	log.Info("one", "a", 1)
	f("level=INFO", "msg=one", "part=x", "g.a=1")
	// A logger that was made before sees the change too.
	s.Use(config.Log{Level: config.LevelDebug, Format: config.FormatJSON}, config.Production)
	log.Debug("two", "a", 2)
	f(`"msg":"two"`, `"part":"x"`, `"g":{"a":2}`)
	s.Use(config.Log{Level: config.LevelError, Format: config.FormatJSON}, config.Production)
	log.Warn("three")
	f()
}
