package admin

import (
	"log/slog"
	"slices"
	"sync"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
)

// maxAudit is how many entries stay in memory; the log has all.
const maxAudit = 500

// audit keeps what was done. It is safe for concurrent use.
type audit struct {
	log *slog.Logger

	mu      sync.Mutex
	entries []contract.AuditEntry // oldest first
}

func (a *audit) add(e contract.AuditEntry) {
	a.log.Info("admin", "who", e.Who, "from", e.Address, "action", e.Action, "target", e.Target, "status", e.Status, "id", e.RequestID)
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.entries) == maxAudit {
		a.entries = slices.Delete(a.entries, 0, 1)
	}
	a.entries = append(a.entries, e)
}

// list returns the entries, newest first.
func (a *audit) list() []contract.AuditEntry {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := slices.Clone(a.entries)
	slices.Reverse(list)
	return list
}
