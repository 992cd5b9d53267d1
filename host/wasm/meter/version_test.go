package meter

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

// TestVersion fails when the pass makes something else of a module than before: then Version has to be raised, or modules that were
// rewritten by the former pass are taken for those of this one.
func TestVersion(t *testing.T) {
	const version, want = 2, "c0f91ad502de2fad"
	sum := sha256.New()
	for seed := range uint64(40) {
		m, _ := program(seed)
		sum.Write(mustRewrite(t, m.bytes(), Options{}).Code)
		threaded, _ := threadedProgram(seed)
		sum.Write(mustRewrite(t, goModule(threaded), Options{}).Code)
	}
	for _, piece := range [][]byte{stack(88), {opLocalGet, 0, opIf, voidBlock, opEnd, opI32Const, 0}} {
		m := single(append(piece, 0x28, 2, 0)...)
		sum.Write(mustRewrite(t, goModule(m), Options{}).Code)
	}
	if got := hex.EncodeToString(sum.Sum(nil))[:16]; got != want || Version != version {
		t.Errorf("version %d makes %s, not %s: raise Version and write both down here", Version, got, want)
	}
}
