package httpapi

import (
	"net/http"
	"net/netip"
	"strings"
)

// peer is who sent the request: the other end of the connection or, where that is one of server.trusted_proxies, the address
// that the nearest proxy in front that is not trusted, or the client, came from. What a client writes into the header itself
// stands to the left of that and counts for nothing. The zero Addr means that it is not known.
func peer(r *http.Request, trusted []netip.Prefix) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{} // a socket of the file system, or a test
	}
	from := at.Addr().Unmap()
	if !within(from, trusted) {
		return from
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		next, ok := forwarded(hops[i])
		if !ok {
			return from // what a trusted proxy did not write is not believed
		}
		from = next
		if !within(from, trusted) {
			break
		}
	}
	return from
}

// forwarded reads one item of X-Forwarded-For: an address, some proxies add the port.
func forwarded(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Unmap().WithZone(""), true
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	return netip.Addr{}, false
}

func within(a netip.Addr, list []netip.Prefix) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
