package meter

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/tetratelabs/wazero"
)

// hasCustom tells whether a module has a custom section. The pass drops these, so it may mend a module whose only fault is there.
func hasCustom(module []byte) bool {
	r := newReader(module)
	r.skip(8)
	for r.more() {
		if r.u8() == secCustom {
			return true
		}
		r.bytes()
	}
	return false
}

// FuzzRewrite holds that any bytes are either refused with an *Error or rewritten into a module that is as valid as the original.
func FuzzRewrite(f *testing.F) {
	for _, bomb := range bombs {
		f.Add(bomb().bytes())
	}
	for seed := range uint64(5) {
		m, _ := program(seed)
		m.data, m.count = [][]byte{{0, opI32Const, 0, opEnd, 3, 1, 2, 3}, {1, 1, 9}}, true
		m.names = []byte("\x04name\x01\x04\x01\x00\x01f")
		f.Add(m.bytes())
	}
	vector := single(opLocalGet, 0, prefixSIMD, 17, opLocalGet, 0, prefixSIMD, 17, prefixSIMD, 0xae, 1, prefixSIMD, 27, 3)
	vector.imports = []string{"nothing"}
	f.Add(vector.bytes())
	f.Fuzz(func(t *testing.T, module []byte) { asValidAsBefore(t, module) })
}

// asValidAsBefore rewrites a module and tells whether the compiler takes the outcome, which it must just when it takes the original.
func asValidAsBefore(t *testing.T, module []byte) bool {
	t.Helper()
	before := bytes.Clone(module)
	m, err := Rewrite(module, Options{})
	if !bytes.Equal(before, module) {
		t.Fatal("the module was changed")
	}
	var refusal *Error
	if err != nil {
		if !errors.As(err, &refusal) || refusal.Reason == "" || refusal.Offset < 0 || refusal.Offset > len(module) {
			t.Fatalf("refused with %#v", err)
		}
		return false
	}
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithMemoryLimitPages(1024))
	defer func() {
		if err := rt.Close(ctx); err != nil {
			t.Error(err)
		}
	}()
	_, invalid := rt.CompileModule(ctx, module)
	_, after := rt.CompileModule(ctx, m.Code)
	if invalid == nil && after != nil {
		t.Fatalf("a valid module became invalid: %v", after)
	}
	if invalid != nil && after == nil && !hasCustom(module) {
		t.Fatalf("an invalid module became valid: %v", invalid)
	}
	return after == nil
}

// Damaged code is refused by the pass or by the compiler, and never mended.
func TestDamagedCode(t *testing.T) {
	valid, all := 0, 0
	r := rand.New(rand.NewPCG(1, 2))
	for seed := range uint64(60) {
		m, _ := program(seed)
		code := m.funcs[0].code
		for range 40 {
			i := r.IntN(len(code))
			old := code[i]
			code[i] = byte(r.Uint32())
			if r.IntN(2) == 0 {
				code[i] = old ^ 1<<r.IntN(8)
			}
			all++
			if asValidAsBefore(t, m.bytes()) {
				valid++
			}
			code[i] = old
		}
	}
	if valid < all/20 || valid > all*9/10 {
		t.Errorf("%d of %d damaged modules are valid; the damage is of no use", valid, all)
	}
}
