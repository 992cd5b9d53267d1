// The failure of the call that runs. There is at most one, and nothing goes on behind it.

import { Buf } from "./bytes";
import { buffer, putField, putFieldNumber, ERROR } from "./frame";

export const INTERNAL: u32 = 0, INVALID: u32 = 1, UNSUPPORTED: u32 = 2, PROTOCOL: u32 = 3, OVERLOADED: u32 = 4, RATE_LIMITED: u32 = 5, AUTH: u32 = 6,
  QUOTA: u32 = 7, NOT_FOUND: u32 = 8;

let failed = false;
const fields = new Buf();
const words = new Buf();

export function clear(): void {
  failed = false;
}

export function any(): bool {
  return failed;
}

// fail notes the failure and says false, for callers that say whether they went well.
export function fail(kind: u32, field: string, message: string): bool {
  words.clear();
  words.str(message);
  return failWith(kind, field, words.ptr, words.len);
}

// failWith is fail with a message that is bytes.
export function failWith(kind: u32, field: string, message: usize, n: u32): bool {
  if (failed) return false;
  failed = true;
  fields.clear();
  putFieldNumber(fields, 1, kind);
  putField(fields, 3, message, n);
  if (field.length > 0) {
    words.clear();
    words.str(field);
    putField(fields, 4, words.ptr, words.len);
  }
  return false;
}

// at says which event of a batch it was.
export function at(event: u32): void {
  putFieldNumber(fields, 2, event);
}

export function put(): void {
  buffer(ERROR, fields);
}
