package guest

import "github.com/claude-proxy/claude-proxy/sdk/adapter"

// table holds the live exchanges. A handle is the number of a slot and how often the slot was used, so that a handle that
// was closed does not lead to the exchange that has its slot now.
type table struct {
	slots []slot
	free  []uint32
}

type slot struct {
	x    adapter.Exchange // nil when free
	uses uint32
}

const (
	slotBits = 16
	maxSlots = 1 << slotBits
	usesMask = 1<<(32-slotBits) - 1
)

func handle(i int, uses uint32) uint32 { return uint32(i) | (uses&usesMask)<<slotBits }

func (t *table) add(x adapter.Exchange) (uint32, error) {
	if n := len(t.free); n > 0 {
		i := t.free[n-1]
		t.free = t.free[:n-1]
		t.slots[i].x = x
		return handle(int(i), t.slots[i].uses), nil
	}
	if len(t.slots) == maxSlots {
		return 0, adapter.Fail(adapter.Internal, "", "more than %d exchanges are open", maxSlots)
	}
	// The first use is number 1, so that no handle is 0.
	t.slots = append(t.slots, slot{x: x, uses: 1})
	return handle(len(t.slots)-1, 1), nil
}

func (t *table) find(h uint32) *slot {
	if i := h % maxSlots; uint64(i) < uint64(len(t.slots)) {
		if s := &t.slots[i]; s.x != nil && handle(int(i), s.uses) == h {
			return s
		}
	}
	return nil
}

func (t *table) get(h uint32) (adapter.Exchange, error) {
	s := t.find(h)
	if s == nil {
		return nil, adapter.Fail(adapter.Internal, "", "there is no exchange %d", h)
	}
	return s.x, nil
}

func (t *table) remove(h uint32) {
	s := t.find(h)
	if s == nil {
		return
	}
	s.x = nil
	s.uses++
	if s.uses&usesMask == 0 {
		s.uses++
	}
	t.free = append(t.free, h%maxSlots)
}
