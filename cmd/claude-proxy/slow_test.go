package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/claude-proxy/claude-proxy/host/app"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/hosttest"
	"github.com/claude-proxy/claude-proxy/host/registry"
	"github.com/claude-proxy/claude-proxy/plugins"
)

// pipes is a listener whose connections are in memory, so that time can be simulated.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { close(p.done); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 3000} }

// dial opens a connection to the proxy.
func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.conns <- server
	return client
}

// simulated runs a test against the demo channel in simulated time.
func simulated(t *testing.T, test func(t *testing.T, p *pipes, log *hosttest.Log)) {
	synctest.Test(t, func(t *testing.T) {
		cfg := config.Default()
		cfg.Version = 1
		cfg.Plugins.Dir = "" // who waits for the file system keeps simulated time from passing
		cfg.Auth.Keys = []config.ClientKey{{Name: "test", Key: config.NewSecret(clientKey), Enabled: true}}
		log := &hosttest.Log{}
		reg := registry.New(plugins.Builtin())
		defer reg.Close()
		a, err := app.New(cfg, app.Options{Log: slog.New(slog.NewTextHandler(log, nil)), Registry: reg, Version: "test"})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		l := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
		served := make(chan error, 1)
		go func() { served <- a.Serve(ctx, l) }()
		test(t, l, log)
		time.Sleep(time.Minute) // what a test has left running ends by itself
		stop()
		if err := <-served; err != nil {
			t.Errorf("the proxy stopped with %v", err)
		}
	})
}

func requestHead(length int) string {
	return fmt.Sprintf("POST /v1/messages HTTP/1.1\r\nHost: x\r\nx-api-key: %s\r\nContent-Length: %d\r\n\r\n", clientKey, length)
}

// C02: headers that trickle in are given up after ten seconds.
func TestSlowHeaders(t *testing.T) {
	simulated(t, func(t *testing.T, p *pipes, _ *hosttest.Log) {
		c := p.dial()
		defer c.Close()
		began := time.Now()
		go func() {
			for _, b := range []byte(requestHead(10)) {
				if _, err := c.Write([]byte{b}); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}()
		if _, err := io.ReadAll(c); err != nil && !errors.Is(err, io.ErrClosedPipe) {
			t.Error(err)
		}
		if d := time.Since(began); d > 11*time.Second {
			t.Errorf("given up after %s", d)
		}
	})
}

// C03: a body that trickles in is refused once it is later than its rate allows; one that is slow but steady is not.
func TestSlowBody(t *testing.T) {
	simulated(t, func(t *testing.T, p *pipes, _ *hosttest.Log) {
		c := p.dial()
		defer c.Close()
		began := time.Now()
		go func() {
			io.WriteString(c, requestHead(1000))
			for {
				if _, err := c.Write([]byte{' '}); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}()
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != 400 || !strings.Contains(string(body), "did not arrive in time") || !resp.Close {
			t.Errorf("%d %s, close %v", resp.StatusCode, body, resp.Close)
		}
		if d := time.Since(began).Round(time.Second); d != 60*time.Second {
			t.Errorf("refused after %s", d)
		}
	})
	simulated(t, func(t *testing.T, p *pipes, _ *hosttest.Log) {
		c := p.dial()
		defer c.Close()
		body := ask("m", strings.Repeat("a", 8<<20), false)
		go func() {
			io.WriteString(c, requestHead(len(body)))
			for rest := body; rest != ""; {
				n := min(len(rest), 80<<10) // a little more than a second's worth
				if _, err := io.WriteString(c, rest[:n]); err != nil {
					t.Error(err)
					return
				}
				rest = rest[n:]
				time.Sleep(time.Second)
			}
		}()
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != 200 {
			t.Errorf("a steady body was refused: %d", resp.StatusCode)
		}
		io.Copy(io.Discard, resp.Body)
	})
}

// C22: a client that stops reading is given up after the deadline of one write, and its upstream with it.
func TestClientStopsReading(t *testing.T) {
	simulated(t, func(t *testing.T, p *pipes, log *hosttest.Log) {
		c := p.dial()
		defer c.Close()
		body := ask("m", "hi", true)
		if _, err := io.WriteString(c, requestHead(len(body))+body); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		for !strings.Contains(log.String(), "outcome=client_gone") {
			time.Sleep(100 * time.Millisecond)
			if time.Since(began) > time.Minute {
				t.Fatalf("the request still lives; log:\n%s", log)
			}
		}
		if d := time.Since(began); d < 20*time.Second || d > 35*time.Second {
			t.Errorf("given up after %s", d)
		}
	})
}

// C21 in simulated time: the log says what became of a request whose client left.
func TestClientLeavesEarly(t *testing.T) {
	simulated(t, func(t *testing.T, p *pipes, log *hosttest.Log) {
		c := p.dial()
		body := ask("m", "hi", true)
		if _, err := io.WriteString(c, requestHead(len(body))+body); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, make([]byte, 300)); err != nil {
			t.Fatal(err)
		}
		c.Close()
		time.Sleep(time.Second)
		if !strings.Contains(log.String(), "outcome=client_gone") {
			t.Errorf("a second later the log says:\n%s", log)
		}
		if strings.Contains(log.String(), "level=ERROR") {
			t.Errorf("a client that leaves is no error:\n%s", log)
		}
	})
}
