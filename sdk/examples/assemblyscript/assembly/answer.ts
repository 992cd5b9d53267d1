// Reads answers of Ollama's chat interface and says them as ops (ABI.md §8, ops/README.md).

import { Buf } from "./bytes";
import * as json from "./json";
import { ARRAY, NULL, OBJECT } from "./json";
import { fail, failWith, PROTOCOL, OVERLOADED } from "./failure";

export const ops = new Buf();

const END_TURN: u32 = 0, MAX_TOKENS: u32 = 1, TOOL_USE: u32 = 3;
const MESSAGE: u32 = 1, TEXT: u32 = 2, THINKING: u32 = 3, TOOL_START: u32 = 6, TOOL_ARGS: u32 = 7, BLOCK_END: u32 = 10, USAGE: u32 = 11, STOP: u32 = 12,
  MODEL: u32 = 13, LOSS: u32 = 14, DONE: u32 = 15;

// The most bytes of a message or name of the upstream's that are passed on, and the most blocks of an answer.
const LONGEST: u32 = 2048, MOST: u32 = 1000;

// Exchange is what is known of one answer so far. It holds nothing of the host's memory.
export class Exchange {
  said: bool = false;
  done: bool = false;
  calls: u32 = 0;
  blocks: u32 = 0; // the number of the next block
  open: u32 = 0; // the op of the block that speaks, 0 for none
  constructor(public id: string, public models: bool) {}
}

function op(code: u32, flags: u32, block: u32, from: usize, n: u32): void {
  ops.u8(code);
  ops.u8(flags);
  ops.u16(block);
  ops.u32(n);
  ops.bytes(from, n);
}

const payload = new Buf();

// two is an op of two strings.
function two(code: u32, block: u32, a: string, b: string): void {
  payload.clear();
  payload.u32(<u32>String.UTF8.byteLength(a));
  payload.str(a);
  payload.str(b);
  op(code, 0, block, payload.ptr, payload.len);
}

const text = new Buf();

// plain is what a string means.
function plain(v: u32): string {
  text.clear();
  text.unescape(json.at(v), json.size(v), LONGEST);
  return String.UTF8.decodeUnsafe(text.ptr, text.len);
}

// chunk reads a piece of the answer, or a whole one.
export function chunk(x: Exchange): bool {
  if (x.done) return true;
  const root = json.root();
  if (json.kind(root) != OBJECT) return fail(PROTOCOL, "", "the answer is not made of JSON objects");
  const error = json.get(root, "error");
  if (json.kind(error) != NULL) return inside(error);
  const model = json.get(root, "model");
  if (!x.said && json.isString(model)) {
    x.said = true;
    two(MESSAGE, 0, "", plain(model));
  }
  const message = json.get(root, "message");
  speak(x, THINKING, json.get(message, "thinking"));
  speak(x, TEXT, json.get(message, "content"));
  const calls = json.get(message, "tool_calls");
  if (json.kind(calls) == ARRAY) {
    for (let v = json.first(calls); v < json.next(calls); v = json.next(v)) {
      if (!call(x, json.get(v, "function"))) return false;
    }
  }
  if (x.blocks > MOST) return fail(PROTOCOL, "", "the answer has too many blocks");
  if (json.isTrue(json.get(root, "done"))) finish(x, root);
  return true;
}

// whole reads an answer that came in one piece.
export function whole(x: Exchange): bool {
  if (x.models) return models();
  if (!chunk(x)) return false;
  return x.done || fail(PROTOCOL, "", "the answer is not done");
}

// speak emits text or thinking. Either goes on in its block until something else speaks.
function speak(x: Exchange, code: u32, v: u32): void {
  if (!json.isString(v) || json.size(v) == 0) return;
  if (x.open != code) {
    close(x);
    x.open = code;
    x.blocks++;
  }
  op(code, 1, x.blocks - 1, json.at(v), json.size(v));
}

function close(x: Exchange): void {
  if (x.open != 0) op(BLOCK_END, 0, x.blocks - 1, 0, 0);
  x.open = 0;
}

// call emits a call, which always comes whole. Ollama gives it no id, so it gets one that is made of the client's call.
function call(x: Exchange, f: u32): bool {
  const name = json.get(f, "name"), input = json.get(f, "arguments");
  if (!json.isString(name) || json.size(name) == 0) return fail(PROTOCOL, "", "a tool call without a name");
  if (json.kind(input) != OBJECT && json.kind(input) != NULL) return fail(PROTOCOL, "", "the arguments of a tool call are no object");
  close(x);
  const block = x.blocks++;
  two(TOOL_START, block, "toolu_" + x.id + "_" + x.calls.toString(), plain(name));
  if (json.kind(input) == OBJECT) op(TOOL_ARGS, 0, block, json.at(input), json.size(input));
  op(BLOCK_END, 0, block, 0, 0);
  x.calls++;
  return true;
}

function finish(x: Exchange, root: u32): void {
  close(x);
  const input = json.whole(json.get(root, "prompt_eval_count")), output = json.whole(json.get(root, "eval_count"));
  payload.clear();
  payload.i64(min<i64>(input, 1000000000));
  payload.i64(min<i64>(output, 1000000000));
  for (let i = 0; i < 4; i++) payload.i64(-1);
  op(USAGE, 0, 0, payload.ptr, payload.len);
  let reason = x.calls > 0 ? TOOL_USE : END_TURN;
  const why = json.get(root, "done_reason");
  if (json.is(why, "length")) reason = MAX_TOKENS;
  else if (json.kind(why) != NULL && !json.is(why, "stop")) two(LOSS, 2, "stop_reason", "unknown done_reason");
  two(STOP, reason, "", "");
  op(DONE, 0, 0, 0, 0);
  x.done = true;
}

// nothing says that nothing was wanted, and nothing came.
export function nothing(): void {
  two(STOP, MAX_TOKENS, "", "");
  op(DONE, 0, 0, 0, 0);
}

// inside is an error within an answer whose status was 200.
function inside(error: u32): bool {
  if (!json.isString(error)) return fail(OVERLOADED, "", "Ollama ended the answer with an error");
  text.clear();
  text.unescape(json.at(error), json.size(error), LONGEST);
  if (text.len == 0) return fail(OVERLOADED, "", "Ollama ended the answer with an error");
  return failWith(OVERLOADED, "", text.ptr, text.len);
}

// end is a stream that ended before it was done.
export function end(x: Exchange, cut: bool): bool {
  return fail(PROTOCOL, "", cut ? "the connection broke in the middle of the answer" : "the answer ended before it was done");
}

// refused classifies an answer that is not 2xx; classOf knows the statuses.
export function refused(status: u32, classOf: u32): void {
  const error = json.get(json.root(), "error");
  text.clear();
  if (json.isString(error)) text.unescape(json.at(error), json.size(error), LONGEST);
  if (text.len == 0) text.str("Ollama answered status " + status.toString());
  failWith(classOf, "", text.ptr, text.len);
}

// models reads the list of models.
function models(): bool {
  const list = json.get(json.root(), "models");
  if (json.kind(list) != ARRAY) return fail(PROTOCOL, "", "the list of models has no models");
  for (let v = json.first(list); v < json.next(list); v = json.next(v)) {
    const name = json.get(v, "name"), when = json.get(v, "modified_at");
    if (!json.isString(name) || json.size(name) == 0) continue;
    payload.clear();
    payload.str('{"type":"model","id":"');
    payload.bytes(json.at(name), json.size(name));
    payload.str('","display_name":"');
    payload.bytes(json.at(name), json.size(name));
    payload.str('","created_at":"');
    if (json.isString(when) && json.size(when) > 0) payload.bytes(json.at(when), json.size(when));
    else payload.str("1970-01-01T00:00:00Z");
    payload.str('"}');
    op(MODEL, 0, 0, payload.ptr, payload.len);
  }
  op(DONE, 0, 0, 0, 0);
  return true;
}
