package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/running"
)

// remote is the admin API of the proxy that runs with a configuration.
type remote struct {
	url string
	key config.Secret
}

// errAbsent: no proxy answers; the program ends with exitAbsent.
var errAbsent = errors.New("no running proxy was found\n  try: claude-proxy serve")

// remote finds the running proxy and a key for it.
func (w *workspace) remote() (*remote, error) {
	cfg, _ := source(w.path, w.given, "", nil, w.reg)
	if cfg == nil {
		// The file has mistakes, which the running proxy is to tell: the environment and the usual places have to do.
		if cfg, _ = source(w.path, w.given, "", []byte("version: 1\n"), w.reg); cfg == nil {
			return nil, errAbsent
		}
	}
	info, err := running.Find(cfg.Server.StateDir)
	if errors.Is(err, running.ErrNone) {
		return nil, errAbsent
	}
	if err != nil {
		return nil, err
	}
	key := adminKey(cfg)
	if key.Empty() {
		return nil, errors.New("no admin key is configured here\n  try: PROXY_ACCESS_KEY, or admin: true for a key of auth.keys")
	}
	return &remote{url: info.URL, key: key}, nil
}

// adminKey is a key that the admin API takes: one of the configuration, or the one that the proxy made for itself.
func adminKey(cfg *config.Config) config.Secret {
	for _, k := range cfg.Auth.Keys {
		if k.Admin && k.Usable() && (k.Expires.IsZero() || time.Now().Before(k.Expires)) {
			return k.Key
		}
	}
	text, err := os.ReadFile(filepath.Join(cfg.Server.StateDir, "access-key"))
	if err != nil {
		return config.Secret{}
	}
	return config.NewSecret(strings.TrimSpace(string(text)))
}

// call asks the admin API; body and answer are JSON, either may be nil.
func (r *remote) call(ctx context.Context, method, path string, body, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		in = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, r.url+"/admin/api/v1/"+path, in)
	if err != nil {
		return err
	}
	req.Header.Set("authorization", "Bearer "+r.key.Reveal())
	if body != nil {
		req.Header.Set("content-type", "application/json")
	}
	// The address is one of this machine: no outgoing proxy has a part in it.
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return errAbsent
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		var problem struct{ Title, Detail, Try string }
		if json.Unmarshal(text, &problem) != nil || problem.Detail+problem.Title == "" {
			return fmt.Errorf("the proxy at %s answers %s", r.url, resp.Status)
		}
		message := problem.Detail
		if message == "" {
			message = problem.Title
		}
		if problem.Try != "" {
			message += "\n  try: " + problem.Try
		}
		return errors.New(message)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}
