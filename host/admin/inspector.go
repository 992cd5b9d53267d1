package admin

import (
	"strings"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/telemetry"
)

func (a *api) getCapturedExchange(c *call, _ *nothing) (contract.CapturedExchange, error) {
	in, ok := a.Hub.Captured(c.name("id"))
	if !ok {
		return contract.CapturedExchange{}, refuse(codeNotFound, "the bodies of the exchange were not kept").
			try("switch the capture on and repeat the request")
	}
	return capturedOf(&in), nil
}

// capturedOf sorts what happened in an exchange into the panes of the inspector.
func capturedOf(in *telemetry.Inside) contract.CapturedExchange {
	out := contract.CapturedExchange{
		ID: in.ID, ClientRequest: contract.CapturedMessage{Method: in.Method, URL: in.Path, Headers: headersOf(in.Headers), Body: in.Request},
		Losses: lossesOf(in.Losses), Truncated: in.Cut > 0,
	}
	var client, upstream framer
	now := func() *contract.CapturedAttempt {
		if len(out.Attempts) == 0 {
			out.Attempts = append(out.Attempts, contract.CapturedAttempt{})
		}
		return &out.Attempts[len(out.Attempts)-1]
	}
	for i := range in.Steps {
		s := &in.Steps[i]
		switch s.Kind {
		case telemetry.StepAttempt:
			if len(out.Attempts) > 0 {
				now().Events = append(now().Events, upstream.rest()...)
			}
			out.Attempts = append(out.Attempts, contract.CapturedAttempt{Channel: s.Channel, Key: s.Key})
		case telemetry.StepRequest:
			now().Request = contract.CapturedMessage{Method: s.Method, URL: s.Path, Headers: headersOf(s.Headers), Body: s.Data}
		case telemetry.StepResponse:
			now().Response = contract.CapturedMessage{Status: s.Status, Headers: headersOf(s.Headers)}
		case telemetry.StepReceived:
			now().Events = append(now().Events, upstream.take(s.AtMS, s.Data)...)
		case telemetry.StepOps:
			now().Ops = append(now().Ops, opsOf(s, len(now().Events)-1)...)
		case telemetry.StepHead:
			out.ClientResponse = contract.CapturedMessage{Status: s.Status, Headers: headersOf(s.Headers)}
		case telemetry.StepSent:
			out.ClientEvents = append(out.ClientEvents, client.take(s.AtMS, s.Data)...)
		}
	}
	if len(out.Attempts) > 0 {
		now().Events = append(now().Events, upstream.rest()...)
	}
	out.ClientEvents = append(out.ClientEvents, client.rest()...)
	return out
}

func headersOf(in []telemetry.Header) map[string][]string {
	out := make(map[string][]string, len(in))
	for _, h := range in {
		out[h.Name] = append(out[h.Name], h.Value)
	}
	return out
}

func opsOf(s *telemetry.Step, event int) []contract.CapturedOp {
	var out []contract.CapturedOp
	for _, line := range s.Ops {
		if line == "" {
			continue
		}
		kind, _, _ := strings.Cut(line, " ")
		out = append(out, contract.CapturedOp{AtMS: s.AtMS, Event: event, Kind: kind, Text: line})
	}
	if s.Error != "" {
		out = append(out, contract.CapturedOp{AtMS: s.AtMS, Event: event, Kind: "error", Text: s.Error})
	}
	return out
}

// framer cuts text that came in pieces into events. It only shows; what counts is framed by sdk/sse.
type framer struct {
	text  string
	began float64
}

func (f *framer) take(at float64, data string) []contract.CapturedEvent {
	if f.text == "" {
		f.began = at
	}
	f.text += data
	if first := strings.TrimLeft(f.text, " \r\n"); strings.HasPrefix(first, "{") || strings.HasPrefix(first, "[") {
		return nil // no stream of events: one whole answer
	}
	var out []contract.CapturedEvent
	for {
		frame, rest, ok := cutFrame(f.text)
		if !ok {
			return out
		}
		if f.text = rest; strings.TrimSpace(frame) != "" {
			out = append(out, eventOf(at, frame))
		}
	}
}

// rest is what no blank line ended.
func (f *framer) rest() []contract.CapturedEvent {
	text := f.text
	f.text = ""
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return []contract.CapturedEvent{eventOf(f.began, text)}
}

func cutFrame(text string) (frame, rest string, ok bool) {
	unix, windows := strings.Index(text, "\n\n"), strings.Index(text, "\r\n\r\n")
	if windows >= 0 && (unix < 0 || windows < unix) {
		return text[:windows], text[windows+4:], true
	}
	if unix >= 0 {
		return text[:unix], text[unix+2:], true
	}
	return "", text, false
}

func eventOf(at float64, frame string) contract.CapturedEvent {
	e := contract.CapturedEvent{AtMS: at}
	var data []string
	for line := range strings.SplitSeq(strings.ReplaceAll(frame, "\r\n", "\n"), "\n") {
		switch {
		case strings.HasPrefix(line, "event:"):
			e.Name = strings.TrimSpace(line[len("event:"):])
		case strings.HasPrefix(line, "data:"):
			data = append(data, strings.TrimPrefix(line[len("data:"):], " "))
		default:
			data = append(data, line)
		}
	}
	e.Data = strings.Join(data, "\n")
	return e
}
