package hosttest

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
)

// Network joins listeners and diallers in memory, so that servers and clients of real HTTP can meet in simulated time, where
// sockets would stand still. The zero value is ready. It is safe for concurrent use.
type Network struct {
	mu        sync.Mutex
	listeners map[string]*memoryListener
}

// Listen takes connections for an address, any text, until the listener is closed.
func (n *Network) Listen(addr string) net.Listener {
	l := &memoryListener{network: n, addr: addr, conns: make(chan net.Conn), closed: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners == nil {
		n.listeners = make(map[string]*memoryListener)
	}
	n.listeners[addr] = l
	return l
}

// Dial connects to a listener, or is refused as a kernel refuses.
func (n *Network) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	n.mu.Lock()
	l := n.listeners[addr]
	n.mu.Unlock()
	refused := &net.OpError{Op: "dial", Net: network, Addr: memoryAddr(addr), Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	if l == nil {
		return nil, refused
	}
	var reset atomic.Bool
	a, b := net.Pipe()
	select {
	case l.conns <- &memoryConn{Conn: b, reset: &reset}:
		return &memoryConn{Conn: a, reset: &reset}, nil
	case <-l.closed:
		return nil, refused
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: network, Addr: memoryAddr(addr), Err: ctx.Err()}
	}
}

type memoryAddr string

func (memoryAddr) Network() string  { return "tcp" }
func (a memoryAddr) String() string { return string(a) }

type memoryListener struct {
	network *Network
	addr    string
	conns   chan net.Conn
	once    sync.Once
	closed  chan struct{}
}

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.once.Do(func() {
		l.network.mu.Lock()
		defer l.network.mu.Unlock()
		delete(l.network.listeners, l.addr)
		close(l.closed)
	})
	return nil
}

func (l *memoryListener) Addr() net.Addr { return memoryAddr(l.addr) }

// memoryConn is a pipe that can be reset.
type memoryConn struct {
	net.Conn
	lingers atomic.Bool
	// reset is shared by both ends.
	reset *atomic.Bool
}

// SetLinger(0) makes the next Close a reset, as for TCP.
func (c *memoryConn) SetLinger(sec int) error {
	c.lingers.Store(sec == 0)
	return nil
}

func (c *memoryConn) Close() error {
	if c.lingers.Load() {
		c.reset.Store(true)
	}
	return c.Conn.Close()
}

func (c *memoryConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err == io.EOF && c.reset.Load() {
		return n, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	}
	return n, err
}
