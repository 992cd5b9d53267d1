// The exports of ABI v1 (ABI.md §1): reads what the host wrote to the arena, calls the conversion, writes the result.

import * as frame from "./frame";
import * as json from "./json";
import * as writer from "./writer";
import * as losses from "./losses";
import * as failure from "./failure";
import * as request from "./request";
import * as answer from "./answer";
import { Buf } from "./bytes";
import { Exchange, ops } from "./answer";
import { Part } from "./frame";

const MANIFEST = '{"name":"ollama","version":"0.1.0","title":{"en":"Ollama","zh":"Ollama"},' +
  '"description":{"en":"Ollama by its own interface","zh":"Ollama 的原生接口"},"homepage":"https://ollama.com","license":"MIT",' +
  '"base_url":"http://127.0.0.1:11434","auth":"bearer","operations":["messages","models"]}';

const NO_FEATURES = memory.data(8);

let arena: usize = 0;
let room: u32 = 0;
let configurations: u32 = 0;
let handles: u32 = 0;
const exchanges = new Map<u32, Exchange>();
const scratch = new Buf();

export function cp_abi_v1(): void {}

export function cp_alloc(size: u32): usize {
  if (size > room) {
    if (arena != 0) heap.free(arena);
    arena = heap.alloc(size);
    room = size;
  }
  return arena;
}

export function cp_manifest(): u64 {
  frame.begin();
  frame.text(frame.BODY, MANIFEST);
  scratch.clear();
  frame.putField(scratch, 1, NO_FEATURES, 8);
  frame.buffer(frame.CONFIG, scratch);
  return frame.finish();
}

// failed is a frame of the failure alone.
function failed(): u64 {
  frame.begin();
  failure.put();
  return frame.finish();
}

// read opens the document of a frame, where it has one.
function read(): void {
  const body = frame.part(arena, frame.BODY), index = frame.part(arena, frame.INDEX), extern = frame.part(arena, frame.EXTERN);
  json.open(body.at, index.at, index.len / 12, extern.at, extern.len / 16);
}

// cp_configure takes no options: any is refused by its name.
export function cp_configure(len: u32): u64 {
  failure.clear();
  read();
  const root = json.root();
  if (root != json.ABSENT && json.kind(root) != json.NULL) {
    if (json.kind(root) != json.OBJECT) failure.fail(failure.INVALID, "options", "must be an object");
    else if (!json.empty(root)) {
      const key = json.first(root);
      failure.fail(failure.INVALID, String.UTF8.decodeUnsafe(json.at(key), json.size(key)), "there is no such option; this adapter takes none");
    }
  }
  if (failure.any()) return failed();
  frame.begin();
  frame.number(frame.HANDLE, configurations++);
  return frame.finish();
}

function open(call: Part, models: bool): void {
  const id = frame.field(call, 4);
  handles++;
  exchanges.set(handles, new Exchange(String.UTF8.decodeUnsafe(id.at, id.len), models));
  frame.number(frame.HANDLE, handles);
}

// sent writes section REQUEST: whether a stream was asked for, and that it comes as JSON lines.
function sent(stream: bool): void {
  scratch.clear();
  frame.putFieldNumber(scratch, 1, stream ? 1 : 0);
  frame.putFieldNumber(scratch, 2, 1);
  frame.buffer(frame.REQUEST, scratch);
}

export function cp_begin(len: u32): u64 {
  failure.clear();
  losses.clear();
  writer.clear();
  const call = frame.part(arena, frame.CALL);
  if (frame.fieldNumber(call, 2) == 2) { // the list of models
    frame.begin();
    frame.text(frame.METHOD, "GET");
    frame.text(frame.PATH, "/api/tags");
    sent(false);
    open(call, true);
    return frame.finish();
  }
  read();
  const stream = (frame.fieldNumber(call, 3) & 1) != 0;
  if (!request.write(frame.field(call, 5), frame.fieldNumber(call, 7), stream)) return failed();
  frame.begin();
  if (request.local()) return nothing();
  frame.text(frame.PATH, "/api/chat");
  sent(stream);
  if (writer.segments.len > 0) {
    writer.close();
    frame.buffer(frame.SEGMENTS, writer.segments);
  }
  frame.buffer(frame.BODY, writer.literal);
  if (losses.list.len > 0) frame.buffer(frame.LOSS, losses.list);
  open(call, false);
  return frame.finish();
}

// nothing is the local answer to a call that asks for no output. It has no exchange.
function nothing(): u64 {
  losses.loss(losses.TUNED, "max_tokens", "no cache can be filled ahead");
  frame.buffer(frame.LOSS, losses.list);
  scratch.clear();
  frame.putFieldNumber(scratch, 1, 4);
  frame.buffer(frame.REQUEST, scratch);
  ops.clear();
  answer.nothing();
  frame.buffer(frame.OPS, ops);
  return frame.finish();
}

// exchange finds an open exchange. One that is not is an internal failure, no trap.
function exchange(handle: u32): Exchange | null {
  ops.clear();
  failure.clear();
  if (exchanges.has(handle)) return exchanges.get(handle);
  failure.fail(failure.INTERNAL, "", "there is no exchange " + handle.toString());
  return null;
}

// result gives the ops, with the failure behind them where there is one.
function result(): u64 {
  if (!failure.any()) return frame.raw(ops);
  frame.begin();
  frame.buffer(frame.OPS, ops);
  failure.put();
  return frame.finish();
}

export function cp_event(handle: u32, len: u32): u64 {
  const x = exchange(handle);
  if (x == null) return result();
  const n = load<u32>(arena);
  let entries = arena + 4 + 12 * n;
  let data = entries;
  for (let i: u32 = 0; i < n; i++) data += 12 * load<u32>(arena + 4 + 12 * i + 8);
  for (let i: u32 = 0; i < n; i++) {
    const head = arena + 4 + 12 * i;
    const count = load<u32>(head + 8);
    data += load<u32>(head); // the name, which Ollama's events do not have
    json.open(data, entries, count, 0, 0);
    if (!answer.chunk(x)) {
      failure.at(i);
      break;
    }
    data += load<u32>(head + 4);
    entries += 12 * count;
  }
  return result();
}

export function cp_whole(handle: u32, len: u32): u64 {
  const x = exchange(handle);
  if (x != null) {
    read();
    answer.whole(x);
  }
  return result();
}

export function cp_end(handle: u32, reason: u32): u64 {
  const x = exchange(handle);
  if (x != null) answer.end(x, reason != 0);
  return result();
}

export function cp_failure(handle: u32, len: u32): u64 {
  if (exchange(handle) != null) {
    read();
    const p = frame.part(arena, frame.STATUS);
    const status = p.there ? load<u32>(p.at) : 0;
    answer.refused(status, classOf(status));
  }
  return failed();
}

function classOf(status: u32): u32 {
  if (status == 401 || status == 403) return failure.AUTH;
  if (status == 402) return failure.QUOTA;
  if (status == 404) return failure.NOT_FOUND;
  if (status == 429) return failure.RATE_LIMITED;
  if (status == 408 || status == 409 || status >= 500) return failure.OVERLOADED;
  if (status >= 400) return failure.INVALID;
  return failure.PROTOCOL;
}

export function cp_close(handle: u32): void {
  exchanges.delete(handle);
}
