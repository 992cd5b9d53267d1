package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDeployedMetrics: what the dashboard, the alerts and the chart ask for is in the list of metrics.
func TestDeployedMetrics(t *testing.T) {
	list, err := os.ReadFile(filepath.Join("..", "..", "host", "telemetry", "METRICS.md"))
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(claude_proxy_[a-z_]+)` \\| (\\w+)").FindAllStringSubmatch(string(list), -1) {
		known = append(known, m[1])
		if m[2] == "histogram" {
			known = append(known, m[1]+"_bucket", m[1]+"_sum", m[1]+"_count")
		}
	}
	name := regexp.MustCompile(`claude_proxy_[a-z_]+`)
	for _, file := range []string{"grafana/claude-proxy.json", "compose/prometheus/alerts.yml", "helm/claude-proxy/templates/horizontalpodautoscaler.yaml"} {
		text, err := os.ReadFile(filepath.Join("deploy", filepath.FromSlash(file)))
		if err != nil {
			t.Fatal(err)
		}
		used := name.FindAllString(string(text), -1)
		if len(used) == 0 {
			t.Errorf("%s: no metric found", file)
		}
		for _, m := range used {
			if !slices.Contains(known, m) {
				t.Errorf("%s asks for %s, which there is not", file, m)
			}
		}
	}
}

// TestEnvExample: every name of .env.example is one that the configuration reads or an example of a provider's, and none that
// the configuration reads is missing.
func TestEnvExample(t *testing.T) {
	example, err := os.ReadFile(filepath.Join("..", "..", ".env.example"))
	if err != nil {
		t.Fatal(err)
	}
	var shown []string
	for _, m := range regexp.MustCompile(`(?m)^# ([A-Z][A-Z0-9_]+)=`).FindAllStringSubmatch(string(example), -1) {
		shown = append(shown, m[1])
	}
	manual, err := os.ReadFile(filepath.Join("..", "..", "host", "config", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var read []string
	for line := range strings.Lines(string(manual)) {
		if first, _, ok := strings.Cut(strings.TrimPrefix(line, "|"), "|"); ok {
			for _, m := range regexp.MustCompile("`([A-Z][A-Z0-9_]+)`").FindAllStringSubmatch(first, -1) {
				read = append(read, m[1])
			}
		}
	}
	providers := []string{"OPENAI_API_KEY", "GEMINI_API_KEY", "ANTHROPIC_API_KEY"}
	for _, name := range shown {
		if !slices.Contains(read, name) && !slices.Contains(providers, name) {
			t.Errorf(".env.example shows %s, which nothing reads", name)
		}
	}
	for _, name := range read {
		if name != "ENV" && !slices.Contains(shown, name) {
			t.Errorf(".env.example does not show %s", name)
		}
	}
}
