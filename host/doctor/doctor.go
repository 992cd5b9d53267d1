// Package doctor looks for what commonly keeps a proxy from working: on this machine, in its files, on the way to its
// upstreams, and in the environment of its clients. It changes nothing and shows no credential to anybody.
package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/store"
	"github.com/claude-proxy/claude-proxy/host/running"
)

// State is how a check went.
type State string

// The states.
const (
	OK      State = "ok"
	Warning State = "warning"
	Failed  State = "failed"
)

// Finding is what one check found.
type Finding struct {
	// Check is what was looked at, as "listen" or "channel main".
	Check string `json:"check"`
	State State  `json:"state"`
	// Message says what was found, Try what to do; Try is empty where nothing needs doing.
	Message string `json:"message"`
	Try     string `json:"try,omitempty"`
}

// Patient is what is looked at.
type Patient struct {
	Config *config.Config
	Store  *store.Store
	// Environ is the environment in the form of os.Environ.
	Environ []string
	// Offline leaves the upstreams alone.
	Offline bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// wait bounds everything that goes over a network.
const wait = 10 * time.Second

// Examine runs all checks.
func Examine(ctx context.Context, p Patient) []Finding {
	if p.Now == nil {
		p.Now = time.Now
	}
	list := []Finding{p.file(), p.secrets(), p.stateDir(), p.listen(ctx), p.watch()}
	list = append(list, p.environment()...)
	if p.Offline {
		return list
	}
	found := make([]Finding, len(p.Config.Channels))
	var group sync.WaitGroup
	for i := range p.Config.Channels {
		group.Go(func() { found[i] = p.channel(ctx, &p.Config.Channels[i]) })
	}
	group.Wait()
	return append(list, found...)
}

func (p Patient) file() Finding {
	f := Finding{Check: "plugins.yaml", State: OK, Message: p.Config.Path + " can be read and written"}
	v, err := p.Store.Read()
	switch {
	case err != nil:
		f.State, f.Message = Failed, err.Error()
	case v.Bytes == nil:
		f.Message, f.Try = p.Config.Path+" is not there; the demo answers", "claude-proxy init"
	case !v.Writable:
		f.State, f.Message = Warning, "it cannot be written, so the web UI is read-only: "+v.Reason
		f.Try = "make the file writable for the user who runs the proxy; in a container, mount its folder"
	}
	return f
}

// secrets looks whether others can read keys.
func (p Patient) secrets() Finding {
	f := Finding{Check: "secrets", State: OK, Message: "no other user can read the keys"}
	if runtime.GOOS == "windows" {
		f.Message = "rights of files are not looked at here"
		return f
	}
	inFile := false
	for _, c := range p.Config.Channels {
		for _, k := range c.Keys {
			inFile = inFile || k.Ref == "" && !k.Secret.Empty()
		}
	}
	for _, k := range p.Config.Auth.Keys {
		inFile = inFile || k.Ref == "" && k.Line > 0
	}
	for _, file := range p.Config.Files {
		path := file.Path
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm()&0o004 == 0 || path == p.Config.Path && !inFile || strings.HasSuffix(path, ".pem") || strings.HasSuffix(path, ".crt") {
			continue
		}
		f.State, f.Message = Warning, fmt.Sprintf("%s holds keys and every user of this machine can read it", path)
		f.Try = "chmod 600 " + path
	}
	return f
}

func (p Patient) stateDir() Finding {
	dir := p.Config.Server.StateDir
	f := Finding{Check: "state folder", State: OK, Message: dir + " can be written"}
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		f.Message = dir + " is made at the first start"
		dir = filepath.Dir(dir)
	}
	file, err := os.CreateTemp(dir, ".doctor-*")
	if err == nil {
		err = errors.Join(file.Close(), os.Remove(file.Name()))
	}
	switch {
	case err != nil:
		f.State, f.Message = Warning, "the history, health and generated key cannot be kept: "+err.Error()
		f.Try = "point server.state_dir at a folder that can be written"
	case info != nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		f.State, f.Message, f.Try = Warning, "other users can look into "+dir, "chmod 700 "+dir
	}
	return f
}

// listen looks whether the address is free, or the proxy's own already.
func (p Patient) listen(ctx context.Context) Finding {
	addr := p.Config.Server.Listen
	f := Finding{Check: "listen", State: OK, Message: addr + " is free"}
	l, err := net.Listen("tcp", addr)
	if err == nil {
		_ = l.Close() // nobody came in
		return f
	}
	if !errors.Is(err, syscall.EADDRINUSE) {
		f.State, f.Message = Failed, err.Error()
		return f
	}
	info, err := running.Find(p.Config.Server.StateDir)
	if err == nil && alive(ctx, info.URL) {
		f.Message = fmt.Sprintf("the proxy runs: version %s, process %d, at %s", info.Version, info.PID, info.URL)
		return f
	}
	f.State, f.Message = Failed, addr+" is in use by another program, or by another copy of this one"
	f.Try = "claude-proxy --listen 127.0.0.1:3001, or set server.listen"
	return f
}

func alive(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/livez", nil)
	if err != nil {
		return false
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close() // the status is all that counts
	return resp.StatusCode == http.StatusOK
}

// watch looks whether the system tells of changed files.
func (p Patient) watch() Finding {
	f := Finding{Check: "file watch", State: OK, Message: "changes of files are told at once"}
	w, err := fsnotify.NewWatcher()
	if err == nil {
		err = errors.Join(w.Add(filepath.Dir(p.Config.Path)), w.Close())
	}
	if err != nil {
		f.State, f.Message = Warning, "changes of files are found within ten seconds only: "+err.Error()
		f.Try = "sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=1048576"
	}
	return f
}

// environment looks for what makes clients on this machine miss the proxy.
func (p Patient) environment() []Finding {
	env := make(map[string]string)
	for _, v := range p.Environ {
		name, value, _ := strings.Cut(v, "=")
		env[name] = value
	}
	var list []Finding
	warn := func(message, try string) {
		list = append(list, Finding{Check: "environment", State: Warning, Message: message, Try: try})
	}
	if base := strings.TrimRight(env["ANTHROPIC_BASE_URL"], "/"); strings.HasSuffix(base, "/v1") {
		warn("ANTHROPIC_BASE_URL ends in /v1, which clients add themselves", "export ANTHROPIC_BASE_URL="+strings.TrimSuffix(base, "/v1"))
	}
	if env["ANTHROPIC_API_KEY"] != "" && env["ANTHROPIC_AUTH_TOKEN"] != "" {
		warn("ANTHROPIC_API_KEY and ANTHROPIC_AUTH_TOKEN are both set; Claude Code may use the wrong one", "unset ANTHROPIC_API_KEY")
	}
	through := ""
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"} {
		if env[name] != "" {
			through = name
		}
	}
	direct := env["NO_PROXY"] + "," + env["no_proxy"]
	if through != "" && !strings.Contains(direct, "127.0.0.1") && !strings.Contains(direct, "localhost") && direct != "*," {
		warn(through+" is set, and some clients would go through it even to this machine", "export NO_PROXY=127.0.0.1,localhost")
	}
	if len(list) == 0 {
		list = append(list, Finding{Check: "environment", State: OK, Message: "no variable leads clients astray"})
	}
	return list
}

// channel looks at the way to an upstream: name, connection, certificate, clock. Nothing that is sent names anybody.
func (p Patient) channel(ctx context.Context, c *config.Channel) Finding {
	f := Finding{Check: "channel " + c.Name, State: OK}
	usable := 0
	for _, k := range c.Keys {
		if k.Enabled && !k.Secret.Empty() {
			usable++
		}
	}
	switch {
	case !c.Enabled:
		f.Message = "disabled"
		return f
	case len(c.Keys) > 0 && usable == 0:
		f.State, f.Message, f.Try = Failed, "none of its keys can be used", "claude-proxy keys list "+c.Name
		return f
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	began := p.Now()
	resp, err := p.reach(ctx, c)
	if err != nil {
		f.State, f.Message, f.Try = Failed, blame(err), "claude-proxy channels test "+c.Name
		return f
	}
	took := p.Now().Sub(began)
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // what it says does not matter
	_ = resp.Body.Close()
	f.Message = fmt.Sprintf("its server answers after %d ms", took.Milliseconds())
	if date, err := http.ParseTime(resp.Header.Get("date")); err == nil {
		if off := p.Now().Sub(date); off.Abs() > 5*time.Minute {
			f.State, f.Message = Warning, fmt.Sprintf("this machine's clock and that of its server differ by %s", off.Round(time.Second))
			f.Try = "set the clock, as with timedatectl set-ntp true"
		}
	}
	return f
}

// reach asks the root of the upstream's address without any credential.
func (p Patient) reach(ctx context.Context, c *config.Channel) (*http.Response, error) {
	u, err := c.Endpoint("/")
	if err != nil {
		return nil, err
	}
	root := url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/"}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, root.String(), nil)
	if err != nil {
		return nil, err
	}
	t := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: c.InsecureSkipVerify}}
	if through := c.ProxyURL.URL(); through != nil {
		t.Proxy = http.ProxyURL(through)
	}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, err
		}
		roots, err := x509.SystemCertPool()
		if err != nil {
			roots = x509.NewCertPool()
		}
		roots.AppendCertsFromPEM(pem)
		t.TLSClientConfig.RootCAs = roots
	}
	return t.RoundTrip(req)
}

// blame says what an error of the way means, without the address of a proxy, which may hold a password.
func blame(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return "the name " + dns.Name + " is not known: " + dns.Err
	}
	if cert, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "its certificate is not trusted: " + cert.Err.Error()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "nothing answers within " + config.FormatDuration(wait)
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return fmt.Sprintf("cannot %s: %v", op.Op, op.Err)
	}
	return "it cannot be reached: " + err.Error()
}
