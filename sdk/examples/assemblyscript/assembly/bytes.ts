// Growing stretches of memory, and text as UTF-8 bytes. Text of clients and upstreams is never made a string: it is
// passed on as the bytes that it is.

export class Buf {
  ptr: usize = 0;
  len: u32 = 0;
  private cap: u32 = 0;

  clear(): void {
    this.len = 0;
  }

  // room makes place for n more bytes and gives its address.
  room(n: u32): usize {
    const need = this.len + n;
    if (need > this.cap) {
      const cap = max<u32>(need, max<u32>(this.cap * 2, 1024));
      const grown = heap.alloc(cap);
      if (this.ptr != 0) {
        memory.copy(grown, this.ptr, this.len);
        heap.free(this.ptr);
      }
      this.ptr = grown;
      this.cap = cap;
    }
    const at = this.ptr + this.len;
    this.len = need;
    return at;
  }

  u8(v: u32): void { store<u8>(this.room(1), <u8>v); }
  u16(v: u32): void { store<u16>(this.room(2), <u16>v); }
  u32(v: u32): void { store<u32>(this.room(4), v); }
  i64(v: i64): void { store<i64>(this.room(8), v); }

  bytes(from: usize, n: u32): void {
    const at = this.room(n);
    memory.copy(at, from, n);
  }

  // str appends a string of the program's own.
  str(s: string): void {
    const n = <u32>String.UTF8.byteLength(s);
    String.UTF8.encodeUnsafe(changetype<usize>(s), s.length, this.room(n));
  }

  // rune appends a character as UTF-8.
  rune(c: u32): void {
    if (c < 0x80) {
      this.u8(c);
    } else if (c < 0x800) {
      this.u8(0xc0 | (c >> 6));
      this.u8(0x80 | (c & 63));
    } else if (c < 0x10000) {
      this.u8(0xe0 | (c >> 12));
      this.u8(0x80 | ((c >> 6) & 63));
      this.u8(0x80 | (c & 63));
    } else {
      this.u8(0xf0 | (c >> 18));
      this.u8(0x80 | ((c >> 12) & 63));
      this.u8(0x80 | ((c >> 6) & 63));
      this.u8(0x80 | (c & 63));
    }
  }

  // escape appends plain UTF-8 as the inside of a JSON string.
  escape(from: usize, n: u32): void {
    for (let i: u32 = 0; i < n; i++) {
      const c = load<u8>(from + i);
      if (c == 0x22 || c == 0x5c) {
        this.u8(0x5c);
        this.u8(c);
      } else if (c < 0x20) {
        this.str("\\u00");
        this.u8(hex(c >> 4));
        this.u8(hex(c & 15));
      } else {
        this.u8(c);
      }
    }
  }

  // unescape appends what the inside of a JSON string means, at most most bytes of it. Half a surrogate pair becomes U+FFFD.
  unescape(from: usize, n: u32, most: u32): void {
    const stop = this.len + most;
    for (let i: u32 = 0; i < n && this.len < stop; i++) {
      const c = load<u8>(from + i);
      if (c != 0x5c) {
        // A character is not cut in two: only its first byte looks at the limit.
        this.u8(c);
        while (i + 1 < n && (load<u8>(from + i + 1) & 0xc0) == 0x80) this.u8(load<u8>(from + ++i));
        continue;
      }
      const e = load<u8>(from + ++i);
      if (e == 0x75) {
        let r = hex4(from + i + 1);
        i += 4;
        if (r >= 0xd800 && r < 0xdc00 && i + 6 < n && load<u8>(from + i + 1) == 0x5c && load<u8>(from + i + 2) == 0x75) {
          const low = hex4(from + i + 3);
          if (low >= 0xdc00 && low < 0xe000) {
            r = 0x10000 + ((r - 0xd800) << 10) + (low - 0xdc00);
            i += 6;
          }
        }
        this.rune(r >= 0xd800 && r < 0xe000 ? 0xfffd : r);
      } else if (e == 0x6e) this.u8(10);
      else if (e == 0x74) this.u8(9);
      else if (e == 0x72) this.u8(13);
      else if (e == 0x62) this.u8(8);
      else if (e == 0x66) this.u8(12);
      else this.u8(e);
    }
  }
}

function hex(n: u32): u32 {
  return n < 10 ? 0x30 + n : 0x57 + n;
}

function hex4(at: usize): u32 {
  let v: u32 = 0;
  for (let i = 0; i < 4; i++) {
    const c = <u32>load<u8>(at + i);
    v = (v << 4) | (c <= 0x39 ? c - 0x30 : (c | 0x20) - 0x57);
  }
  return v;
}

// same compares bytes with an ASCII string of the program's own.
export function same(at: usize, n: u32, s: string): bool {
  if (n != <u32>s.length) return false;
  for (let i: u32 = 0; i < n; i++) {
    if (<u32>load<u8>(at + i) != <u32>s.charCodeAt(i)) return false;
  }
  return true;
}
