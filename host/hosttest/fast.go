package hosttest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Fast answers with bytes rendered once, for benchmarks: no checks, no record, hardly any work. The model's name says what
// comes back, in the API that was asked:
//
//	fast-plain         a short text
//	fast-stream-N      N text deltas, each written and flushed by itself
//	fast-burst-N       the same in one write
//	fast-slow-N-20ms   the same, one delta every 20 ms
//	fast-timed-N-20ms  the same, each delta saying when it was due; see NextDue
//	fast-agent         40 text deltas and two parallel tool calls
//
// Asked without streaming, the same answers come whole. A Server has one built in. The zero value is ready; it may be
// shared by goroutines.
type Fast struct {
	rendered sync.Map  // fastKey → *fastAnswer
	bodies   sync.Pool // *bytes.Buffer
}

// fastKey is what an answer depends on.
type fastKey struct {
	path, model   string
	stream, usage bool
}

// fastAnswer is a rendered answer.
type fastAnswer struct {
	contentType string
	writes      [][]byte // the body, one write each
	length      string   // of an unstreamed body
	pause       time.Duration
	timed       bool // the times at which writes are due are written into them
}

// ServeHTTP answers requests for the fast models, and all others with 404.
func (f *Fast) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, done, err := f.read(w, r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	defer done()
	if !f.serve(w, r, body) {
		http.NotFound(w, r)
	}
}

// read reads the request body into memory that is used again after done.
func (f *Fast) read(w http.ResponseWriter, r *http.Request) (body []byte, done func(), err error) {
	buf, ok := f.bodies.Get().(*bytes.Buffer)
	if !ok {
		buf = new(bytes.Buffer)
	}
	buf.Reset()
	if n := r.ContentLength; n > 0 && n <= maxBody {
		buf.Grow(int(n) + bytes.MinRead)
	}
	_, err = buf.ReadFrom(io.Reader(http.MaxBytesReader(w, r.Body, maxBody)))
	return buf.Bytes(), func() { f.bodies.Put(buf) }, err
}

// serve answers if a fast model is asked for.
func (f *Fast) serve(w http.ResponseWriter, r *http.Request, body []byte) bool {
	key := fastKey{path: r.URL.Path}
	if key.model = fastModel(r.URL.Path, body); key.model == "" {
		return false
	}
	key.stream = strings.HasSuffix(key.path, ":streamGenerateContent") ||
		bytes.Contains(body, []byte(`"stream":true`)) || bytes.Contains(body, []byte(`"stream": true`))
	key.usage = key.stream && bytes.Contains(body, []byte("include_usage"))
	v, ok := f.rendered.Load(key)
	if !ok {
		answer := renderFast(r, key, body)
		if answer == nil {
			return false
		}
		v, _ = f.rendered.LoadOrStore(key, answer)
	}
	v.(*fastAnswer).write(w, r) // nothing else is stored
	return true
}

// fastModel finds the name of a fast model, "" if another one is asked for.
func fastModel(path string, body []byte) string {
	if _, rest, ok := strings.Cut(path, "/models/fast-"); ok {
		name, _, _ := strings.Cut(rest, ":")
		return "fast-" + name
	}
	for at := 0; ; {
		i := bytes.Index(body[at:], []byte(`"fast-`))
		if i < 0 {
			return ""
		}
		at += i + 1
		before, isValue := bytes.CutSuffix(bytes.TrimRight(body[:at-1], " \t\r\n"), []byte(":"))
		if isValue && bytes.HasSuffix(bytes.TrimRight(before, " \t\r\n"), []byte(`"model"`)) {
			if end := bytes.IndexByte(body[at:], '"'); end > 0 {
				return string(body[at : at+end])
			}
		}
	}
}

// renderFast makes the answer that a model's name asks for; nil for a name that asks for none.
func renderFast(r *http.Request, key fastKey, body []byte) *fastAnswer {
	a, pause := fastScript(key.model)
	c := &call{Request: &Request{Model: key.model, Stream: key.stream, Body: body}, id: "fast", header: r.Header, sse: true}
	c.speaker, c.API, c.Op, _ = route(r)
	if a == nil || c.Op != opGenerate {
		return nil
	}
	if err := json.Unmarshal(body, &c.tree); err != nil {
		return nil
	}
	rep := c.generate(c.resolve(*a), &Fault{})
	if !key.stream {
		return &fastAnswer{contentType: rep.contentType, writes: [][]byte{rep.body}, length: strconv.Itoa(len(rep.body))}
	}
	answer := &fastAnswer{contentType: rep.contentType, pause: pause, timed: strings.HasPrefix(key.model, "fast-timed-")}
	fr := newFramer(rep.lineEnd, nil)
	for _, ev := range rep.events {
		answer.writes = append(answer.writes, fr.frame(ev))
	}
	if strings.HasPrefix(key.model, "fast-burst-") {
		answer.writes = [][]byte{bytes.Join(answer.writes, nil)}
	}
	return answer
}

// fastScript reads a model's name.
func fastScript(model string) (a *Answer, pause time.Duration) {
	words := strings.Split(model, "-")
	usage := &Usage{Input: 1000, Cached: 500, Output: 200}
	switch {
	case model == "fast-plain":
		return &Answer{Parts: []Part{{Text: "A short answer in a few plain words."}}, Usage: usage}, 0
	case model == "fast-agent":
		file := encode(object{"file_path", "/srv/app/main.go", "content", strings.Repeat("package main // \"quoted\"\n", 8)})
		return &Answer{Usage: usage, Stream: Stream{Chunk: 8}, Parts: []Part{{Text: strings.Repeat("8 bytes ", 40)},
			{Tool: &ToolCall{Name: "Write", Args: file}},
			{Tool: &ToolCall{Name: "Read", Args: json.RawMessage(`{"file_path":"/srv/app/README.md"}`)}}}}, 0
	case len(words) == 4 && (words[1] == "slow" || words[1] == "timed"):
		d, err := time.ParseDuration(words[3])
		if err != nil {
			return nil, 0
		}
		pause = d
	case len(words) == 3 && (words[1] == "stream" || words[1] == "burst"):
	default:
		return nil, 0
	}
	n, err := strconv.Atoi(words[2])
	if err != nil || n < 0 || n > 100_000 {
		return nil, 0
	}
	word := " token"
	if words[1] == "timed" {
		word = dueSlot
	}
	return &Answer{Parts: []Part{{Text: strings.Repeat(word, n)}}, Usage: usage}, pause
}

// write sends the answer.
func (a *fastAnswer) write(w http.ResponseWriter, r *http.Request) {
	w.Header()["Content-Type"] = []string{a.contentType}
	if a.length != "" {
		w.Header()["Content-Length"] = []string{a.length}
		_, _ = w.Write(a.writes[0]) // the client may be gone
		return
	}
	d := &delivery{w: w, r: r}
	began := time.Now()
	for i, b := range a.writes {
		// Pauses do not add up: a write that was late does not put off the next one.
		due := began.Add(time.Duration(i+1) * a.pause)
		if a.pause > 0 && !d.pause(Duration(time.Until(due))) {
			return
		}
		if a.timed {
			b = bytes.Clone(b)
			stamp(b, due)
		}
		if _, err := w.Write(b); err != nil {
			return
		}
		d.flush()
	}
}
