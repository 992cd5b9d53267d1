package meter

// appendU appends an unsigned LEB128 number.
func appendU(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// appendS appends a signed LEB128 number.
func appendS(b []byte, v int64) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

// appendBytes appends a length and the bytes.
func appendBytes[T []byte | string](b []byte, s T) []byte {
	return append(appendU(b, uint64(len(s))), s...)
}

// assembly is code under construction: one method for each instruction that the pass inserts.
type assembly []byte

func (a *assembly) op(ops ...byte)   { *a = append(*a, ops...) }
func (a *assembly) get(global int)   { *a = appendU(append(*a, opGlobalGet), uint64(global)) }
func (a *assembly) set(global int)   { *a = appendU(append(*a, opGlobalSet), uint64(global)) }
func (a *assembly) i32(v int64)      { *a = appendS(append(*a, opI32Const), v) }
func (a *assembly) i64(v int64)      { *a = appendS(append(*a, opI64Const), v) }
func (a *assembly) call(fn int)      { *a = appendU(append(*a, opCall), uint64(fn)) }
func (a *assembly) local(op, n byte) { *a = append(*a, op, n) }

// trap ends the call and leaves the reason in its global.
func (a *assembly) trap(reasonGlobal int, why Reason) {
	a.i32(int64(why))
	a.set(reasonGlobal)
	a.op(opUnreachable)
}
