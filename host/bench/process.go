package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/claude-proxy/claude-proxy/host/hosttest"
)

// process is one of the processes. It ends when its standard input does, so it never outlives the bench.
type process struct {
	url string
	pid int
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// ClientKey is the access key of the proxies under test.
const ClientKey = "bench-client-key-0001"

// spawn starts this program in a role and waits until it serves.
func (r *run) spawn(ctx context.Context, role string, args ...string) (*process, error) {
	line := append(append([]string{}, r.Command[1:]...), args...)
	p := &process{cmd: exec.CommandContext(ctx, r.Command[0], line...)}
	p.cmd.Env = append(os.Environ(), "PROXY_ACCESS_KEY="+ClientKey)
	p.cmd.Dir = r.dir
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	var complaint bytes.Buffer
	p.cmd.Stderr = &limited{&complaint, 4 << 10}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot start the %s: %w", role, err)
	}
	p.pid = p.cmd.Process.Pid
	for {
		text, err := p.out.ReadString('\n')
		if err != nil {
			p.stop()
			return nil, fmt.Errorf("the %s did not start: %w\n%s", role, err, complaint.String())
		}
		if i := strings.Index(text, "http://"); i >= 0 {
			p.url = strings.TrimSpace(text[i:])
			return p, nil
		}
	}
}

// limited keeps the first bytes of what a process complains about and drops the rest.
type limited struct {
	b    *bytes.Buffer
	room int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.room)
	l.b.Write(p[:n])
	l.room -= n
	return len(p), nil
}

func (p *process) stop() {
	p.in.Close()
	// It may end with any code once its input has ended.
	_ = p.cmd.Wait()
}

// memory is what a process has allocated since it started.
type memory struct {
	Mallocs, Bytes uint64
}

func (p *process) ask(command string, answer any) error {
	if _, err := fmt.Fprintln(p.in, command); err != nil {
		return err
	}
	for {
		line, err := p.out.ReadBytes('\n')
		if err != nil {
			return err
		}
		if line[0] == '{' { // not what the program says to people
			return json.Unmarshal(line, answer)
		}
	}
}

func (p *process) memory() (m memory, err error) {
	err = p.ask("memory", &m)
	return m, err
}

// profile begins a processor profile into a file; "" ends it.
func (p *process) profile(path string) error {
	var answer struct{ Error string }
	if err := p.ask("profile "+path, &answer); err != nil {
		return err
	}
	if answer.Error != "" {
		return errors.New(answer.Error)
	}
	return nil
}

// Obey answers the bench's questions about this process until its standard input ends, then calls stop.
func Obey(in io.Reader, out io.Writer, stop func()) {
	defer stop()
	var profile *os.File
	scan := bufio.NewScanner(in)
	for scan.Scan() {
		command, arg, _ := strings.Cut(scan.Text(), " ")
		var answer any
		switch {
		case command == "memory":
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			answer = memory{m.Mallocs, m.TotalAlloc}
		case command == "profile" && arg != "":
			var err error
			if profile, err = os.Create(arg); err == nil {
				err = pprof.StartCPUProfile(profile)
			}
			answer = failed(err)
		case command == "profile":
			pprof.StopCPUProfile()
			answer = failed(profile.Close())
		default:
			answer = failed(fmt.Errorf("unknown command %q", command))
		}
		if json.NewEncoder(out).Encode(answer) != nil {
			return
		}
	}
}

func failed(err error) any {
	var a struct{ Error string }
	if err != nil {
		a.Error = err.Error()
	}
	return a
}

// anyPort leaves the port to the system.
const anyPort = "127.0.0.1:0"

// Serve is the process of a role: "upstream" with the host:port that it listens on, or "bare" with the address that it
// passes everything on to.
func Serve(ctx context.Context, args []string, out io.Writer) error {
	var h http.Handler
	at := anyPort
	switch {
	case len(args) == 2 && args[0] == "upstream":
		h, at = new(hosttest.Fast), args[1]
	case len(args) == 2 && args[0] == "bare":
		u, err := url.Parse(args[1])
		if err != nil {
			return err
		}
		h = bare(u)
	default:
		return fmt.Errorf("unknown role %v", args)
	}
	l, err := net.Listen("tcp", at)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "http://%s\n", l.Addr())
	srv := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	context.AfterFunc(ctx, func() { srv.Close() })
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// bare is what Go gives: a reverse proxy. It reads the request whole before it passes it on, since otherwise some streams
// are cut short.
func bare(u *url.URL) http.Handler {
	p := httputil.NewSingleHostReverseProxy(u)
	p.Transport = &http.Transport{MaxIdleConnsPerHost: 256}
	p.FlushInterval = -1
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(b))
		p.ServeHTTP(w, r)
	})
}
