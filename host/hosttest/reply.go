package hosttest

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// event is one event of a stream before it is framed.
type event struct {
	name    string
	data    []byte
	comment string // a comment frame instead of name and data
	raw     string // bytes instead of all that
	end     bool   // part of the end mark
	content bool   // brings content; what Fault.End "repeat" repeats
}

// reply is an answer before anything goes wrong with it.
type reply struct {
	status      int
	header      http.Header
	contentType string
	body        []byte
	events      []event // a stream instead of body
	array       bool    // the events are the elements of one JSON array (Gemini without alt=sse)
	lineEnd     string
	fault       Fault
}

// reply makes a JSON answer with status 200.
func (c *call) reply(body []byte) *reply {
	rep := &reply{status: http.StatusOK, header: http.Header{}, contentType: "application/json", body: body, lineEnd: c.speaker.lineEnd()}
	c.speaker.requestID(rep.header, c.id)
	return rep
}

// refuse makes an error answer in the vendor's shape.
func (c *call) refuse(e *Error) *reply {
	full := *e
	if full.Status == 0 {
		full.Status = http.StatusInternalServerError
	}
	if full.Message == "" {
		full.Message = strings.ToLower(http.StatusText(full.Status))
		if full.Status == 529 {
			full.Message = "overloaded"
		}
	}
	if full.EchoKey {
		full.Message += ": " + c.presented
	}
	rep := c.reply([]byte(full.Body))
	rep.status = full.Status
	if full.Body == "" {
		rep.body = c.speaker.refusal(&full, c.id)
	}
	return rep
}

// generate renders a model's answer as the request asked for it, or as the fault says.
func (c *call) generate(a *Answer, f *Fault) *reply {
	rep := c.reply(nil)
	stream := c.Stream
	switch f.Shape {
	case "sse":
		stream = true
	case "json":
		stream = false
	}
	if f.GiantEvent > 0 {
		a.Parts = append([]Part{{Text: strings.Repeat("x", f.GiantEvent)}}, a.Parts...)
		a.giant = true
	}
	failure := f.Error
	if failure == nil {
		failure = &Error{Status: 529, Message: "overloaded"}
	}
	if !stream {
		if rep.body = c.speaker.whole(c, a); f.ErrorBefore > 0 {
			rep.body = c.speaker.refusal(failure, c.id)
		}
		return rep
	}
	rep.contentType = "text/event-stream; charset=utf-8"
	rep.events = c.speaker.events(c, a)
	if c.API == "gemini" && !c.sse && f.Shape != "sse" {
		rep.contentType, rep.array = "application/json", true
	}
	if n := f.ErrorBefore; n > 0 && n <= len(rep.events) {
		rep.events = append(slices.Clone(rep.events[:n-1]), c.speaker.failure(failure, c.id, n-1))
	}
	if a.Stream.NoEndMark {
		rep.events = slices.DeleteFunc(rep.events, func(ev event) bool { return ev.end })
	}
	rep.events = withPings(rep.events, a.Stream.Pings, c.API == "claude")
	return rep
}

// withPings adds a sign of life after every n-th event.
func withPings(events []event, n int, named bool) []event {
	if n <= 0 {
		return events
	}
	ping := event{comment: "ping"}
	if named {
		ping = event{name: "ping", data: []byte(`{"type": "ping"}`)}
	}
	var all []event
	for i, ev := range events {
		if all = append(all, ev); (i+1)%n == 0 && i+1 < len(events) {
			all = append(all, ping)
		}
	}
	return all
}

// rawReply makes an answer byte for byte.
func rawReply(raw *Raw) *reply {
	rep := &reply{status: raw.Status, header: http.Header{}, contentType: raw.ContentType, body: []byte(raw.Body), lineEnd: "\n"}
	if rep.status == 0 {
		rep.status = http.StatusOK
	}
	for _, frame := range raw.Frames {
		rep.events = append(rep.events, event{raw: frame})
	}
	if rep.contentType == "" {
		rep.contentType = "application/json"
		if rep.events != nil {
			rep.contentType = "text/event-stream"
		}
	}
	return rep
}

// send writes the reply, with its fault.
func (rep *reply) send(d *delivery) {
	f := &rep.fault
	d.fault = f
	if !d.pause(f.DelayHead) {
		return
	}
	if f.Hang == "head" {
		d.hold()
		return
	}
	rep.distort()
	maps.Copy(d.w.Header(), rep.header)
	d.w.Header().Set("Content-Type", rep.contentType)
	if f.Gzip == "yes" || f.Gzip == "claimed" {
		d.w.Header().Set("Content-Encoding", "gzip")
	}
	if rep.events == nil && f.Gzip == "" && f.End != "hold" {
		d.w.Header().Set("Content-Length", strconv.Itoa(len(rep.body)))
	}
	if rep.events == nil && len(rep.body) == 0 && f.Hang == "" && f.End == "" {
		d.finish() // the head is all
	}
	d.begin(rep.status)
	if !d.pause(f.DelayBody) {
		return
	}
	if f.Hang == "body" {
		d.hold()
		return
	}
	if rep.events != nil {
		rep.sendEvents(d)
	} else {
		rep.sendBody(d)
	}
	d.end()
}

// distort puts something else in the place of the answer.
func (rep *reply) distort() {
	f := &rep.fault
	switch {
	case f.Redirect != "":
		rep.status, rep.events, rep.body = http.StatusTemporaryRedirect, nil, nil
		rep.header.Set("Location", f.Redirect)
	case f.Page:
		rep.events, rep.contentType = nil, "text/html; charset=utf-8"
		rep.body = []byte("<!DOCTYPE html>\n<html><head><title>Sign in to the network</title></head><body><h1>Sign in</h1></body></html>\n")
	case f.Empty:
		rep.events, rep.body = nil, nil
	}
	if f.ContentType != "" {
		rep.contentType = f.ContentType
	}
}
