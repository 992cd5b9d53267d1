// What of the request cannot be expressed (section LOSS). Equal entries are kept once.

import { Buf } from "./bytes";

export const NOOP: u32 = 0, TUNED: u32 = 1, APPROXIMATED: u32 = 2, DROPPED: u32 = 3;

export const list = new Buf();
const seen = new Set<string>();

export function clear(): void {
  list.clear();
  seen.clear();
}

export function loss(kind: u32, path: string, note: string): void {
  const all = kind.toString() + path + " " + note;
  if (seen.has(all)) return;
  seen.add(all);
  list.u32(kind);
  list.u32(<u32>String.UTF8.byteLength(path));
  list.u32(<u32>String.UTF8.byteLength(note));
  list.str(path);
  list.str(note);
}
