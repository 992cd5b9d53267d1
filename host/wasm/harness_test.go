package wasm

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/hosttest"
	"github.com/claude-proxy/claude-proxy/host/wasm/wasmtest"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// trouble is the plugin of testdata/trouble, cacheDir what it was compiled to; both are made once.
var (
	trouble  []byte
	cacheDir string
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "wasm-test-")
	if err != nil {
		panic(err)
	}
	cacheDir = filepath.Join(dir, "cache")
	code := 1
	if trouble, err = wasmtest.Build("testdata/trouble"); err == nil {
		code = m.Run()
	} else {
		fmt.Fprintln(os.Stderr, err)
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// logs collects what is logged.
type logs struct{ hosttest.Log }

func (l *logs) config() Config {
	return Config{CacheDir: cacheDir, Logger: slog.New(slog.NewTextHandler(l, nil))}
}

// load loads a module and closes it at the end of the test.
func load(t testing.TB, module []byte, o Options) *Plugin {
	t.Helper()
	return loadWith(t, Config{CacheDir: cacheDir}, module, o)
}

func loadWith(t testing.TB, c Config, module []byte, o Options) *Plugin {
	t.Helper()
	if o.Name == "" {
		o.Name = "test"
	}
	p, _, err := NewLoader(c).Load(t.Context(), module, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func loadTrouble(t testing.TB, o Options) (*Plugin, runner.Channel) {
	t.Helper()
	p := load(t, trouble, o)
	return p, configure(t, p, `{"prefix":"~"}`)
}

func configure(t testing.TB, p *Plugin, options string) runner.Channel {
	t.Helper()
	ch, err := p.Configure(parse(t, options))
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

func parse(t testing.TB, text string) *jsonindex.Doc {
	t.Helper()
	d, err := jsonindex.Parse([]byte(text), jsonindex.UpstreamMode())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func client(t testing.TB, text string) *jsonindex.Doc {
	t.Helper()
	d, err := jsonindex.Parse([]byte(text), jsonindex.ClientMode())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// player is one exchange under test.
type player struct {
	runner.Run
	id string
	up adapter.UpstreamRequest
	n  int
	em ops.Emitter
}

// begin starts an exchange with a body that says what to do.
func begin(ch runner.Channel, id string, body *jsonindex.Doc) (*player, error) {
	x := &player{id: id}
	var err error
	x.Run, err = ch.Begin(&adapter.Call{ID: id, Model: "m", Stream: true, Body: body}, &x.up)
	return x, err
}

func mustBegin(t testing.TB, ch runner.Channel, id string) *player {
	t.Helper()
	x, err := begin(ch, id, client(t, `{"model":"m"}`))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// send gives one event and returns the text of what comes out.
func (x *player) send(data string) (string, error) {
	doc, err := jsonindex.Parse([]byte(data), jsonindex.UpstreamMode())
	if err != nil {
		doc = nil
	}
	x.em.Reset()
	_, err = x.Events([]runner.RawEvent{{Name: "ev", Data: []byte(data), Doc: doc}}, &x.em)
	return textOf(x.em.Buf), err
}

// say has the trouble plugin say something, and checks what it must answer.
func (x *player) say(what string) error {
	x.n++
	got, err := x.send(fmt.Sprintf(`{"say":%q}`, what))
	if err != nil {
		return err
	}
	if !strings.HasPrefix(got, fmt.Sprintf("~%s ev %d ", x.id, x.n)) || !strings.HasSuffix(got, what+";") || strings.Count(got, ",") != x.n-1 {
		return fmt.Errorf("exchange %s: said %q, heard %q", x.id, what, got)
	}
	return nil
}

// textOf joins the payloads of all text ops.
func textOf(b []byte) string {
	var s strings.Builder
	for len(b) > 0 {
		o, rest, ok := ops.Split(b)
		if !ok {
			return s.String() + "<no op>"
		}
		if o.Code == ops.Text {
			s.Write(o.Data)
		}
		b = rest
	}
	return s.String()
}

// simple loads a hand-made module and configures a channel.
func simple(t testing.TB, m wasmtest.Module, o Options) (*Plugin, runner.Channel) {
	t.Helper()
	p := loadWith(t, Config{}, m.Bytes(), o)
	return p, configure(t, p, `{}`)
}
