package probe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/relay"
	"github.com/claude-proxy/claude-proxy/host/upstream"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

const (
	// maxList is the largest list of models that is read, in bytes, maxModels how many of them are told.
	maxList   = 4 << 20
	maxModels = 2000
	listTime  = 20 * time.Second
)

// ErrNoList: the adapter knows no way to ask its upstream for its models.
var ErrNoList = errors.New("the adapter offers no list of the upstream's models")

// Models asks the upstream for its own list of models with one of the channel's keys; nil is for a channel without keys.
// Its errors are for people and hold no secret.
func Models(ctx context.Context, ch *relay.Channel, key *config.Key) ([]string, error) {
	lease, err := ch.Adapter.Lease()
	if err != nil {
		return nil, err
	}
	defer lease.Release()
	if !lease.Manifest.Offers(adapter.Models) {
		return nil, ErrNoList
	}
	var up adapter.UpstreamRequest
	run, err := lease.Channel.Begin(&adapter.Call{Op: adapter.Models, ID: "req_models"}, &up)
	if err != nil {
		return nil, err
	}
	defer run.Close()
	ctx, cancel := context.WithTimeout(ctx, listTime)
	defer cancel()
	var secret config.Secret
	if key != nil {
		secret = key.Secret
	}
	resp, fault := ch.Upstream.Do(ctx, upstream.Request{
		Method: up.Method, Path: up.Path, Headers: up.Headers, Body: [][]byte{up.Body.AppendTo(nil, nil)}, Key: secret,
		Auth: cmp.Or(ch.Config.Auth, lease.Manifest.Auth),
	})
	if fault != nil {
		return nil, fault
	}
	defer resp.Body.Close()
	if resp.Status < 200 || resp.Status > 299 {
		return nil, fmt.Errorf("the upstream answered with status %d", resp.Status)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxList))
	if err != nil {
		return nil, fmt.Errorf("the list of models broke off: %w", err)
	}
	doc, err := jsonindex.Parse(body, jsonindex.UpstreamMode())
	if err != nil {
		return nil, fmt.Errorf("the list of models is no JSON: %w", err)
	}
	var out ops.Emitter
	if err := run.Whole(doc, &out); err != nil {
		return nil, err
	}
	return ids(out.Buf)
}

// ids are the names in the ops of a list.
func ids(b []byte) ([]string, error) {
	var r ops.Reader
	r.Reset(b)
	var list []string
	for r.More() && len(list) < maxModels {
		op, err := r.Next()
		if err != nil {
			return nil, err
		}
		if op.Code != ops.Model {
			continue
		}
		if id, ok := r.JSON().Get("id").Text(); ok && id != "" {
			list = append(list, id)
		}
	}
	return list, nil
}
