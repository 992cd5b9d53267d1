package jsonindex

import (
	"bytes"
	"hash/maphash"
)

const (
	// pairwise is the number of keys up to which an object's keys are compared with each other, where their hash bits meet.
	// Larger objects are checked at their end with a seeded table, so that no choice of keys makes the work quadratic.
	pairwise = 24
	// keptSlots is the largest table a Builder keeps for the next object.
	keptSlots = 1 << 16
	// hashFactor spreads the sum of a key over the upper bits, of which the first six choose a bit of frame.seen.
	hashFactor = 0x9e3779b97f4a7c15
)

// keyHash is a cheap sum of what the key at entry k means. It is not strong: it only decides whether keys are compared at
// all. The scan computes the same for short keys without an escape on its way.
func (d *Doc) keyHash(k int) uint64 {
	var scratch [64]byte
	key := d.keyText(k, scratch[:])
	n := len(key)
	if n >= 8 {
		return word(key) + word(key[n-8:])
	}
	var x uint64
	for i, c := range key {
		x |= uint64(c) << (8 * i)
	}
	return x
}

// keyText is what the key at entry k means, a view or unescaped into scratch.
func (d *Doc) keyText(k int, scratch []byte) []byte {
	e := d.Ents[k]
	s := d.Src[e.Start:e.End]
	if e.Kind() == Escaped {
		return AppendUnescaped(scratch[:0], s)
	}
	return s
}

// keyIs says whether the key at entry k means the same as key.
func (d *Doc) keyIs(k int, key []byte) bool {
	e := d.Ents[k]
	raw := d.Src[e.Start:e.End]
	if e.Kind() == Escaped {
		return unescapedIs(raw, key)
	}
	return bytes.Equal(raw, key)
}

// hasKey says whether one of the members from entry k on has the same key as entry last.
func (d *Doc) hasKey(k, last int) bool {
	var scratch [64]byte
	key := d.keyText(last, scratch[:])
	for k < last {
		if d.keyIs(k, key) {
			return true
		}
		k = int(d.Ents[k+1].Next())
	}
	return false
}

// keyTable is an open-addressed set of keys: in each slot the upper half of a hash and an entry number plus one.
type keyTable struct {
	seed   maphash.Seed
	seeded bool
	slots  []uint64
}

// duplicate is the first of the n keys from entry k up to end that equals one before it; ok is false when all are different.
func (t *keyTable) duplicate(d *Doc, k, end, n int) (at int, ok bool) {
	if !t.seeded {
		t.seed, t.seeded = maphash.MakeSeed(), true
	}
	size := 64
	for size < 2*n {
		size *= 2
	}
	slots := t.slots
	if size > cap(slots) {
		slots = make([]uint64, size)
		if size <= keptSlots {
			t.slots = slots
		}
	}
	slots = slots[:size]
	clear(slots)
	scratch := make([]byte, 0, 64)
	for ; k < end; k = int(d.Ents[k+1].Next()) {
		key := d.keyText(k, scratch)
		h := maphash.Bytes(t.seed, key)
		for i := h; ; i++ {
			slot := &slots[i&uint64(size-1)]
			if *slot == 0 {
				*slot = h>>32<<32 | uint64(k+1)
				break
			}
			if *slot>>32 == h>>32 && d.keyIs(int(uint32(*slot))-1, key) {
				return k, true
			}
		}
	}
	return 0, false
}
