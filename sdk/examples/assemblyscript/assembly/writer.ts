// The upstream body: bytes of our own, and stretches of the client's body that are named instead of copied (ABI.md §6).

import { Buf } from "./bytes";
import * as json from "./json";

export const literal = new Buf();
export const segments = new Buf();
let opened: u32 = 0; // where the literal that is not yet a segment begins

// over is the length from which a stretch is named. Cut strings have to be.
const over: u32 = 512;

export function clear(): void {
  literal.clear();
  segments.clear();
  opened = 0;
}

export function lit(s: string): void {
  literal.str(s);
}

function segment(kind: u32, offset: u32, n: u32): void {
  segments.u32(kind);
  segments.u32(offset);
  segments.u32(n);
}

// close makes a segment of what was written since the last one.
export function close(): void {
  if (literal.len > opened) segment(0, opened, literal.len - opened);
  opened = literal.len;
}

// pass passes a stretch of BODY on. inside says that it ends with the inside of a string.
function pass(from: u32, to: u32, inside: bool): void {
  const begin = from + json.missing(from, false);
  const end = to + json.missing(to, inside);
  if (end - begin <= over) {
    literal.bytes(json.source() + from, to - from);
    return;
  }
  close();
  segment(1, begin, end - begin);
}

// value passes a value on as it stands.
export function value(v: u32): void {
  const quote: u32 = json.isString(v) ? 1 : 0;
  pass(json.start(v) - quote, json.end(v) + quote, false);
}

// inner passes on what stands between a string's quotes.
export function inner(v: u32): void {
  pass(json.start(v), json.end(v), json.kind(v) == json.EXTERN);
}
