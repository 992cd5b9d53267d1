package admin

import (
	"fmt"
	"slices"
	"time"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/telemetry"
)

// maxGroups is how many kinds of errors are shown.
const maxGroups = 10

func (a *api) getOverview(c *call, _ *nothing) (contract.Overview, error) {
	span := telemetry.LastHour
	switch c.asks("range") {
	case "", "1h":
	case "24h":
		span = telemetry.LastDay
	default:
		return contract.Overview{}, refuse(codeBadRequest, "range is 1h or 24h")
	}
	series := a.Hub.Series(span)
	out := contract.Overview{
		Start: series.Start, StepMS: int64(series.StepSeconds) * 1000, Points: points(&series), Reloads: a.Reloads(),
	}
	var channels []contract.ChannelStatus
	for _, view := range a.channelViews(a.Config()) {
		channels = append(channels, view.Status)
	}
	out.Window = window(out.Points)
	out.Window.FirstByteP50, out.Window.FirstByteP95 = a.firstBytes(series.Start)
	for _, s := range channels {
		for _, k := range s.Keys {
			if k.State == "cooling" {
				out.Window.KeysCooling++
			}
		}
	}
	readOnly := ""
	if v, err := a.Files.Read(); err == nil {
		readOnly = v.Reason
	}
	out.Attention = a.attention(channels, readOnly)
	out.Errors = errorGroups(a.Hub.Recent(telemetry.Filter{Since: series.Start}))
	return out, nil
}

// points turns the rows of a series into points.
func points(s *telemetry.Series) []contract.Point {
	out := make([]contract.Point, len(s.InFlight))
	for i := range out {
		p := contract.Point{
			Time: s.Start.Add(time.Duration(i*s.StepSeconds) * time.Second), Requests: map[string]int64{}, Live: s.InFlight[i],
			FirstByteP50: max(s.FirstByteP50[i], 0), FirstByteP95: max(s.FirstByteP95[i], 0),
			InputTokens: s.Tokens["input"][i], OutputTokens: s.Tokens["output"][i],
			CacheRead: s.Tokens["cache_read"][i], CacheWrite: s.Tokens["cache_write"][i],
		}
		for outcome, row := range s.Requests {
			if row[i] > 0 {
				p.Requests[string(outcome)] = row[i]
			}
		}
		out[i] = p
	}
	return out
}

// window sums points up.
func window(list []contract.Point) contract.Window {
	w := contract.Window{SuccessRate: 1}
	var ours int64
	for _, p := range list {
		for outcome, n := range p.Requests {
			w.Requests += n
			switch telemetry.Outcome(outcome) {
			case telemetry.OK:
				w.OK += n
				ours += n
			case telemetry.ClientError, telemetry.Canceled:
			default:
				ours += n
			}
		}
		w.InputTokens, w.OutputTokens = w.InputTokens+p.InputTokens, w.OutputTokens+p.OutputTokens
		w.CacheRead, w.CacheWrite = w.CacheRead+p.CacheRead, w.CacheWrite+p.CacheWrite
	}
	if ours > 0 {
		w.SuccessRate = float64(w.OK) / float64(ours)
	}
	return w
}

// firstBytes are the median and the 95th percentile of the recent exchanges since a time.
func (a *api) firstBytes(since time.Time) (p50, p95 float64) {
	var list []float64
	for _, e := range a.Hub.Recent(telemetry.Filter{Since: since, Outcomes: []telemetry.Outcome{telemetry.OK}}) {
		if e.FirstByteMS > 0 && e.Op == "messages" {
			list = append(list, e.FirstByteMS)
		}
	}
	if len(list) == 0 {
		return 0, 0
	}
	slices.Sort(list)
	return list[len(list)/2], list[len(list)*95/100]
}

// errorGroups puts failed requests together that have channel, class and status in common.
func errorGroups(list []telemetry.Exchange) []contract.ErrorGroup {
	var out []contract.ErrorGroup
	at := map[string]int{}
	for _, e := range list { // newest first
		if e.Outcome == telemetry.OK || e.Outcome == telemetry.Canceled || e.Outcome == "" {
			continue
		}
		g := contract.ErrorGroup{Channel: e.Channel, Class: string(e.Outcome), Status: e.Status, Message: e.Message, Last: e.Time.UTC(), Example: e.ID}
		if n := len(e.Attempts); n > 0 && e.Attempts[n-1].Fault != nil {
			f := e.Attempts[n-1].Fault
			g.Class = f.Class
			if f.Status != 0 {
				g.Status = f.Status
			}
		}
		g.Fingerprint = fmt.Sprintf("%s/%s/%d", g.Channel, g.Class, g.Status)
		i, known := at[g.Fingerprint]
		if !known {
			i = len(out)
			at[g.Fingerprint] = i
			out = append(out, g)
		}
		out[i].Count++
	}
	return out[:min(len(out), maxGroups)]
}
