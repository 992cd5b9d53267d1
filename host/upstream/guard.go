package upstream

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"syscall"
)

// metadata are addresses of cloud metadata services outside the link-local ranges: AWS and Google over IPv6, Alibaba,
// Azure's host agent, Oracle.
var metadata = []netip.Addr{
	netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("fd20:ce::254"), netip.MustParseAddr("100.100.100.200"),
	netip.MustParseAddr("168.63.129.16"), netip.MustParseAddr("192.0.0.192"),
}

// metadataNames lead to such addresses; they are refused by name because an outgoing proxy would resolve them unseen.
var metadataNames = []string{"metadata.google.internal", "metadata.goog", "metadata", "instance-data", "instance-data.ec2.internal"}

// blockedError is the refusal to dial an address.
type blockedError struct{ address string }

func (e *blockedError) Error() string { return "refused to dial " + e.address }

// guard looks at each address that is about to be dialled, after the name was resolved, so that no DNS answer gets past
// it. Loopback and private addresses are the operator's choice.
func guard(_ context.Context, _, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil || forbidden(a.Addr()) {
		return &blockedError{address}
	}
	return nil
}

// forbidden looks through the ways in which an IPv4 address can be written as an IPv6 one.
func forbidden(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		b := a.As16()
		switch {
		case netip.MustParsePrefix("64:ff9b::/96").Contains(a): // NAT64
			return forbidden(netip.AddrFrom4([4]byte(b[12:])))
		case netip.MustParsePrefix("2002::/16").Contains(a): // 6to4
			return forbidden(netip.AddrFrom4([4]byte(b[2:6])))
		}
	}
	return a.IsLinkLocalUnicast() || a.IsMulticast() || slices.Contains(metadata, a)
}

// forbiddenHost looks at the host of a base_url as it is written.
func forbiddenHost(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return forbidden(a)
	}
	return slices.Contains(metadataNames, strings.TrimSuffix(strings.ToLower(host), "."))
}
