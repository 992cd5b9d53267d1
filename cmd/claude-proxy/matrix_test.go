package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/claude-proxy/claude-proxy/host/hosttest"
	"github.com/claude-proxy/claude-proxy/host/registry"
	"github.com/claude-proxy/claude-proxy/plugins"
	"github.com/claude-proxy/claude-proxy/sdk/render/grammar"
	"github.com/claude-proxy/claude-proxy/sdk/sse"
)

// matrixCase is one way in which an upstream fails, and what the client is to see of it.
type matrixCase struct {
	number, name string
	// step is what the failing upstream answers, as long as it fails.
	step hosttest.Step
	// answer changes the good answer instead, and dial, secure, baseURL fail before there is one.
	dial    func() error
	secure  func(testing.TB) func(net.Listener) net.Listener
	baseURL string
	// stream and whole are what the client sees with one channel: "served" (the unbroken answer), "complete" (another one),
	// "529 overloaded_error" and so on, or "event timeout_error" for an error in a stream, with "after content" where some
	// was sent. "" leaves the form out.
	stream, whole string
	// moves says that with a second channel the client never notices; stays, that it does so only for a stream.
	moves, stays bool
	// not are the adapters to which the case does not apply.
	not string
	// lasts says that it cannot heal, so that nothing is asked afterwards.
	lasts bool
	// loose compares contents only, where framing and usage rightly differ.
	loose bool
	// waits says that the upstream named a time, which the proxy keeps to: a request before it is refused here.
	waits bool
}

const (
	served     = "served"
	overloaded = "529 overloaded_error"
	badGateway = "502 api_error"
	timedOut   = "504 timeout_error"
	tooMany    = "429 rate_limit_error"
)

func fails(status int, headers ...string) hosttest.Step {
	s := hosttest.Step{Error: &hosttest.Error{Status: status}}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if s.Headers == nil {
			s.Headers = map[string]string{}
		}
		s.Headers[name] = value
	}
	return s
}

// broken is the transcript with a fault.
func broken(f hosttest.Fault) hosttest.Step {
	s := transcript()
	s.Fault = f
	return s
}

func answers(a hosttest.Answer) hosttest.Step { return hosttest.Step{Answer: &a} }

func raw(status int, contentType, body string) hosttest.Step {
	return hosttest.Step{Raw: &hosttest.Raw{Status: status, ContentType: contentType, Body: body}}
}

func dials(err error) func() error {
	return func() error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
}

var zero = 0

// matrix is every fault of an upstream. The numbers are those of faults.go's list.
var matrix = []matrixCase{
	{number: "U01", name: "429 with Retry-After", step: fails(429, "retry-after: 20"), stream: tooMany, whole: tooMany, moves: true, waits: true},
	{number: "U01", name: "429 with retry-after-ms", step: fails(429, "retry-after-ms: 20000"), stream: tooMany, whole: tooMany, moves: true, waits: true},
	{number: "U02", name: "429 without a time", step: fails(429), stream: tooMany, whole: tooMany, moves: true},
	{number: "U03", name: "503", step: fails(503), stream: overloaded, whole: overloaded, moves: true},
	{number: "U03", name: "529", step: fails(529), stream: overloaded, whole: overloaded, moves: true},
	{number: "U03", name: "overload inside a 200", step: broken(hosttest.Fault{ErrorBefore: 1}), stream: overloaded, whole: overloaded, moves: true},
	{number: "U04", name: "500", step: fails(500), stream: badGateway, whole: badGateway, moves: true},
	{number: "U04", name: "502", step: raw(502, "text/plain", "bad gateway"), stream: badGateway, whole: badGateway, moves: true},
	{number: "U04", name: "504", step: raw(504, "text/html", "<html>gateway time-out</html>"), stream: badGateway, whole: badGateway, moves: true},
	{number: "U05", name: "401", step: fails(401), stream: badGateway, whole: badGateway, moves: true},
	{number: "U05", name: "403", step: fails(403), stream: badGateway, whole: badGateway, moves: true},
	{number: "U06", name: "402", step: fails(402), stream: badGateway, whole: badGateway, moves: true},
	{number: "U06", name: "quota under a 429", step: hosttest.Step{Error: &hosttest.Error{Status: 429, Type: "insufficient_quota", Code: "insufficient_quota"}},
		stream: badGateway, whole: badGateway, moves: true, not: "gemini claude"},
	{number: "U07", name: "400", step: fails(400), stream: "400 invalid_request_error", whole: "400 invalid_request_error"},
	{number: "U08", name: "404 of the model", step: hosttest.Step{Error: &hosttest.Error{Status: 404, Code: "model_not_found", Param: "model", Message: "model: m does not exist"}},
		stream: "404 not_found_error", whole: "404 not_found_error", moves: true},
	{number: "U09", name: "413", step: fails(413), stream: "413 request_too_large", whole: "413 request_too_large"},
	{number: "U10", name: "connection refused", dial: dials(os.NewSyscallError("connect", syscall.ECONNREFUSED)), stream: badGateway, whole: badGateway, moves: true},
	{number: "U10", name: "no such host", dial: dials(&net.DNSError{Name: "upstream.example", IsNotFound: true}), stream: badGateway, whole: badGateway, moves: true},
	{number: "U10", name: "the machine's DNS is silent", dial: dials(&net.DNSError{Name: "upstream.example", IsTimeout: true}), stream: badGateway, whole: badGateway, moves: true},
	{number: "U10", name: "no network", dial: dials(os.NewSyscallError("connect", syscall.ENETUNREACH)), stream: badGateway, whole: badGateway, moves: true},
	{number: "U11", name: "hangs before the head", step: broken(hosttest.Fault{Hang: "head"}), stream: "event timeout_error", whole: timedOut, moves: true, stays: true},
	{number: "U12", name: "hangs before content", step: broken(hosttest.Fault{Hang: "body"}), stream: "event timeout_error", whole: timedOut, moves: true, stays: true},
	{number: "U12", name: "hangs after the head for less than the client is kept waiting", step: broken(hosttest.Fault{DelayBody: hosttest.Duration(10 * time.Second)}), stream: served, whole: served},
	{number: "U13", name: "stalls in the middle", step: broken(hosttest.Fault{CutBefore: 8, Cut: "stall"}), stream: "event timeout_error after content"},
	{number: "U13b", name: "thinks for long between events", step: broken(hosttest.Fault{DelayEvent: hosttest.Duration(50 * time.Second)}), stream: served, whole: served},
	{number: "U14", name: "ends before the first event", step: broken(hosttest.Fault{CutBefore: 1, Cut: "clean"}), stream: badGateway, moves: true},
	{number: "U14", name: "ends in the middle", step: broken(hosttest.Fault{CutBefore: 8, Cut: "clean"}), stream: "event api_error after content"},
	{number: "U15", name: "is reset before the first byte", step: broken(hosttest.Fault{CutAfter: &zero, Cut: "rst"}), stream: badGateway, whole: badGateway, moves: true},
	{number: "U15", name: "is reset in the middle", step: broken(hosttest.Fault{CutBefore: 8, Cut: "rst"}), stream: "event api_error after content"},
	{number: "U15", name: "is closed in the middle", step: broken(hosttest.Fault{CutBefore: 8, Cut: "fin"}), stream: "event api_error after content"},
	{number: "U16", name: "broken JSON first", step: broken(hosttest.Fault{BadChunk: 1}), stream: badGateway, moves: true},
	{number: "U16", name: "broken JSON in the middle", step: broken(hosttest.Fault{BadChunk: 8}), stream: "event api_error after content"},
	{number: "U17", name: "one event of 17 MiB", step: hosttest.Step{Raw: &hosttest.Raw{Frames: []string{"data: " + strings.Repeat("a", 17<<20)}}}, stream: badGateway, moves: true},
	{number: "U18", name: "ten thousand comments", step: broken(hosttest.Fault{Flood: 10_500}), stream: badGateway, moves: true},
	{number: "U20", name: "a web page", step: broken(hosttest.Fault{Page: true}), stream: badGateway, whole: badGateway, moves: true},
	{number: "U21", name: "the other framing", step: broken(hosttest.Fault{Shape: "other"}), stream: served, whole: served, loose: true},
	{number: "U21", name: "a false content type", step: broken(hosttest.Fault{ContentType: "application/octet-stream"}), stream: served, whole: served},
	{number: "U22", name: "an empty body", step: broken(hosttest.Fault{Empty: true}), stream: badGateway, whole: badGateway, moves: true},
	{number: "U22", name: "an answer without content", step: answers(hosttest.Answer{}), stream: "complete", whole: "complete", moves: true, not: "claude"},
	{number: "U23", name: "claims gzip", step: broken(hosttest.Fault{Gzip: "claimed"}), stream: badGateway, whole: badGateway, moves: true},
	{number: "U23", name: "gzip unlabelled", step: broken(hosttest.Fault{Gzip: "unlabelled"}), stream: badGateway, whole: badGateway, moves: true},
	{number: "U23", name: "gzip although a stream asked for none", step: broken(hosttest.Fault{Gzip: "yes"}), stream: served, whole: served},
	{number: "U24", name: "a redirect", step: broken(hosttest.Fault{Redirect: "http://127.0.0.1:1003/elsewhere"}), stream: badGateway, whole: badGateway, moves: true},
	{number: "U25", name: "a metadata address", baseURL: "http://169.254.169.254", stream: badGateway, whole: badGateway, moves: true, lasts: true},
	{number: "U26", name: "a certificate of nobody", baseURL: "https://127.0.0.1:1001", secure: selfSigned, stream: badGateway, whole: badGateway, moves: true, lasts: true},
	{number: "U26", name: "no TLS where TLS is expected", baseURL: "https://127.0.0.1:1001", stream: badGateway, whole: badGateway, moves: true, lasts: true},
	{number: "U29", name: "echoes the key in a 401", step: hosttest.Step{Error: &hosttest.Error{Status: 401, EchoKey: true}}, stream: badGateway, whole: badGateway, moves: true},
	{number: "U29", name: "echoes the key in a 400", step: hosttest.Step{Error: &hosttest.Error{Status: 400, EchoKey: true}}, stream: "400 invalid_request_error", whole: "400 invalid_request_error"},
	{number: "U29", name: "echoes the key in a 500", step: hosttest.Step{Error: &hosttest.Error{Status: 500, EchoKey: true}}, stream: badGateway, whole: badGateway, moves: true},
	{number: "U29", name: "echoes the key inside a 200", step: hosttest.Step{Answer: transcript().Answer, Fault: hosttest.Fault{ErrorBefore: 1, Error: &hosttest.Error{Status: 529, Message: "too many for " + upstreamKey}}},
		stream: overloaded, whole: overloaded, moves: true},
	{number: "U30", name: "an error of 8 MiB", step: raw(500, "application/json", `{"error":{"message":"`+strings.Repeat("x", 8<<20)+`"}}`), stream: badGateway, whole: badGateway, moves: true},
	{number: "U31", name: "Retry-After in 2099", step: fails(429, "retry-after: Thu, 01 Jan 2099 00:00:00 GMT"), stream: tooMany, whole: tooMany, moves: true, waits: true},
	{number: "U31", name: "a negative Retry-After", step: fails(529, "retry-after: -5"), stream: overloaded, whole: overloaded, moves: true, waits: true},
	{number: "U32", name: "cookies and internal headers", step: hosttest.Step{Answer: transcript().Answer, Headers: map[string]string{"set-cookie": "a=" + upstreamKey, "x-internal": upstreamKey, "server": "secret"}},
		stream: served, whole: served},
	{number: "U33", name: "arguments that never end", step: answers(hosttest.Answer{Parts: []hosttest.Part{{Text: "so"}, {Tool: &hosttest.ToolCall{ID: "call_a", Name: "weather", ArgsText: `{"city":"Par`}}}}),
		stream: "event api_error after content", whole: "complete", not: "gemini claude"},
	{number: "U34", name: "no usage", step: hosttest.Step{Answer: &hosttest.Answer{Parts: transcript().Answer.Parts, Stream: hosttest.Stream{Usage: "never"}}}, stream: "complete", not: "claude"},
	{number: "U35", name: "twenty bytes a second", step: broken(hosttest.Fault{BytesPerSecond: 20}), stream: served, whole: served},
}

func init() {
	for _, framing := range hosttest.Framings() {
		matrix = append(matrix, matrixCase{number: "U19", name: "framed as " + framing, step: broken(hosttest.Fault{Framing: framing}), stream: served, loose: true})
	}
}

// selfSigned puts TLS with a certificate that nobody vouches for over a listener.
func selfSigned(t testing.TB) func(net.Listener) net.Listener {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<35, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	conf := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	return func(l net.Listener) net.Listener { return tls.NewListener(l, conf) }
}

// play is one run of a case: an adapter, a form of answer, and how many channels there are, of which how many fail.
type play struct {
	c                 *matrixCase
	binding           *registry.Binding
	model             string
	stream            bool
	channels, failing int
	// unbroken is the answer of an upstream in good health.
	unbroken string
}

// keepAlives are what the proxy adds to a stream so that clients do not take silence for death.
var keepAlives = regexp.MustCompile(`(?m)^(: keepalive|event: ping\ndata: \{"type": ?"ping"\})\n\n`)

// madeWhole finds the id that the proxy gives an unstreamed message.
var madeWhole = regexp.MustCompile(`"id":"msg_[A-Za-z0-9]+"`)

// plain takes out of an answer what differs from request to request.
func plain(body string) string {
	return madeWhole.ReplaceAllString(madeUp.ReplaceAllString(keepAlives.ReplaceAllString(body, ""), ""), `"id":"msg_"`)
}

// outcome says what a client saw, in the words of matrixCase, and fails where it breaks a rule: exactly one end (I1), in
// Claude's grammar, and no byte of what another attempt said (I2).
func (p *play) outcome(t *testing.T, got answer) string {
	t.Helper()
	if got.cut != nil {
		t.Errorf("the answer broke off: %v", got.cut)
	}
	if got.status != 200 {
		var e struct{ Error struct{ Type string } }
		if err := json.Unmarshal([]byte(got.body), &e); err != nil {
			t.Errorf("%v: %s", err, got.body)
		}
		refused(t, got, got.status, e.Error.Type, "", got.header.Get("x-should-retry"))
		return fmt.Sprintf("%d %s", got.status, e.Error.Type)
	}
	text := plain(got.body)
	if p.c != nil && p.c.loose && p.stream {
		text = reframed(t, text)
	}
	if !p.stream {
		if err := grammar.CheckWhole([]byte(got.body)); err != nil {
			t.Errorf("%v\n%s", err, got.body)
		}
		if p.same(t, text) {
			return served
		}
		return "complete"
	}
	switch end := ends(text); {
	case end == "complete" && p.same(t, text):
		return served
	case end == "complete":
		return "complete"
	case end != "error":
		t.Errorf("%s\n%s", end, text)
		return end
	}
	head, last, _ := strings.Cut(text, "event: error\ndata: ")
	var e struct{ Error struct{ Type string } }
	if err := json.Unmarshal([]byte(strings.TrimSpace(last)), &e); err != nil {
		t.Errorf("%v: %s", err, last)
	}
	if head == "" {
		return "event " + e.Error.Type
	}
	return "event " + e.Error.Type + " after content"
}

// same compares an answer with the unbroken one.
func (p *play) same(t *testing.T, text string) bool {
	t.Helper()
	if p.c == nil || !p.c.loose {
		return text == p.unbroken
	}
	return contents(t, text, p.stream) == contents(t, p.unbroken, p.stream)
}

// reframed writes a stream in the plainest way.
func reframed(t *testing.T, body string) string {
	t.Helper()
	parser, out := sse.NewParser(sse.Limits{}), ""
	parser.Feed([]byte(body))
	var ev sse.Event
	for {
		ok, err := parser.Next(&ev)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return out
		}
		if ev.HasData {
			out += "event: " + ev.Name + "\ndata: " + strings.ReplaceAll(string(ev.Data), "\n", "") + "\n\n"
		}
	}
}

// contents are the blocks and the stop reason of an answer.
func contents(t *testing.T, body string, stream bool) string {
	t.Helper()
	whole := []byte(body)
	if stream {
		var err error
		if whole, err = grammar.Fold([]byte(reframed(t, body))); err != nil {
			t.Errorf("%v\n%s", err, body)
		}
	}
	var m struct {
		Content    []any
		StopReason string `json:"stop_reason"`
	}
	if err := json.Unmarshal(whole, &m); err != nil {
		t.Errorf("%v\n%s", err, whole)
	}
	text, _ := json.Marshal(m) // plain JSON encodes again
	return string(text)
}

// run plays one request and what comes after it.
func (p *play) run(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var healthy atomic.Bool
		failing := p.c.step
		failing.Times, failing.Match = -1, &hosttest.Match{Func: func(*hosttest.Request) bool { return !healthy.Load() }}
		if failing.Fault.Shape == "other" {
			failing.Fault.Shape = map[bool]string{true: "json", false: "sse"}[p.stream]
		}
		good := transcript()
		good.Times = -1
		var list []worldChannel
		for i, name := range []string{"first", "second", "third"}[:p.channels] {
			c := worldChannel{name: name, binding: p.binding, script: &hosttest.Script{Keys: []string{upstreamKey}, Steps: []hosttest.Step{good}}}
			if i < p.failing {
				if failing.Answer != nil || failing.Error != nil || failing.Raw != nil {
					c.script.Steps = []hosttest.Step{failing, good}
				}
				c.baseURL = strings.Replace(p.c.baseURL, "1001", []string{"1001", "1002", "1003"}[i], 1)
				if p.c.secure != nil {
					c.secure = p.c.secure(t)
				}
			}
			list = append(list, c)
		}
		w := newWorld(t, list, nil)
		defer w.close()
		if p.c.dial != nil {
			w.dial = func(address string) error {
				if healthy.Load() || address > fmt.Sprintf("127.0.0.1:100%d", p.failing) {
					return nil
				}
				return p.c.dial()
			}
		}
		p.first(t, w)
		if !p.c.lasts {
			healthy.Store(true)
			p.afterwards(t, w)
		}
	})
}

// first is the request that meets the fault.
func (p *play) first(t *testing.T, w *world) {
	t.Helper()
	want := p.c.whole
	if p.stream {
		want = p.c.stream
	}
	if p.c.moves && p.failing < p.channels && (p.stream || !p.c.stays) {
		want = served
	}
	began := time.Now()
	got := w.post("/v1/messages", withTools(p.model, p.stream))
	if outcome := p.outcome(t, got); outcome != want {
		t.Errorf("the client saw %q, want %q\n%.700s", outcome, want, got.body)
	}
	// I4: an end in time, whatever happens. request_timeout is for the heads; each attempt that has one may be silent for idle,
	// and what moves may last.
	limits := w.config.Channels[0].Timeouts
	if took := time.Since(began); want != served && took > w.config.Server.RequestTimeout+max(limits.Whole, time.Duration(p.failing)*limits.Idle) {
		t.Errorf("it took %s", took)
	}
	synctest.Wait()
	p.recorded(t, w, want == served)
}

// recorded checks that the request and each of its attempts were recorded once (I7).
func (p *play) recorded(t *testing.T, w *world, served bool) {
	t.Helper()
	if n := len(w.records); n != 1 {
		t.Fatalf("%d records of one request", n)
	}
	r, arrived := w.last(), 0
	for _, s := range w.servers {
		arrived += len(s.Requests())
	}
	if p.c.step.Answer != nil || p.c.step.Error != nil || p.c.step.Raw != nil {
		if len(r.Attempts) != arrived {
			t.Errorf("%d attempts are recorded, %d requests arrived upstream", len(r.Attempts), arrived)
		}
	}
	for i, a := range r.Attempts {
		last := i == len(r.Attempts)-1
		if (a.Fault == nil) != (served && last) && r.Outcome != "ok" {
			t.Errorf("attempt %d: %v", i+1, a.Fault)
		}
		if a.Key != "key-of-"+a.Channel || a.Began.IsZero() || a.Total < a.Head {
			t.Errorf("attempt %d: %+v", i+1, a)
		}
	}
}

// afterwards is the time after the fault: the next request is served at once, unless the upstream named a time that has to
// pass, and half an hour later the channel serves as if nothing had been.
func (p *play) afterwards(t *testing.T, w *world) {
	t.Helper()
	next := func(after time.Duration, want string) {
		t.Helper()
		time.Sleep(after)
		if outcome := p.outcome(t, w.post("/v1/messages", withTools(p.model, p.stream))); outcome != want {
			t.Errorf("%s later the client saw %q, want %q", after, outcome, want)
		}
	}
	if p.c.waits && p.failing == p.channels && !strings.Contains(p.c.name, "negative") {
		next(time.Second, tooMany)
	} else {
		next(time.Second, served)
	}
	time.Sleep(30 * time.Minute)
	before := len(w.servers[0].Requests())
	next(0, served)
	if len(w.servers[0].Requests()) != before+1 {
		t.Error("half an hour later the first channel does not serve")
	}
}

// forms are the ways in which each case is played: streamed or whole, as a built-in adapter or as a plugin, with so many
// channels of which so many fail.
var (
	matrixKinds    = []string{"builtin", "plugin"}
	matrixChannels = []struct{ channels, failing int }{{1, 1}, {3, 1}, {3, 3}}
)

// applies says whether a case is played with an adapter in a form.
func (c *matrixCase) applies(adapter string, stream bool) bool {
	if stream && c.stream == "" || !stream && c.whole == "" {
		return false
	}
	return !strings.Contains(" "+c.not+" ", " "+adapter+" ")
}

// runs is how often a case is played.
func (c *matrixCase) runs() (n int) {
	for _, a := range adapters {
		for _, stream := range []bool{true, false} {
			if c.applies(a.name, stream) {
				n += len(matrixKinds) * len(matrixChannels)
			}
		}
	}
	return n
}

// TestMatrix plays every fault of an upstream with every adapter, built in and as plugin, streamed and whole, with one
// channel, with three of which one fails, and with three that all fail; in simulated time over a network in memory. What it
// found stands in host/FAULTS.md.
func TestMatrix(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	reg := withPlugins(t)
	var played atomic.Int64
	t.Run("each", func(t *testing.T) {
		for _, a := range adapters {
			for _, kind := range matrixKinds {
				t.Run(a.name+"/"+kind, func(t *testing.T) {
					t.Parallel()
					binding, err := reg.Bind("any", map[string]string{"builtin": a.name, "plugin": a.name + "-plugin"}[kind], nil)
					if err != nil {
						t.Fatal(err)
					}
					for _, stream := range []bool{true, false} {
						played.Add(playAll(t, &play{binding: binding, model: a.model, stream: stream}, a.name))
					}
				})
			}
		}
	})
	for _, p := range reg.Plugins() {
		if s := p.Stats; !p.Builtin && (p.Calls == 0 || s.Faults != 0 || s.Lost != 0 || s.Exchanges != 0 || s.KeptBytes != 0) {
			t.Errorf("plugin %s at the end: %d calls, %+v", p.Name, p.Calls, s)
		}
	}
	want := 0
	for i := range matrix {
		want += matrix[i].runs()
	}
	if t.Logf("the matrix: %d runs of %d faults", played.Load(), len(matrix)); int(played.Load()) != want && !raced {
		t.Errorf("%d runs were meant", want)
	}
}

// playAll plays every case that applies to an adapter, and counts the runs. Each is a copy of p.
func playAll(t *testing.T, p *play, adapter string) (played int64) {
	p.unbroken = healthyAnswer(t, p.binding, p.model, p.stream)
	for i := range matrix {
		c := &matrix[i]
		if !c.applies(adapter, p.stream) {
			continue
		}
		for at, n := range matrixChannels {
			if raced && (i+at)%7 != 0 {
				continue // races show in a part of the runs as well as in all
			}
			one := *p
			one.c, one.channels, one.failing = c, n.channels, n.failing
			t.Run(fmt.Sprintf("%s %s/stream=%v/%d of %d", c.number, c.name, p.stream, n.failing, n.channels), one.run)
			played++
		}
	}
	return played
}

// withPlugins is a registry that has each built-in adapter as a plugin too, named "<name>-plugin". It is made outside of
// simulated time: it watches a folder.
func withPlugins(t *testing.T) *registry.Registry {
	t.Helper()
	dir := t.TempDir()
	for _, a := range adapters {
		drop(t, dir, a.name+"-plugin.wasm", builtinPlugin(t, a.name))
	}
	reg := registry.New(plugins.Builtin())
	t.Cleanup(reg.Close)
	reg.Use(registry.Settings{Dir: dir, CacheDir: pluginCache()})
	if err := reg.Settled(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, p := range reg.Plugins() {
		if !active(p) {
			t.Fatalf("%s is %s: %s", p.Name, p.State, p.Error)
		}
	}
	return reg
}

// healthyAnswer is what a client gets when nothing is wrong.
func healthyAnswer(t *testing.T, binding *registry.Binding, model string, stream bool) (body string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		good := transcript()
		w := newWorld(t, []worldChannel{{name: "first", binding: binding, script: &hosttest.Script{Keys: []string{upstreamKey}, Steps: []hosttest.Step{good}}}}, nil)
		defer w.close()
		got := w.post("/v1/messages", withTools(model, stream))
		p := &play{stream: stream}
		if outcome := p.outcome(t, got); got.status != 200 || outcome != "complete" {
			t.Fatalf("%s\n%s", outcome, got.body)
		}
		body = plain(got.body)
	})
	return body
}
