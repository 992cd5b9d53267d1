package telemetry

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// forwarded are the headers by which proxies tell for whom they ask.
var forwarded = [...]string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"}

// Local says that a request comes from this machine itself and not from somebody for whom a proxy on this machine asks,
// nor from a page whose name was made to lead here. Such a request may read metrics without a key.
func (h *Hub) Local(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() || !loopbackHost(r.Host) {
		return false
	}
	for _, name := range forwarded {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	for _, p := range h.settings.Load().trusted {
		if p.Contains(peer.Addr().Unmap()) {
			return false
		}
	}
	return true
}

func loopbackHost(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
