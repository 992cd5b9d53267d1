package app

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/claude-proxy/claude-proxy/host/httpapi"
)

// manyRetired is how many replaced snapshots may still have requests before that is worth a warning.
const manyRetired = 8

// holds counts who uses a snapshot: the App itself, as long as it is the current one, and each request that began with it.
type holds struct{ n *atomic.Int64 }

func newHolds() holds {
	h := holds{n: new(atomic.Int64)}
	h.n.Store(1)
	return h
}

// take fails once the last hold is gone.
func (h holds) take() bool {
	for {
		n := h.n.Load()
		if n == 0 {
			return false
		}
		if h.n.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// give reports whether this was the last hold.
func (h holds) give() bool { return h.n.Add(-1) == 0 }

// retired are the snapshots that were replaced and have requests still.
type retired struct {
	mu   sync.Mutex
	list []*snapshot
}

// holding lets every request hold the snapshot of its beginning, but not those of the admin API: they ask for what is in
// force when they need it, and some of them last for hours.
func (a *App) holding(next http.Handler) http.Handler {
	held := a.held(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, httpapi.AdminPath) {
			next.ServeHTTP(w, r)
			return
		}
		held.ServeHTTP(w, r)
	})
}

// held lets a request hold the snapshot of its beginning. In the rare case that another one comes before the request
// looks it up, the request uses one that it does not hold; closing that one under it takes away nothing but idle
// connections and the news of plugins to come.
func (a *App) held(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := a.current.Load()
		for !s.holds.take() {
			s = a.current.Load() // it was replaced this very moment
		}
		defer func() {
			if s.holds.give() {
				a.sweep()
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// retire is called with the snapshot that another one replaced. It returns how many there are.
func (a *App) retire(s *snapshot) int {
	a.retired.mu.Lock()
	a.retired.list = append(a.retired.list, s)
	a.retired.mu.Unlock()
	s.holds.give()
	return a.sweep()
}

// sweep closes the retired snapshots that no request can use any more.
func (a *App) sweep() int {
	a.retired.mu.Lock()
	defer a.retired.mu.Unlock()
	current := a.current.Load()
	a.retired.list = slices.DeleteFunc(a.retired.list, func(s *snapshot) bool {
		if s.holds.n.Load() > 0 {
			return false
		}
		s.close(a.options.Registry, current)
		return true
	})
	return len(a.retired.list)
}
