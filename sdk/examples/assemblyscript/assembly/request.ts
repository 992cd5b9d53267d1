// Writes the request to Ollama's own chat interface, https://github.com/ollama/ollama/blob/main/docs/api.md

import * as json from "./json";
import { ABSENT, ARRAY, NULL, NUMBER, OBJECT } from "./json";
import { literal, lit, value, inner } from "./writer";
import { fail, INVALID, UNSUPPORTED } from "./failure";
import { loss, NOOP, TUNED, APPROXIMATED, DROPPED } from "./losses";
import { Part } from "./frame";

// How a call ends that went well.
export const SENT: u32 = 0, LOCAL: u32 = 1;

// The calls of earlier turns: entries of their ids and names. A result names the tool, not the call.
const callIDs = new Array<u32>();
const callNames = new Array<u32>();

// Places of the top level that are needed later than they come.
let system = ABSENT, turns = ABSENT, tools = ABSENT, choice = ABSENT, limit = ABSENT, format = ABSENT, temperature = ABSENT, topP = ABSENT, topK = ABSENT,
  stop = ABSENT;

function wrong(path: string, what: string): bool {
  return fail(INVALID, path, "must be " + what);
}

function need(v: u32, kind: u32, path: string, what: string): bool {
  if (v == ABSENT) return fail(INVALID, path, "field required");
  return json.kind(v) == kind || wrong(path, what);
}

function needString(v: u32, path: string): bool {
  if (v == ABSENT) return fail(INVALID, path, "field required");
  return json.isString(v) || wrong(path, "a string");
}

function name(key: u32): string {
  return String.UTF8.decodeUnsafe(json.at(key), json.size(key));
}

// write converts the body at hand. It says false when it failed.
export function write(model: Part, most: u32, stream: bool): bool {
  callIDs.length = 0;
  callNames.length = 0;
  if (!top()) return false;
  lit('{"model":"');
  literal.escape(model.at, model.len);
  lit('"');
  if (!writeTools() || !writeTurns() || !writeFormat()) return false;
  lit(stream ? ',"stream":true' : ',"stream":false');
  if (!writeOptions(most)) return false;
  lit("}");
  return true;
}

// local says whether nothing has to be asked: no output is wanted.
export function local(): bool {
  return json.whole(limit) == 0;
}

// top finds the members of the request and reports those that have no counterpart.
function top(): bool {
  system = turns = tools = choice = limit = format = temperature = topP = topK = stop = ABSENT;
  const root = json.root();
  if (json.kind(root) != OBJECT) return fail(INVALID, "", "the request body must be an object");
  for (let k = json.first(root); k < json.next(root); k = json.next(k + 1)) {
    const v = k + 1;
    if (json.is(k, "messages")) turns = v;
    else if (json.kind(v) == NULL || json.is(k, "model") || json.is(k, "stream")) continue;
    else if (json.is(k, "system")) system = v;
    else if (json.is(k, "tools")) tools = v;
    else if (json.is(k, "tool_choice")) choice = v;
    else if (json.is(k, "max_tokens")) limit = v;
    else if (json.is(k, "temperature")) temperature = v;
    else if (json.is(k, "top_p")) topP = v;
    else if (json.is(k, "top_k")) topK = v;
    else if (json.is(k, "stop_sequences")) stop = v;
    else if (json.is(k, "output_config")) {
      if (!outputConfig(v)) return false;
    } else if (!other(k, v)) return false;
  }
  if (!need(turns, ARRAY, "messages", "an array")) return false;
  if (limit == ABSENT) return fail(INVALID, "max_tokens", "field required");
  return json.whole(limit) >= 0 || wrong("max_tokens", "a whole number of at least 0");
}

function outputConfig(v: u32): bool {
  if (json.kind(v) != OBJECT) return wrong("output_config", "an object");
  for (let k = json.first(v); k < json.next(v); k = json.next(k + 1)) {
    if (!json.is(k, "format")) loss(TUNED, "output_config." + name(k), "no such setting");
    else if (json.kind(k + 1) != NULL) format = k + 1;
  }
  return true;
}

// other is a member without a counterpart.
function other(k: u32, v: u32): bool {
  if (json.is(k, "mcp_servers") || json.is(k, "container") || json.is(k, "thread")) {
    if (json.kind(v) == ARRAY && json.empty(v)) return true;
    return fail(UNSUPPORTED, name(k), "only Claude's own servers have this");
  }
  if (json.is(k, "metadata") || json.is(k, "service_tier") || json.is(k, "cache_control")) loss(NOOP, name(k), "means nothing here");
  else if (json.is(k, "thinking")) loss(TUNED, "thinking", "the model thinks as it likes");
  else loss(DROPPED, name(k), "unknown here");
  return true;
}

function writeTools(): bool {
  if (choice != ABSENT && !readChoice()) return false;
  if (tools == ABSENT) return true;
  if (json.kind(tools) != ARRAY) return wrong("tools", "an array");
  if (json.empty(tools)) return true;
  lit(',"tools":[');
  let n = 0;
  for (let v = json.first(tools); v < json.next(tools); v = json.next(v)) {
    if (n > 0) lit(",");
    if (!writeTool(v, "tools[" + (n++).toString() + "]")) return false;
  }
  lit("]");
  return true;
}

function readChoice(): bool {
  if (!need(choice, OBJECT, "tool_choice", "an object")) return false;
  const kind = json.get(choice, "type");
  if (json.is(kind, "any") || json.is(kind, "tool")) return fail(UNSUPPORTED, "tool_choice", "Ollama cannot be told to call a tool");
  if (json.is(kind, "none")) {
    if (tools != ABSENT) loss(APPROXIMATED, "tools", "left out, as none may be called");
    tools = ABSENT;
  } else if (!json.is(kind, "auto")) return wrong("tool_choice.type", "auto, any, tool or none");
  if (json.isTrue(json.get(choice, "disable_parallel_tool_use"))) loss(TUNED, "tool_choice.disable_parallel_tool_use", "no such setting");
  return true;
}

function writeTool(v: u32, path: string): bool {
  if (!need(v, OBJECT, path, "an object")) return false;
  let toolName = ABSENT, description = ABSENT, schema = ABSENT;
  for (let k = json.first(v); k < json.next(v); k = json.next(k + 1)) {
    if (json.is(k, "name")) toolName = k + 1;
    else if (json.is(k, "description")) description = k + 1;
    else if (json.is(k, "input_schema")) schema = k + 1;
    else if (json.is(k, "type")) {
      if (json.kind(k + 1) != NULL && !json.is(k + 1, "custom")) return fail(UNSUPPORTED, path, "Ollama knows functions alone");
    } else loss(TUNED, "tools." + name(k), "no such field");
  }
  if (!needString(toolName, path + ".name") || !need(schema, OBJECT, path + ".input_schema", "an object")) return false;
  lit('{"type":"function","function":{"name":');
  value(toolName);
  if (json.kind(description) != NULL) {
    if (!needString(description, path + ".description")) return false;
    lit(',"description":');
    value(description);
  }
  lit(',"parameters":');
  value(schema);
  lit("}}");
  return true;
}

let said = 0; // messages written

function message(role: string): void {
  if (said++ > 0) lit(",");
  lit('{"role":"' + role + '","content":"');
}

function writeTurns(): bool {
  lit(',"messages":[');
  said = 0;
  if (system != ABSENT && !writeSystem(system, "system")) return false;
  let n = 0;
  for (let v = json.first(turns); v < json.next(turns); v = json.next(v)) {
    const path = "messages[" + (n++).toString() + "]";
    if (!need(v, OBJECT, path, "an object")) return false;
    const role = json.get(v, "role");
    const content = json.get(v, "content");
    if (!json.isString(content) && !need(content, ARRAY, path + ".content", "a string or an array")) return false;
    if (json.is(role, "user")) {
      if (!writeUser(content, path + ".content")) return false;
    } else if (json.is(role, "assistant")) {
      if (!writeAssistant(content, path + ".content")) return false;
    } else if (json.is(role, "system")) {
      if (!writeSystem(content, path + ".content")) return false;
    } else return wrong(path + ".role", "user, assistant or system");
    for (let k = json.first(v); k < json.next(v); k = json.next(k + 1)) {
      if (!json.is(k, "role") && !json.is(k, "content")) loss(DROPPED, "messages." + name(k), "unknown here");
    }
  }
  lit("]");
  return true;
}

function writeSystem(v: u32, path: string): bool {
  if (json.isString(v)) {
    message("system");
    inner(v);
    lit('"}');
    return true;
  }
  if (!need(v, ARRAY, path, "a string or an array")) return false;
  if (json.empty(v)) return true;
  message("system");
  let n = 0;
  for (let b = json.first(v); b < json.next(v); b = json.next(b)) {
    const place = path + "[" + n.toString() + "]";
    if (n++ > 0) lit("\\n\\n");
    if (!need(b, OBJECT, place, "an object")) return false;
    if (!json.is(json.get(b, "type"), "text")) return fail(UNSUPPORTED, place, "only text can stand here");
    if (!writeText(b, place)) return false;
    marks(b);
  }
  lit('"}');
  return true;
}

function writeText(block: u32, path: string): bool {
  const text = json.get(block, "text");
  if (!needString(text, path + ".text")) return false;
  inner(text);
  return true;
}

// marks reports what a block has besides its content.
function marks(block: u32): void {
  if (json.kind(json.get(block, "cache_control")) != NULL) loss(NOOP, "messages.content.cache_control", "Ollama caches by itself");
  if (json.kind(json.get(block, "citations")) != NULL) loss(DROPPED, "messages.content.citations", "no such field");
}

// texts writes all text of a list of blocks and leaves images for pictures. What neither is in it is refused.
function texts(v: u32, path: string): bool {
  if (json.isString(v)) {
    inner(v);
    return true;
  }
  let n = 0, written = 0;
  for (let b = json.first(v); b < json.next(v); b = json.next(b)) {
    const place = path + "[" + (n++).toString() + "]";
    if (!need(b, OBJECT, place, "an object")) return false;
    const kind = json.get(b, "type");
    if (json.is(kind, "text")) {
      if (written++ > 0) lit("\\n");
      if (!writeText(b, place)) return false;
    } else if (!json.is(kind, "image") && !json.is(kind, "tool_result")) {
      if (!needString(kind, place + ".type")) return false;
      return fail(UNSUPPORTED, place, "Ollama takes no block of this type here");
    }
    marks(b);
  }
  return true;
}

// pictures writes the images of a list of blocks.
function pictures(v: u32, path: string): bool {
  if (json.kind(v) != ARRAY) return true;
  let n = 0, written = 0;
  for (let b = json.first(v); b < json.next(v); b = json.next(b)) {
    const place = path + "[" + (n++).toString() + "].source";
    if (!json.is(json.get(b, "type"), "image")) continue;
    const from = json.get(b, "source");
    if (!need(from, OBJECT, place, "an object")) return false;
    if (!needString(json.get(from, "type"), place + ".type")) return false;
    if (!json.is(json.get(from, "type"), "base64")) return fail(UNSUPPORTED, place, "Ollama takes images by base64 alone");
    if (!needString(json.get(from, "data"), place + ".data")) return false;
    lit(written++ == 0 ? ',"images":[' : ",");
    value(json.get(from, "data"));
  }
  if (written > 0) lit("]");
  return true;
}

// writeUser writes the results of calls, a message each, then what the user says.
function writeUser(content: u32, path: string): bool {
  let results = 0, others = 0;
  if (json.kind(content) == ARRAY) {
    let n = 0;
    for (let b = json.first(content); b < json.next(content); b = json.next(b)) {
      const place = path + "[" + (n++).toString() + "]";
      if (json.is(json.get(b, "type"), "tool_result")) {
        if (!writeResult(b, place)) return false;
        results++;
      } else others++;
    }
  }
  if (results > 0 && others == 0) return true;
  message("user");
  if (!texts(content, path)) return false;
  lit('"');
  if (!pictures(content, path)) return false;
  lit("}");
  return true;
}

function writeResult(block: u32, path: string): bool {
  const id = json.get(block, "tool_use_id");
  const content = json.get(block, "content");
  if (!needString(id, path + ".tool_use_id")) return false;
  if (json.kind(content) != NULL && !json.isString(content) && !need(content, ARRAY, path + ".content", "a string or an array")) return false;
  message("tool");
  if (json.isTrue(json.get(block, "is_error"))) {
    lit("Error: ");
    loss(APPROXIMATED, "messages.content.is_error", "told in the text");
  }
  if (json.kind(content) != NULL && !texts(content, path + ".content")) return false;
  lit('"');
  for (let i = callIDs.length - 1; i >= 0; i--) {
    const call = callIDs[i];
    if (json.size(call) == json.size(id) && memory.compare(json.at(call), json.at(id), json.size(id)) == 0) {
      lit(',"tool_name":');
      value(callNames[i]);
      break;
    }
  }
  if (!pictures(content, path + ".content")) return false;
  lit("}");
  marks(block);
  return true;
}

function writeAssistant(content: u32, path: string): bool {
  message("assistant");
  if (json.isString(content)) {
    inner(content);
    lit('"}');
    return true;
  }
  let n = 0, calls = 0, written = 0;
  for (let b = json.first(content); b < json.next(content); b = json.next(b)) {
    const place = path + "[" + (n++).toString() + "]";
    if (!need(b, OBJECT, place, "an object")) return false;
    const kind = json.get(b, "type");
    if (json.is(kind, "text")) {
      if (written++ > 0) lit("\\n");
      if (!writeText(b, place)) return false;
      marks(b);
    } else if (json.is(kind, "tool_use")) calls++;
    else if (json.is(kind, "thinking") || json.is(kind, "redacted_thinking")) loss(TUNED, "messages.content", "earlier thinking is left out");
    else {
      if (!needString(kind, place + ".type")) return false;
      return fail(UNSUPPORTED, place, "Ollama takes no block of this type here");
    }
  }
  lit('"');
  if (calls > 0 && !writeCalls(content, path)) return false;
  lit("}");
  return true;
}

function writeCalls(content: u32, path: string): bool {
  lit(',"tool_calls":[');
  let n = 0, written = 0;
  for (let b = json.first(content); b < json.next(content); b = json.next(b)) {
    const place = path + "[" + (n++).toString() + "]";
    if (!json.is(json.get(b, "type"), "tool_use")) continue;
    const id = json.get(b, "id"), tool = json.get(b, "name"), input = json.get(b, "input");
    if (!needString(id, place + ".id") || !needString(tool, place + ".name") || !need(input, OBJECT, place + ".input", "an object")) return false;
    // Of a cut string only the beginning is here: two of them could not be told apart.
    if (json.kind(id) == json.EXTERN) return fail(INVALID, place + ".id", "too long for an id");
    callIDs.push(id);
    callNames.push(tool);
    if (written++ > 0) lit(",");
    lit('{"function":{"name":');
    value(tool);
    lit(',"arguments":');
    value(input);
    lit("}}");
    marks(b);
  }
  lit("]");
  return true;
}

function writeFormat(): bool {
  if (format == ABSENT) return true;
  if (!need(format, OBJECT, "output_config.format", "an object")) return false;
  if (!json.is(json.get(format, "type"), "json_schema")) return fail(UNSUPPORTED, "output_config.format", "Ollama knows json_schema alone");
  const schema = json.get(format, "schema");
  if (!need(schema, OBJECT, "output_config.format.schema", "an object")) return false;
  lit(',"format":');
  value(schema);
  return true;
}

function writeOptions(most: u32): bool {
  let n = <u32>min<i64>(json.whole(limit), 0x7fffffff);
  if (most > 0 && most < n) {
    n = most;
    loss(TUNED, "max_tokens", "limited by the channel");
  }
  lit(',"options":{"num_predict":' + n.toString());
  if (!setting(temperature, "temperature") || !setting(topP, "top_p") || !setting(topK, "top_k")) return false;
  if (stop != ABSENT) {
    if (json.kind(stop) != ARRAY) return wrong("stop_sequences", "an array");
    for (let v = json.first(stop); v < json.next(stop); v = json.next(v)) {
      if (!json.isString(v)) return wrong("stop_sequences", "an array of strings");
    }
    lit(',"stop":');
    value(stop);
  }
  lit("}");
  return true;
}

function setting(v: u32, key: string): bool {
  if (v == ABSENT) return true;
  if (json.kind(v) != NUMBER) return wrong(key, "a number");
  lit(',"' + key + '":');
  value(v);
  return true;
}
