package adaptertest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// Case is one recorded behaviour; see README.md for its format.
type Case struct {
	// Name is the file's name without ".txtar".
	Name string
	// Comment is the text before the first section.
	Comment string

	archive *archive
	skip    map[string]bool
	says    string
	generic bool
	level   int // of a generic case; 0: see Level

	options  []byte
	call     adapter.Call     // without Body; Headers as a Suite forwards them
	sent     []adapter.Header // all headers of the client
	body     []byte           // the client's; nil for models
	implicit bool             // the body is not the case's own

	status  int
	headers []adapter.Header
	answer  answerKind
	data    []byte // the upstream's body
	end     adapter.EndReason
}

// answerKind says what the upstream's body is.
type answerKind uint8

const (
	noAnswer answerKind = iota
	sseAnswer
	linesAnswer
	jsonAnswer
	textAnswer
)

var answerSections = [...]string{sseAnswer: "upstream.sse", linesAnswer: "upstream.lines", jsonAnswer: "upstream.json", textAnswer: "upstream.text"}

// Names of the golden sections.
const (
	goldenRequest = "upstream.request"
	goldenLosses  = "losses"
	goldenOps     = "ops"
	goldenStream  = "client.sse"
	goldenWhole   = "answer.json"
	goldenFailure = "failure"
)

// Names of the checks; README.md says what they mean.
const (
	checkGolden   = "golden"
	checkContract = "contract"
	checkJSON     = "json"
	checkSecret   = "secret"
	checkPure     = "pure"
	checkLifetime = "lifetime"
	checkSplit    = "split"
	checkGuest    = "guest"
	checkLong     = "long"
	checkRender   = "render"
	checkCut      = "cut"
	checkPrefix   = "prefix"
	checkFields   = "fields"
	checkGarbage  = "garbage"
	checkSays     = "says"
	checkReach    = "reach"
	checkTaken    = "taken"
	checkReplay   = "replay"
)

// goldens are the sections that a case gets from -update.
var goldens = [...]string{goldenRequest, goldenLosses, goldenOps, goldenStream, goldenWhole, goldenFailure}

// skippable are the words that a skip section may hold.
var skippable = append(goldens[:], checkGolden, checkContract, checkJSON, checkSecret, checkPure, checkLifetime, checkSplit,
	checkGuest, checkLong, checkRender, checkCut, checkPrefix, checkFields, checkGarbage, checkReplay)

// order is how sections stand in a file that is written anew.
var order = []string{
	"options.json", "call", "client.json", goldenRequest, goldenLosses, "upstream.status", "upstream.headers", "upstream.sse",
	"upstream.lines", "upstream.json", "upstream.text", "upstream.end", saysSection, goldenOps, goldenStream, goldenWhole, goldenFailure, "skip",
}

const (
	defaultID    = "req_0123456789abcdef"
	defaultModel = "test-model"
	defaultBody  = `{"model":"` + defaultModel + `","max_tokens":1024,"stream":%t,"messages":[{"role":"user","content":"Hi"}]}`
)

// Parse reads one case.
func Parse(name string, data []byte) (*Case, error) {
	a := parseArchive(data)
	c := &Case{Name: name, Comment: a.comment, archive: a}
	seen := map[string]bool{}
	for _, s := range a.sections {
		base := strings.TrimSuffix(s.name, quotedSuffix)
		if !slices.Contains(order, base) {
			return nil, fmt.Errorf("%s: there is no section %q; there are %s", name, s.name, strings.Join(order, ", "))
		}
		if seen[base] {
			return nil, fmt.Errorf("%s: section %s stands there twice", name, base)
		}
		seen[base] = true
	}
	for _, read := range []func() error{c.readSkip, c.readAnswer, c.readClient, c.readCall} {
		if err := read(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return c, nil
}

// Load reads all cases of a folder, files *.txtar, in the order of their names.
func Load(dir string) ([]*Case, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil {
		return nil, err
	}
	var cases []*Case
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		c, err := Parse(strings.TrimSuffix(filepath.Base(file), ".txtar"), data)
		if err != nil {
			return nil, err
		}
		cases = append(cases, c)
	}
	return cases, nil
}

func (c *Case) readSkip() error {
	var err error
	if c.says, _, err = c.archive.get(saysSection); err != nil {
		return err
	}
	text, _, err := c.archive.get("skip")
	c.skip = map[string]bool{}
	for _, word := range strings.Fields(text) {
		if !slices.Contains(skippable, word) {
			return fmt.Errorf("section skip: there is no check or golden %q; there are %s", word, strings.Join(skippable, ", "))
		}
		c.skip[word] = true
	}
	return err
}

func (c *Case) readAnswer() error {
	for kind := sseAnswer; kind <= textAnswer; kind++ {
		data, ok, err := c.archive.get(answerSections[kind])
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if c.answer != noAnswer {
			return fmt.Errorf("both %s and %s: an upstream answers once", answerSections[c.answer], answerSections[kind])
		}
		c.answer, c.data = kind, []byte(data)
	}
	c.status = 200
	status, ok, err := c.archive.get("upstream.status")
	if err != nil {
		return err
	}
	if ok {
		if c.status, err = strconv.Atoi(strings.TrimSpace(status)); err != nil || c.status < 200 || c.status > 599 {
			return fmt.Errorf("section upstream.status: %q is no status from 200 to 599", strings.TrimSpace(status))
		}
	}
	if c.status < 300 && c.answer == textAnswer {
		return fmt.Errorf("section upstream.text goes with an error status: no adapter is given a successful answer that is no JSON")
	}
	if err := c.eachLine("upstream.headers", func(name, value string) error {
		c.headers = append(c.headers, adapter.Header{Name: strings.ToLower(name), Value: value})
		return nil
	}); err != nil {
		return err
	}
	end, ok, err := c.archive.get("upstream.end")
	switch end = strings.TrimSpace(end); {
	case err != nil:
		return err
	case end == "cut":
		c.end = adapter.Cut
	case ok && end != "eof":
		return fmt.Errorf("section upstream.end: %q is neither eof nor cut", end)
	}
	return nil
}

func (c *Case) readClient() error {
	options, ok, err := c.archive.get("options.json")
	if err != nil {
		return err
	}
	if ok {
		c.options = []byte(options)
	}
	body, ok, err := c.archive.get("client.json")
	if err != nil {
		return err
	}
	c.body, c.implicit = []byte(body), !ok
	if c.implicit {
		c.body = fmt.Appendf(nil, defaultBody, c.streamed())
	}
	return nil
}

func (c *Case) readCall() error {
	c.call = adapter.Call{ID: defaultID}
	stream := ""
	err := c.eachLine("call", func(name, value string) error {
		switch name {
		case "op":
			return c.readOp(value)
		case "id":
			c.call.ID = value
		case "model":
			c.call.Model = value
		case "client_model":
			c.call.ClientModel = value
		case "query":
			c.call.Query = value
		case "session":
			c.call.Session = value
		case "stream":
			stream = value
		case "max_output_tokens":
			n, err := strconv.ParseInt(value, 10, 64)
			c.call.MaxOutputTokens = n
			return err
		case "header":
			name, value, ok := strings.Cut(value, ":")
			if !ok {
				return fmt.Errorf(`write "header: NAME: VALUE"`)
			}
			c.sent = append(c.sent, adapter.Header{Name: strings.ToLower(name), Value: strings.TrimSpace(value)})
		case "remedy":
			name, value, _ := strings.Cut(value, "=")
			c.call.Remedies = append(c.call.Remedies, adapter.Remedy{Name: name, Value: value})
		default:
			return fmt.Errorf("there is no such line")
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.fillCall(stream)
}

func (c *Case) readOp(name string) error {
	for op := adapter.Messages; op <= adapter.Models; op++ {
		if op.String() == name {
			c.call.Op = op
			return nil
		}
	}
	return fmt.Errorf("%q is none of messages, count_tokens, models", name)
}

// fillCall takes from the client's body what the case does not say, as the host does.
func (c *Case) fillCall(stream string) error {
	if c.call.Op == adapter.Models {
		if !c.implicit {
			return fmt.Errorf("op models has no client.json")
		}
		c.body, c.implicit = nil, false
		return nil
	}
	doc, err := jsonindex.Parse(c.body, jsonindex.ClientMode())
	if err != nil {
		return fmt.Errorf("section client.json: %w; the host refuses this before any adapter sees it", err)
	}
	root := doc.Root()
	if c.call.ClientModel == "" {
		c.call.ClientModel, _ = root.Get("model").Text()
	}
	if c.call.Model == "" {
		c.call.Model = c.call.ClientModel
	}
	switch stream {
	case "":
		c.call.Stream = root.Get("stream").True() && c.call.Op == adapter.Messages
	case "true", "false":
		c.call.Stream = stream == "true"
	default:
		return fmt.Errorf("section call: stream: %q is neither true nor false", stream)
	}
	return nil
}

// streamed says whether the upstream's answer is a stream of events.
func (c *Case) streamed() bool {
	return c.status < 300 && (c.answer == sseAnswer || c.answer == linesAnswer)
}

// Level is the part of the kit that the case belongs to: 1 text in one piece, 2 streams, 3 tools, 4 media, thinking, caches
// and the other operations, 5 errors and broken answers.
func (c *Case) Level() int {
	if c.level > 0 {
		return c.level
	}
	golden, _, _ := c.archive.get(goldenOps)
	all := string(c.body) + "\n" + golden
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(all, w) })
	}
	_, fails, _ := c.archive.get(goldenFailure)
	switch {
	case fails || c.status >= 300 || c.end == adapter.Cut:
		return 5
	case c.call.Op != adapter.Messages, has(`"image"`, `"document"`, `"thinking"`, `"cache_control"`, "cache_read", "\nthinking ", "\nredacted "):
		return 4
	case has(`"tools"`, `"tool_use"`, `"tool_result"`, "tool_start "):
		return 3
	case c.streamed(), c.answer == noAnswer && c.call.Stream:
		return 2
	}
	return 1
}

// eachLine calls f for each line "name: value" of a section.
func (c *Case) eachLine(section string, f func(name, value string) error) error {
	text, _, err := c.archive.get(section)
	if err != nil {
		return err
	}
	for n, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return fmt.Errorf("section %s: line %d is not \"name: value\": %s", section, n+1, line)
		}
		if err := f(strings.TrimSpace(name), strings.TrimSpace(value)); err != nil {
			return fmt.Errorf("section %s: line %d, %s: %w", section, n+1, line, err)
		}
	}
	return nil
}
