package main

import (
	"strings"
	"testing"
)

// Commands that ask the running proxy: how it does, which way a request takes with health, and what a reload came to.
func TestCLIAsksTheRunningProxy(t *testing.T) {
	s := newShell(t)
	t.Setenv("PORT", "0")
	t.Setenv("PROXY_ACCESS_KEY", clientKey)
	up := says(t, "hello")
	s.put("plugins.yaml", "version: 1\nchannels:\n"+channel("main", "openai", up.URL))
	p := s.serve()
	out := s.ok("status")
	has(t, out, p.url, "main")
	has(t, s.ok("status", "--json"), `"state":`)
	has(t, s.ok("route", "explain", "--model", "gpt-4o", "--live"), "main", "gpt-4o", "usable")
	s.put("plugins.yaml", "version: 1\nchannels:\n"+channel("main", "openai", up.URL, "weight: 4"))
	s.ok("reload") // the watch may have been faster, which is no difference
	s.put("plugins.yaml", "version: 1\nchannels: [ { name: main } ]\n")
	_, said := s.run(2, "", "reload")
	has(t, said, "adapter is missing", "stays in force")
	if _, body := p.messages(clientKey, "gpt-4o"); !strings.Contains(body, "hello") {
		t.Error(body)
	}
	// What an editor wrote is in the history, so that it can be taken back.
	s.put("plugins.yaml", "version: 1\nchannels:\n"+channel("main", "openai", up.URL, "weight: 5"))
	p.await("weight 4 → 5")
	has(t, s.ok("config", "history"), "file", "weight 4 → 5")
	s.ok("config", "rollback")
	p.await("weight 5 → 4")
}
