package httpapi

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/claude-proxy/claude-proxy/host/auth"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// AdminPath is where the admin API lies.
const AdminPath = "/admin/api/v1/"

// Play serves a request of the playground as POST /v1/messages would, with a body that was read already and for a principal
// that was let in already. Of the request only headers and context count.
type Play func(w http.ResponseWriter, r *http.Request, body []byte, p *auth.Principal)

func (a *api) play(w http.ResponseWriter, r *http.Request, body []byte, p *auth.Principal) {
	now := time.Now()
	a.serveMessage(w, r, adapter.Messages, &received{principal: p, body: body, at: now, arrived: now})
}

// RequestID is the id that the surface gave a request.
func RequestID(r *http.Request) string { return requestID(r) }

// Peer is who sent the request, as far as it can be trusted: see server.trusted_proxies.
func Peer(r *http.Request, trusted []netip.Prefix) netip.Addr { return peer(r, trusted) }
