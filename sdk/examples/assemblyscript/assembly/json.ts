// Reading JSON by its index (ABI.md §5). There is no parser: the host has taken the text apart.

import { same } from "./bytes";

export const NULL: u32 = 0, BOOL: u32 = 1, NUMBER: u32 = 2, STRING: u32 = 3, ESCAPED: u32 = 4, ARRAY: u32 = 5, OBJECT: u32 = 6, EXTERN: u32 = 7;

// ABSENT is the entry of a value that is not there. It reads as null.
export const ABSENT: u32 = 0xffffffff;

// A document is a text with its index. There is one at a time: that of the call that runs.
let src: usize = 0;
let ents: usize = 0;
let count: u32 = 0;

// The entries of EXTERN, where strings were cut.
let externs: usize = 0;
let cuts: u32 = 0;

export function open(text: usize, index: usize, n: u32, extern: usize, m: u32): void {
  src = text;
  ents = index;
  count = n;
  externs = extern;
  cuts = m;
}

export function root(): u32 {
  return count > 0 ? 0 : ABSENT;
}

export function start(v: u32): u32 { return load<u32>(ents + 12 * v); }
export function end(v: u32): u32 { return load<u32>(ents + 12 * v + 4); }
export function next(v: u32): u32 { return load<u32>(ents + 12 * v + 8) & 0x1fffffff; }
export function kind(v: u32): u32 { return v == ABSENT ? NULL : load<u32>(ents + 12 * v + 8) >>> 29; }

export function at(v: u32): usize { return src + start(v); }
export function size(v: u32): u32 { return end(v) - start(v); }

export function isString(v: u32): bool {
  const k = kind(v);
  return k == STRING || k == ESCAPED || k == EXTERN;
}

// is compares a string, or a key, with one of the program's own.
export function is(v: u32, s: string): bool {
  return kind(v) == STRING && same(at(v), size(v), s);
}

export function isTrue(v: u32): bool {
  return kind(v) == BOOL && load<u8>(at(v)) == 0x74;
}

// first and after walk an array: for (let v = first(a); v < next(a); v = next(v)). In an object the same walks over
// keys: the value is v + 1, the next key next(v + 1).
export function first(v: u32): u32 { return v + 1; }

// get is the value of a member, ABSENT where there is none. Of equal keys the last counts.
export function get(v: u32, key: string): u32 {
  let found = ABSENT;
  if (kind(v) != OBJECT) return found;
  for (let k = first(v); k < next(v); k = next(k + 1)) {
    if (is(k, key)) found = k + 1;
  }
  return found;
}

// empty says whether an array or object has nothing in it.
export function empty(v: u32): bool { return next(v) == v + 1; }

// whole is a number without fraction and exponent that fits; -1 for anything else.
export function whole(v: u32): i64 {
  const n = size(v);
  if (kind(v) != NUMBER || n > 15) return -1;
  let sum: i64 = 0;
  for (let i: u32 = 0; i < n; i++) {
    const c = <i64>load<u8>(at(v) + i) - 0x30;
    if (c < 0 || c > 9) return -1;
    sum = sum * 10 + c;
  }
  return sum;
}

// missing is how many bytes of the client's body are left out before this offset of BODY (§6). inside says that the
// offset is the end of a string that is itself cut.
export function missing(offset: u32, inside: bool): u32 {
  let sum: u32 = 0;
  for (let i: u32 = 0; i < cuts; i++) {
    const where = load<u32>(externs + 16 * i);
    if (where < offset || (inside && where == offset)) sum += load<u32>(externs + 16 * i + 8);
  }
  return sum;
}

// source is the address of the text.
export function source(): usize { return src; }
