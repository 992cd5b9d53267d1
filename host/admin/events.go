package admin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/registry"
	"github.com/claude-proxy/claude-proxy/host/telemetry"
)

const (
	// tickEvery is how often what changes all the time is told, heartbeatEvery how long a stream is silent at most.
	tickEvery      = time.Second
	heartbeatEvery = 15 * time.Second
	// writePatience is how long one write may take. A browser that does not read for that long is given up.
	writePatience = 30 * time.Second
)

// auditEvent is the type under which entries of the audit log go through the hub.
const auditEvent telemetry.EventType = "audit"

// stream is one stream of events.
type stream struct {
	a      *api
	c      *call
	conn   *http.ResponseController
	topics []string
	spoke  time.Time
	// What was told last, so that only changes are.
	channels map[string][]byte
	tick     []byte
	etag     string
}

// streamEvents tells of everything live until the session or the request ends.
func (a *api) streamEvents(c *call) error {
	s := &stream{a: a, c: c, conn: http.NewResponseController(c.w), channels: make(map[string][]byte)}
	for t := range strings.SplitSeq(c.asks("topics"), ",") {
		if t != "" {
			s.topics = append(s.topics, t)
		}
	}
	var ended <-chan struct{}
	if c.who.at != nil {
		leave, ok := a.sessions.stream(c.who.at)
		if !ok {
			return refuse(codeTooManyStreams, fmt.Sprintf("the session has %d streams already", maxStreams)).try("close another tab")
		}
		defer leave()
		ended = c.who.session.ended
	}
	events := a.Hub.Subscribe(c.r.Context())
	h := c.w.Header()
	h.Set("content-type", "text/event-stream")
	h.Set("cache-control", "no-store, no-transform")
	h.Set("x-accel-buffering", "no")
	c.w.WriteHeader(http.StatusOK)
	// Whoever reads the stream is gone once a write fails, and there is nobody to tell.
	_ = s.run(events, ended)
	return nil
}

func (s *stream) run(events <-chan telemetry.Event, ended <-chan struct{}) error {
	if err := s.hello(); err != nil {
		return err
	}
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		var err error
		select {
		case <-s.c.r.Context().Done():
			return nil
		case <-s.a.stopping:
			return s.send("ended", contract.Ended{Reason: "the proxy stops"})
		case <-ended:
			return s.send("ended", contract.Ended{Reason: "the session is over"})
		case e, open := <-events:
			if !open {
				return nil
			}
			if e.Lost > 0 {
				err = s.hello()
			}
			if err == nil {
				err = s.pass(e)
			}
		case <-ticker.C:
			if s.c.who.session != nil && !s.a.alive(s.c.who) {
				return s.send("ended", contract.Ended{Reason: "the session is over"})
			}
			err = s.ticked()
		}
		if err != nil {
			return err
		}
	}
}

// alive says whether a session may go on: reading a stream is no use of it that would keep it from ending.
func (a *api) alive(i *identity) bool {
	s, ok := a.sessions.peek(i.at)
	return ok && a.stillGood(&s)
}

// hello tells all there is, after which changes are enough.
func (s *stream) hello() error {
	status := s.a.status(s.c)
	s.etag = status.ETag
	for _, ch := range status.Channels {
		s.channels[ch.Channel] = encode(&ch)
	}
	return s.send("hello", contract.Hello{Status: status})
}

// pass turns what happened into the API's words.
func (s *stream) pass(e telemetry.Event) error {
	switch data := e.Data.(type) {
	case telemetry.Exchange:
		return s.send(string(e.Type), exchangeOf(&data))
	case contract.Reload:
		return s.send("reload", data)
	case registry.PluginInfo:
		return s.send("plugin", pluginView(s.a.Config(), &data))
	case []telemetry.ChannelHealth:
		return s.health()
	case telemetry.LogLine:
		return s.send("log", contract.LogLine{Time: data.Time.UTC(), Level: data.Level, Message: data.Message, Attrs: data.Attrs})
	case contract.AuditEntry:
		return s.send("audit", data)
	}
	if s.a.ReloadOf != nil {
		if r, ok := s.a.ReloadOf(e.Data); ok {
			return s.send("reload", r)
		}
	}
	return nil
}

// health tells how those channels do of which that changed.
func (s *stream) health() error {
	if !s.wants("health") {
		return nil
	}
	for _, view := range s.a.channelViews(s.a.Config()) {
		b := encode(&view.Status)
		if string(b) == string(s.channels[view.Status.Channel]) {
			continue
		}
		s.channels[view.Status.Channel] = b
		if err := s.send("health", view.Status); err != nil {
			return err
		}
	}
	return nil
}

// ticked tells what changed of the things that change all the time.
func (s *stream) ticked() error {
	if err := s.health(); err != nil {
		return err
	}
	if v, err := s.a.Files.Read(); err == nil && v.Hash != s.etag {
		s.etag = v.Hash
		if err := s.send("config", contract.ConfigChanged{ETag: v.Hash, Actor: s.a.lastActor(v.Hash)}); err != nil {
			return err
		}
	}
	if s.wants("tick") {
		series := s.a.Hub.Series(telemetry.LastHour)
		list := points(&series)
		now := contract.Tick{Totals: s.a.totals()}
		if len(list) > 0 {
			now.Point = list[len(list)-1]
		}
		if b := encode(&now); string(b) != string(s.tick) {
			s.tick = b
			return s.send("tick", now)
		}
	}
	if time.Since(s.spoke) >= heartbeatEvery {
		return s.write([]byte(": still here\n\n"))
	}
	return nil
}

// lastActor is who made the newest version, where that is what the file holds.
func (a *api) lastActor(etag string) string {
	if list := a.Files.History(); len(list) > 0 && list[0].Hash == etag {
		return list[0].Actor
	}
	return "file"
}

func (s *stream) wants(topic string) bool {
	return len(s.topics) == 0 || topic == "hello" || topic == "ended" || slices.Contains(s.topics, topic)
}

func (s *stream) send(topic string, data any) error {
	if !s.wants(topic) {
		return nil
	}
	b := encodeAny(data)
	return s.write(fmt.Appendf(nil, "event: %s\ndata: %s\n\n", topic, b))
}

func (s *stream) write(b []byte) error {
	s.spoke = time.Now()
	// A connection without deadlines writes without them.
	_ = s.conn.SetWriteDeadline(s.spoke.Add(writePatience))
	if _, err := s.c.w.Write(b); err != nil {
		return err
	}
	return s.conn.Flush()
}

// encode is the JSON of a shape, with lists where lists are said.
func encode[T any](v *T) []byte { return encodeAny(*v) }

func encodeAny(v any) []byte {
	b, err := json.Marshal(filled(v))
	if err != nil {
		panic("BUG: an event is no JSON: " + err.Error())
	}
	return b
}
