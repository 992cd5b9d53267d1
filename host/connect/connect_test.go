package connect

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestSnippets(t *testing.T) {
	target := Target{BaseURL: "http://127.0.0.1:3000", Key: "YOUR_KEY", Model: "claude-sonnet-4-5"}
	seen := map[string]bool{}
	for _, s := range Snippets(target) {
		if seen[s.ID] || s.ID == "" || s.Client == "" || s.Language == "" || s.EN == "" || s.ZH == "" || (s.NoteEN == "") != (s.NoteZH == "") {
			t.Errorf("%+v says too little, or twice", s)
		}
		seen[s.ID] = true
		if !strings.Contains(s.Text, target.BaseURL) || !strings.Contains(s.Text, target.Key) || strings.Contains(s.Text, "{url}") {
			t.Errorf("%s: %s", s.ID, s.Text)
		}
		if strings.Contains(s.Text, target.BaseURL+"/v1") && s.ID != "curl" {
			t.Errorf("%s: clients add /v1 themselves: %s", s.ID, s.Text)
		}
		if s.Language == "json" && !json.Valid([]byte(s.Text)) {
			t.Errorf("%s is no JSON: %s", s.ID, s.Text)
		}
		if found, err := Find(target, s.ID); err != nil || found.Text != s.Text {
			t.Errorf("%s is not found: %v", s.ID, err)
		}
	}
	if s, err := Find(target, "claude-code"); err != nil || s.ID != "claude-code/bash" {
		t.Errorf("%v %v", s.ID, err)
	}
	if _, err := Find(target, "nobody"); err == nil || !strings.Contains(err.Error(), "claude-code/bash") {
		t.Error(err)
	}
}
