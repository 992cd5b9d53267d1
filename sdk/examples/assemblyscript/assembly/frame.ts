// Frames and fields (ABI.md §4, §9).

import { Buf } from "./bytes";

export const BODY: u32 = 1, SEGMENTS: u32 = 2, INDEX: u32 = 3, EXTERN: u32 = 4, CALL: u32 = 5, STATUS: u32 = 7, OPS: u32 = 9, METHOD: u32 = 10,
  PATH: u32 = 11, LOSS: u32 = 12, ERROR: u32 = 13, HANDLE: u32 = 14, CONFIG: u32 = 15, REQUEST: u32 = 16;

// A frame has room for so many sections; its content begins behind the table.
const HEAD: u32 = 8, ROW: u32 = 12, ROWS: u32 = 12;

const out = new Buf();
let sections: u32 = 0;

export function begin(): void {
  out.clear();
  const n = HEAD + ROW * ROWS;
  memory.fill(out.room(n), 0, n);
  sections = 0;
}

export function section(tag: u32, from: usize, n: u32): void {
  while (out.len & 7) out.u8(0);
  const row = HEAD + ROW * sections++;
  const offset = out.len;
  out.bytes(from, n);
  store<u16>(out.ptr + row, <u16>tag);
  store<u32>(out.ptr + row + 4, offset);
  store<u32>(out.ptr + row + 8, n);
}

export function buffer(tag: u32, b: Buf): void {
  section(tag, b.ptr, b.len);
}

const one = new Buf();

export function number(tag: u32, v: u32): void {
  one.clear();
  one.u32(v);
  buffer(tag, one);
}

export function text(tag: u32, s: string): void {
  one.clear();
  one.str(s);
  buffer(tag, one);
}

// finish is the result: where the frame lies, how long it is, and that it is one.
export function finish(): u64 {
  store<u16>(out.ptr, 0x5043);
  store<u8>(out.ptr + 2, 1);
  store<u8>(out.ptr + 3, <u8>sections);
  store<u32>(out.ptr + 4, out.len);
  return ((<u64>out.ptr) << 32) | 0x80000000 | out.len;
}

// raw is the result for ops alone.
export function raw(b: Buf): u64 {
  return b.len == 0 ? 0 : ((<u64>b.ptr) << 32) | b.len;
}

// A section of a frame that came in.
export class Part {
  constructor(public at: usize, public len: u32) {}
  get there(): bool { return this.at != 0; }
}

export function part(frame: usize, tag: u32): Part {
  const n = <u32>load<u8>(frame + 3);
  for (let i: u32 = 0; i < n; i++) {
    const row = frame + HEAD + ROW * i;
    if (load<u16>(row) == tag) return new Part(frame + load<u32>(row + 4), load<u32>(row + 8));
  }
  return new Part(0, 0);
}

// field finds a field; the last one counts.
export function field(p: Part, number: u32): Part {
  let found = new Part(0, 0);
  for (let i: u32 = 0; i + 8 <= p.len; ) {
    const n = load<u32>(p.at + i + 4);
    if (load<u16>(p.at + i) == number) found = new Part(p.at + i + 8, n);
    i += 8 + n;
  }
  return found;
}

export function fieldNumber(p: Part, number: u32): u32 {
  const f = field(p, number);
  return f.len >= 4 ? load<u32>(f.at) : 0;
}

export function putField(b: Buf, number: u32, from: usize, n: u32): void {
  b.u16(number);
  b.u16(0);
  b.u32(n);
  b.bytes(from, n);
}

export function putFieldNumber(b: Buf, number: u32, v: u32): void {
  b.u16(number);
  b.u16(0);
  b.u32(4);
  b.u32(v);
}
