package admin

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/telemetry"
)

// exchangeOf shows an exchange.
func exchangeOf(e *telemetry.Exchange) contract.Exchange {
	out := contract.Exchange{
		ID: e.ID, Time: e.Time.UTC(), Op: e.Op, Model: e.Model, Stream: e.Stream, Client: e.Client, Session: e.Session,
		Live: e.Outcome == "", Outcome: string(e.Outcome), Cut: e.Cut, Status: e.Status, Channel: e.Channel, Key: e.Key,
		UpstreamModel: e.UpstreamModel, UpstreamID: e.UpstreamID, InputTokens: e.Tokens.Input, OutputTokens: e.Tokens.Output,
		CacheRead: e.Tokens.CacheRead, CacheWrite: e.Tokens.CacheWrite, Stop: e.Stop, FirstByteMS: e.FirstByteMS, TotalMS: e.TotalMS,
		OverheadMS: e.OverheadMS, BytesIn: e.BytesIn, BytesOut: e.BytesOut, Losses: lossesOf(e.Losses), Message: e.Message, Captured: e.Captured,
	}
	start := 0.0
	for i := range e.Attempts {
		t := &e.Attempts[i]
		start += t.WaitMS
		x := contract.Attempt{
			Channel: t.Channel, Adapter: t.Adapter, Key: t.Key, KeyID: t.KeyID, Model: t.Model, StartMS: start, WaitMS: t.WaitMS,
			HeadMS: t.HeadMS, TotalMS: t.TotalMS, OK: t.Fault == nil,
		}
		if f := t.Fault; f != nil {
			x.Source, x.Class, x.Kind, x.Status, x.Reason, x.RetryAfterMS = f.Source, f.Class, f.Kind, f.Status, f.Message, f.RetryAfterMS
		}
		start += t.TotalMS
		out.Attempts = append(out.Attempts, x)
	}
	return out
}

func lossesOf(in []telemetry.Loss) []contract.Loss {
	out := make([]contract.Loss, 0, len(in))
	for _, l := range in {
		out = append(out, contract.Loss{Path: l.Path, Kind: l.Kind, Note: l.Note})
	}
	return out
}

const (
	usualPage = 100
	maxPage   = 1000
)

func (a *api) listExchanges(c *call, _ *nothing) (contract.Exchanges, error) {
	f, live, err := filterOf(c)
	out := contract.Exchanges{Kept: a.Config().Log.Recent}
	if err != nil {
		return out, err
	}
	limit := f.Limit
	if f.Before.IsZero() && f.Status == 0 && (live || len(f.Outcomes) == 0) {
		for _, e := range slices.Backward(a.Hub.Live()) {
			if matches(&e, &f) {
				out.Items = append(out.Items, exchangeOf(&e))
			}
		}
	}
	if !live || len(f.Outcomes) > 0 {
		f.Limit++ // one more tells that there is another page
		found := a.Hub.Recent(f)
		if len(found) > limit {
			found = found[:limit]
			out.Next = found[limit-1].Time.UTC().Format(time.RFC3339Nano)
		}
		for i := range found {
			out.Items = append(out.Items, exchangeOf(&found[i]))
		}
	}
	return out, nil
}

// matches says whether a request under way, whose attempts are not known yet, is looked for.
func matches(e *telemetry.Exchange, f *telemetry.Filter) bool {
	if f.Channel != "" || f.Key != "" || f.Model != "" && f.Model != e.Model || f.Client != "" && f.Client != e.Client {
		return false
	}
	return f.Text == "" || strings.Contains(strings.ToLower(strings.Join([]string{e.ID, e.Client, e.Model, e.Session}, " ")), strings.ToLower(f.Text))
}

// filterOf reads the filter of a query. live says that requests under way are asked for by name.
func filterOf(c *call) (f telemetry.Filter, live bool, err error) {
	f = telemetry.Filter{
		Limit: usualPage, Channel: c.asks("channel"), Key: c.asks("key"), Model: c.asks("model"), Client: c.asks("client"), Text: c.asks("q"),
	}
	if text := c.asks("limit"); text != "" {
		if f.Limit, err = strconv.Atoi(text); err != nil || f.Limit < 1 || f.Limit > maxPage {
			return f, false, refuse(codeBadRequest, "limit is a number from 1 to 1000")
		}
	}
	if text := c.asks("status"); text != "" {
		if f.Status, err = strconv.Atoi(text); err != nil {
			return f, false, refuse(codeBadRequest, "status is a number")
		}
	}
	for name, at := range map[string]*time.Time{"before": &f.Before, "since": &f.Since} {
		if text := c.asks(name); text != "" {
			if *at, err = time.Parse(time.RFC3339Nano, text); err != nil {
				return f, false, refuse(codeBadRequest, name+" is no time as RFC 3339 has it")
			}
		}
	}
	for o := range strings.SplitSeq(c.asks("outcome"), ",") {
		switch outcome := telemetry.Outcome(o); {
		case o == "":
		case o == "live":
			live = true
		case slices.Contains(telemetry.Outcomes[:], outcome):
			f.Outcomes = append(f.Outcomes, outcome)
		default:
			return f, false, refuse(codeBadRequest, "outcome is none of those that there are")
		}
	}
	return f, live, nil
}

func (a *api) getExchange(c *call, _ *nothing) (contract.Exchange, error) {
	e, ok := a.Hub.Get(c.name("id"))
	if !ok {
		return contract.Exchange{}, refuse(codeNotFound, "the exchange is not kept any more")
	}
	return exchangeOf(&e), nil
}

// capture is what is kept of bodies now.
func (a *api) capture() contract.Capture {
	out := contract.Capture{Bodies: string(a.Config().Log.Bodies), Source: "config"}
	for _, s := range a.Hub.Captures() {
		if s.Channel == "" {
			out.Bodies, out.Source, out.Until = string(s.Bodies), "api", moment(s.Until)
		}
	}
	return out
}

func (a *api) getCapture(*call, *nothing) (contract.Capture, error) { return a.capture(), nil }

func (a *api) startCapture(_ *call, in *contract.StartCapture) (contract.Capture, error) {
	minutes := cmp.Or(in.Minutes, 10)
	if in.Bodies != "errors" && in.Bodies != "all" {
		return contract.Capture{}, refuse(codeBadRequest, "bodies is errors or all").at("/bodies", "is neither")
	}
	if minutes < 1 || minutes > 60 {
		return contract.Capture{}, refuse(codeBadRequest, "minutes is a number from 1 to 60").at("/minutes", "is out of range")
	}
	a.Hub.Capture("", config.Bodies(in.Bodies), time.Duration(minutes)*time.Minute)
	return a.capture(), nil
}

func (a *api) stopCapture(*call, *nothing) (contract.Capture, error) {
	a.Hub.Capture("", "off", 0)
	return a.capture(), nil
}
