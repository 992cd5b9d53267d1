// Made from host/admin/openapi.json by scripts/api-types.mjs. Do not edit.

/** Adapter is a converter that channels can name: built-in or a loaded plugin. */
export interface Adapter {
  /** Auth is bearer, header:NAME or none. */
  auth: string
  /** BaseURL is a suggestion for new channels. */
  base_url: string
  description: LocalText
  homepage: string
  kind: "builtin" | "wasm"
  license: string
  name: string
  /** Native lists the client formats that pass through unchanged. */
  native: string[]
  /** Operations are what it takes besides messages. */
  operations: string[]
  options: Record<string, unknown> | null
  title: LocalText
  /** UsedBy are the channels that name it. */
  used_by: string[]
  /** Version, Title and Description are the adapter's own words. */
  version: string
}

/** AdapterUse is what a channel says of its adapter. */
export interface AdapterUse {
  /** Kind is builtin, wasm, or absent where no adapter of that name is loaded. */
  kind: "builtin" | "wasm" | "absent"
  name: string
  version: string
}

/** Adapters are all loaded adapters by name. */
export interface Adapters {
  items: Adapter[]
}

/** Attempt is one try on one channel and key. */
export interface Attempt {
  adapter: string
  channel: string
  class: string
  head_ms: number
  /** Key is the label, or the id where it has none; KeyID always the id. */
  key: string
  key_id: string
  kind: string
  /** Model is the upstream's name. */
  model: string
  /** OK marks the attempt that answered. */
  ok: boolean
  reason: string
  /** RetryAfterMS is what the upstream asked for; 0 is nothing. */
  retry_after_ms: number
  /** Source is who was at fault: proxy, client, channel or adapter; Class and Kind say what it was, Status is the upstream's HTTP status (0 is none), Reason is for people. */
  source: string
  /** StartMS is from the arrival of the request to the attempt's beginning, WaitMS the pause before it, HeadMS the time to the upstream's response head (0 is none), TotalMS the whole length. */
  start_ms: number
  status: number
  total_ms: number
  wait_ms: number
}

/** Attention is something that needs somebody's attention, with what to do. */
export interface Attention {
  /** Channel, Key and Plugin name what it is about; empty where it is not about one. */
  channel?: string
  /** Code is channel_down, channel_degraded, key_invalid, key_quota, key_cooling, plugin_failed, reload_failed, read_only, no_channel, restart_needed or config_warning. */
  code: string
  key?: string
  message: string
  plugin?: string
  /** Severity is error or warning. */
  severity: "error" | "warning"
  until?: string
}

/** Audit is the newest part of the audit log, newest first; all of it is in the program's log. */
export interface Audit {
  items: AuditEntry[]
}

/** AuditEntry is one thing that somebody did through the admin API. */
export interface AuditEntry {
  /** Action is the operation's name in this document, such as updateChannel. */
  action: string
  /** Address is the client's address. */
  address: string
  request_id: string
  /** Status is the HTTP status that it was answered with. */
  status: number
  /** Target is the name of what was acted on; empty where there is no one thing. */
  target: string
  time: string
  /** Who is the session's or the key's name; empty for a sign-in that failed. */
  who: string
}

/** Because is a reason for those who say it in another language than English: which sentence it is, and the names that belong into it. */
export interface Because {
  code: "any_model" | "this_model" | "key_refused" | "model_refused" | "pick_refused" | "picks" | "picks_unknown" | "picks_another" | "pattern_misses" | "pattern_decides" | "pattern_beaten" | "route_names_others" | "no_route" | "no_key_for_model" | "switched_off" | "serves_not" | "key_not_ready" | "key_other_models" | "route_off" | "channel_off" | "nobody_serves" | "nobody_but_near" | "no_fit_key" | "fit" | "health" | "adapter_absent" | "stays" | "order_decides" | "strategy_decides"
  /** With are the names by their place in the sentence. They come from clients, upstreams and the file. */
  with?: Record<string, string>
}

/** BulkPatch changes several channels alike, in one write. */
export interface BulkPatch {
  channels: string[]
  /** Settings may hold enabled, priority, weight, tags and loss. */
  settings: ChannelSettings
}

/** Capture is whether bodies are kept for the inspector. */
export interface Capture {
  /** Bodies is off, errors or all. */
  bodies: "off" | "errors" | "all"
  /** Source is config (log.bodies) or api (switched on here until Until). */
  source: "config" | "api"
  until?: string
}

/** CapturedAttempt is one attempt as seen from the upstream's side. */
export interface CapturedAttempt {
  channel: string
  /** Events are what the upstream sent, in order. */
  events: CapturedEvent[]
  key: string
  /** Ops are what the adapter made of them. */
  ops: CapturedOp[]
  /** Request is what went upstream, with the place of the credential marked. */
  request: CapturedMessage
  response: CapturedMessage
}

/** CapturedEvent is one event of a stream. */
export interface CapturedEvent {
  /** AtMS is from the arrival of the request. */
  at_ms: number
  data: string
  name: string
}

/** CapturedExchange holds the bodies of one exchange for the inspector's four panes. Secrets are redacted. */
export interface CapturedExchange {
  /** Attempts are the upstream's side of each attempt. */
  attempts: CapturedAttempt[]
  client_events: CapturedEvent[]
  /** ClientRequest is what the client sent. */
  client_request: CapturedMessage
  /** ClientResponse is the head of the answer that went to the client, ClientEvents what followed it. */
  client_response: CapturedMessage
  id: string
  losses: Loss[]
  /** Truncated says that the memory set aside for one exchange was not enough. */
  truncated: boolean
}

/** CapturedMessage is one request or the head of an answer. */
export interface CapturedMessage {
  /** Body as text; binary parts are escaped. */
  body: string
  headers: Record<string, string[]>
  method?: string
  status?: number
  /** URL is without user and password. */
  url?: string
}

/** CapturedOp is one step of an answer, as the adapter said it. */
export interface CapturedOp {
  at_ms: number
  /** Event is the index of the upstream event that it came from; -1 is none. */
  event: number
  kind: string
  /** Text is the op in one line. */
  text: string
}

/** Changed answers a write: what it did, or would do with ?dry_run=1, to plugins.yaml. */
export interface Changed {
  /** Diff is the change as a unified diff with secrets masked; empty where nothing changes. */
  diff: string
  /** DryRun says that nothing was written. */
  dry_run: boolean
  /** ETag is the configuration's state after the change; with dry_run the state that the diff is based on. */
  etag: string
  /** Reload tells what putting it to work came to; absent with dry_run. */
  reload?: Reload
  /** Warnings are what the configuration is now warned of. */
  warnings: ConfigProblem[]
}

/** Channel is one upstream account set with how it does. */
export interface Channel {
  /** Adapter describes the adapter that the settings name. */
  adapter: AdapterUse
  /** Demo marks the implicit channel that answers while no channel is defined; it cannot be changed. */
  demo: boolean
  /** Host is the host of base_url. */
  host: string
  keys: UpstreamKey[]
  /** Line is where the channel begins in plugins.yaml; 0 for the implicit demo channel. */
  line: number
  settings: ChannelSettings
  status: ChannelStatus
}

/** ChannelChanged answers a write to one channel. */
export interface ChannelChanged {
  /** Channel is the channel as it is now; absent with dry_run and after a deletion. */
  channel?: Channel
  /** Diff is the change as a unified diff with secrets masked; empty where nothing changes. */
  diff: string
  /** DryRun says that nothing was written. */
  dry_run: boolean
  /** ETag is the configuration's state after the change; with dry_run the state that the diff is based on. */
  etag: string
  /** Reload tells what putting it to work came to; absent with dry_run. */
  reload?: Reload
  /** Warnings are what the configuration is now warned of. */
  warnings: ConfigProblem[]
}

/** ChannelKey is an upstream key with the channel that it belongs to. */
export interface ChannelKey {
  channel: string
  enabled: boolean
  /** ID is derived from the secret and stays the same over restarts and moves; it is the fingerprint. */
  id: string
  label: string
  line: number
  /** Masked is the end of a long secret, as "…a1b2"; Ref is "${NAME}" or "file:PATH" where the file refers to it. */
  masked: string
  max_concurrent: number
  /** Models are patterns of upstream models that it may be used for; empty is any. */
  models: string[]
  /** Reason says why it is not used although nobody disabled it, such as an unset variable; else empty. */
  reason: string
  ref: string
  rpm: number
  status: KeyStatus
  weight: number
}

/** ChannelOrder is the new order of all channels, first to last. */
export interface ChannelOrder {
  items: ChannelPlace[]
}

/** ChannelPatch changes a channel. */
export interface ChannelPatch {
  /** Keys replaces all keys; needed where base_url, proxy_url, ca_file or insecure_skip_verify change and the admin key is not confirmed. */
  keys?: NewKey[]
  settings: ChannelSettings
}

/** ChannelPlace is one channel's place in the order. */
export interface ChannelPlace {
  name: string
  /** Priority is its new priority; absent keeps the present one. */
  priority?: number
}

/** ChannelSettings is a channel as plugins.yaml has it, without its keys. Answers hold every field; requests hold those to be set, and in a PATCH null takes a field out of the file, so that its default counts. */
export interface ChannelSettings {
  adapter?: string | null
  auth?: string | null
  base_url?: string | null
  ca_file?: string | null
  description?: string | null
  enabled?: boolean | null
  headers?: Record<string, string> | null
  insecure_skip_verify?: boolean | null
  limits?: Limits | null
  loss?: "allow" | "warn" | "strict" | null
  models?: ModelRule[] | null
  name?: string | null
  options?: Record<string, unknown> | null
  priority?: number | null
  proxy_url?: string | null
  serves?: string[] | null
  tags?: string[] | null
  timeouts?: Timeouts | null
  website?: string | null
  weight?: number | null
}

/** ChannelStatus is how a channel does. */
export interface ChannelStatus {
  channel: string
  code: string
  failures: number
  /** FirstByteMS is the usual time to the first content; 0 is not known. */
  first_byte_ms: number
  in_flight: number
  keys: KeyStatus[]
  /** KeysOK of KeysTotal keys can be used now. */
  keys_ok: number
  keys_total: number
  last_error?: LastError
  last_used?: string
  models: ModelStatus[]
  /** Reason says why in English; Code is for translation, empty when ok. */
  reason: string
  /** Requests counts attempts since the start, Failures those of which the upstream or the way to it was at fault. */
  requests: number
  /** State: ok; degraded (some key or model is out); cooling, invalid or quota (no key can be used before Until); unavailable (its adapter is not loaded, or it has no usable key); disabled; untested (nothing went through it yet). */
  state: "ok" | "degraded" | "cooling" | "invalid" | "quota" | "unavailable" | "disabled" | "untested"
  until?: string
}

/** Channels are all channels in the order of the file. */
export interface Channels {
  /** ETag is the configuration's state, for If-Match. */
  etag: string
  items: Channel[]
}

/** ClientKey is one key that clients present to the proxy, without its secret. */
export interface ClientKey {
  admin: boolean
  enabled: boolean
  expires?: string
  /** LastUsed is the newest of the recent requests with it; absent where there is none. */
  last_used?: string
  line: number
  masked: string
  max_concurrent: number
  models: string[]
  name: string
  pick_channel: boolean
  reason: string
  ref: string
  rpm: number
  /** Source is file, environment (PROXY_ACCESS_KEY), or generated (kept in the state folder). Only file can be changed. */
  source: "file" | "environment" | "generated"
  tokens_per_minute: number
  /** Usable is false where it is disabled, expired or not configured; Reason says why. */
  usable: boolean
}

/** ClientKeySettings is what may be said about a client key besides its secret. In a PATCH null takes a field out of the file. */
export interface ClientKeySettings {
  admin?: boolean | null
  enabled?: boolean | null
  expires?: string | null
  max_concurrent?: number | null
  models?: string[] | null
  name?: string | null
  pick_channel?: boolean | null
  rpm?: number | null
  tokens_per_minute?: number | null
}

/** ClientKeys are all client keys in the order of the file. */
export interface ClientKeys {
  etag: string
  items: ClientKey[]
}

/** Config is plugins.yaml as it may be shown. */
export interface Config {
  etag: string
  /** Exists is false while there is no file; saving makes it. */
  exists: boolean
  modified: string
  /** Path is where the file is. */
  path: string
  /** Problems are errors, warnings and notes about the file as it is. */
  problems: ConfigProblem[]
  reason: string
  /** Text is the file with every secret replaced by a placeholder. A save puts the secrets back where a placeholder stands. */
  text: string
  /** Writable is false where the file cannot be written; Reason says why. */
  writable: boolean
}

/** ConfigChanged is an event: plugins.yaml changed on disk. */
export interface ConfigChanged {
  /** Actor is who changed it; "file" for an editor. */
  actor: string
  etag: string
}

/** ConfigProblem is a mistake, a warning or a note about plugins.yaml. */
export interface ConfigProblem {
  allowed?: string
  /** Code is the kind of problem, such as unknown-key. */
  code: string
  column: number
  /** File is plugins.yaml, .env, or the variable or flag at fault. */
  file: string
  found?: string
  hint?: string
  /** Line and Column count from 1; 0 where File has no lines. */
  line: number
  message: string
  path: string
  /** Severity is error, warning or note. */
  severity: "error" | "warning" | "note"
  try?: string
}

/** ConfigText is a whole plugins.yaml as somebody edits it. */
export interface ConfigText {
  /** Text may hold the placeholders of Config.Text. */
  text: string
}

/** CreatedClientKey answers the making of a client key and its rotation. */
export interface CreatedClientKey {
  /** Diff is the change as a unified diff with secrets masked; empty where nothing changes. */
  diff: string
  /** DryRun says that nothing was written. */
  dry_run: boolean
  /** ETag is the configuration's state after the change; with dry_run the state that the diff is based on. */
  etag: string
  /** Key is the secret, shown this once; empty with dry_run. */
  key: string
  name: string
  /** Reload tells what putting it to work came to; absent with dry_run. */
  reload?: Reload
  /** Warnings are what the configuration is now warned of. */
  warnings: ConfigProblem[]
}

/** Diagnostics is everything that helps to find a fault, scrubbed of secrets, for a report to somebody else. */
export interface Diagnostics {
  audit: AuditEntry[]
  /** Errors are the newest failed exchanges. */
  errors: Exchange[]
  plugins: Plugin[]
  problems: ConfigProblem[]
  settings: Setting[]
  status: Status
}

/** Diff is the difference of two versions, secrets masked. */
export interface Diff {
  diff: string
  from: string
  to: string
}

/** DuplicateKey is a key that is there already. */
export interface DuplicateKey {
  channel: string
  /** ID names the key, Channel where it already is. */
  id: string
  /** Index is the place in keys, or the line of text, from 0. */
  index: number
}

/** Ended is the last event of a stream: the session is over. */
export interface Ended {
  reason: string
}

/** ErrorGroup are failed requests of one kind. */
export interface ErrorGroup {
  channel: string
  class: string
  count: number
  /** Example is the id of the newest exchange. */
  example: string
  /** Fingerprint is channel, class and status. */
  fingerprint: string
  last: string
  message: string
  status: number
}

/** Exchange is one client request and its answer with every attempt: one row of the log and its waterfall. */
export interface Exchange {
  attempts: Attempt[]
  bytes_in: number
  bytes_out: number
  cache_read_tokens: number
  cache_write_tokens: number
  /** Captured says that /exchanges/{id}/capture has its bodies. */
  captured: boolean
  /** Channel, Key and UpstreamModel are those of the attempt that answered, else of the last one. */
  channel: string
  /** Client is the name of the client key, Session the conversation; empty is not known. */
  client: string
  /** Cut says that the answer ended in an error after content was sent. */
  cut: boolean
  /** FirstByteMS and TotalMS are measured from the arrival of the request. */
  first_byte_ms: number
  /** ID is the request id, as clients see it in request-id. */
  id: string
  /** Tokens are as the upstream reported them; -1 is not known. */
  input_tokens: number
  key: string
  /** Live: it is under way; what follows is filled in at its end. */
  live: boolean
  losses: Loss[]
  /** Message is what went wrong last, for people; empty where nothing did. */
  message: string
  /** Model is what the client asked for. */
  model: string
  /** Op is messages or count_tokens; of a request that was turned away it is its path. */
  op: string
  /** Outcome says who or what ended the request; empty while live. */
  outcome: "" | "ok" | "client_error" | "upstream_error" | "adapter_error" | "timeout" | "overloaded" | "canceled"
  output_tokens: number
  /** OverheadMS is the proxy's own time before the first upstream request. */
  overhead_ms: number
  session: string
  /** Status is the HTTP status that the client saw; 0 is none yet. */
  status: number
  stop: string
  stream: boolean
  time: string
  total_ms: number
  upstream_id: string
  upstream_model: string
}

/** Exchanges are recent exchanges, newest first. */
export interface Exchanges {
  items: Exchange[]
  /** Kept is how many exchanges are in memory at most (log.recent). */
  kept: number
  /** Next is the value of before for the next page; empty at the end. */
  next: string
}

/** ExplainChannel is what becomes of a channel. */
export interface ExplainChannel {
  because?: Because
  channel: string
  /** Code is chosen, possible, disabled, not_served, not_in_route, no_key, absent, cooling, full or invalid. */
  code: string
  keys: ExplainKey[]
  max_output_tokens: number
  /** Model is the upstream's name for the model. */
  model: string
  /** Rank is its place among those to be tried, from 1; 0 where it is skipped. */
  rank: number
  reason: string
  /** Tier groups channels of one priority, from 0. */
  tier: number
}

/** ExplainKey is what becomes of a key. */
export interface ExplainKey {
  because?: Because
  /** Code is usable, disabled, not_configured, model_not_allowed, cooling, invalid, quota or full. */
  code: string
  id: string
  label: string
  reason: string
  usable: boolean
}

/** ExplainRequest asks which way a request would take. Nothing is sent. */
export interface ExplainRequest {
  /** Channel is what x-claude-proxy-channel would say. */
  channel?: string
  /** ClientKey is the name of the client key that asks; empty is one that may do everything. */
  client_key?: string
  model: string
  /** Op is messages (the default) or count_tokens. */
  op?: "messages" | "count_tokens"
  /** Session ties the request to a conversation, as x-claude-code-session-id does. */
  session?: string
  stream?: boolean
}

/** ExplainStep is one rule that was looked at. */
export interface ExplainStep {
  because?: Because
  /** Chosen says that the rule decides; else it does not apply. */
  chosen: boolean
  name: string
  reason: string
  /** Rule is client_key, pick_channel, route, priority, strategy or affinity; Name the pattern or value. */
  rule: string
}

/** Explanation is the way of a request: every rule, channel and key, chosen or skipped, and why. */
export interface Explanation {
  /** Channels are all channels: first those that would be tried, in the order of the next request, then the skipped ones. */
  channels: ExplainChannel[]
  model: string
  /** Refusal is why no channel would be tried at all; empty where one would. */
  refusal: string
  /** RefusedBecause is the refusal for other languages; absent where there is none. */
  refused_because?: Because
  /** Settled says that the order is certain; false where chance or turns decide among equals. */
  settled: boolean
  /** Steps are what was decided before channels were looked at, in order. */
  steps: ExplainStep[]
  /** Strategy is the strategy that spreads requests over equals. */
  strategy: string
}

/** Export is the configuration for another place: every secret is a ${NAME}. */
export interface Export {
  text: string
  /** Variables are the names to be set there, in the order of the text. */
  variables: ExportVariable[]
}

/** ExportVariable is a variable that an exported text refers to. */
export interface ExportVariable {
  /** For says which key it stands for. */
  for: string
  name: string
}

/** Families are models for the three families; empty is no suggestion. */
export interface Families {
  haiku: string
  opus: string
  sonnet: string
}

/** FirstRun is what the wizard needs to begin. */
export interface FirstRun {
  /** KeySource is how clients find a key: generated, environment or file. */
  key_source: "generated" | "environment" | "file"
  /** Needed: no channel is defined. */
  needed: boolean
  /** Requests counts what clients asked since the start; the wizard's last step waits for the first. */
  requests: number
}

/** Hello is the first event of a stream of events. What happened before it is not told, so lists are loaded anew. */
export interface Hello {
  status: Status
}

/** History are the kept versions, newest first. */
export interface History {
  etag: string
  items: HistoryEntry[]
}

/** HistoryEntry is an older version of plugins.yaml. */
export interface HistoryEntry {
  /** Actor is who made the change that replaced or made it. */
  actor: string
  etag: string
  id: string
  summary: string
  time: string
}

/** HistoryVersion is one kept version with its text, secrets masked. */
export interface HistoryVersion {
  /** Actor is who made the change that replaced or made it. */
  actor: string
  etag: string
  id: string
  summary: string
  text: string
  time: string
}

/** Import is a configuration of another kind or place: a plugins.yaml, or the config.json of the old program. */
export interface Import {
  /** Format is auto, yaml or legacy. */
  format?: "auto" | "yaml" | "legacy"
  text: string
}

/** Imported is what an import became; nothing is saved. Save it with PUT /config. */
export interface Imported {
  /** Needs are variables that the text refers to and that are not set. */
  needs: string[]
  /** Notes say what had no counterpart. */
  notes: string[]
  ok: boolean
  problems: ConfigProblem[]
  /** Text is the plugins.yaml that it became, with its secrets as they came in. */
  text: string
}

/** KeyChanged answers a write to one key. */
export interface KeyChanged {
  /** Diff is the change as a unified diff with secrets masked; empty where nothing changes. */
  diff: string
  /** DryRun says that nothing was written. */
  dry_run: boolean
  /** ETag is the configuration's state after the change; with dry_run the state that the diff is based on. */
  etag: string
  /** ID is the key's ID after the change: another secret is another ID. */
  id: string
  /** Reload tells what putting it to work came to; absent with dry_run. */
  reload?: Reload
  /** Warnings are what the configuration is now warned of. */
  warnings: ConfigProblem[]
}

/** KeyOrder is the new order of a channel's keys, by ID. */
export interface KeyOrder {
  ids: string[]
}

/** KeySecret is the new secret of a key. */
export interface KeySecret {
  key: string
}

/** KeySettings is what may be said about a key besides its secret. In a PATCH null takes a field out of the file. */
export interface KeySettings {
  enabled?: boolean | null
  label?: string | null
  max_concurrent?: number | null
  models?: string[] | null
  rpm?: number | null
  weight?: number | null
}

/** KeyStatus is how a key does. */
export interface KeyStatus {
  failures: number
  id: string
  in_flight: number
  label: string
  last_used?: string
  models: ModelStatus[]
  reason: string
  requests: number
  /** State is ok, cooling, invalid, quota or disabled. */
  state: "ok" | "cooling" | "invalid" | "quota" | "disabled"
  until?: string
}

/** KeysAdded tells what became of the keys of one request. */
export interface KeysAdded {
  /** Added are the IDs of the new keys. */
  added: string[]
  /** Diff is the change as a unified diff with secrets masked; empty where nothing changes. */
  diff: string
  /** DryRun says that nothing was written. */
  dry_run: boolean
  /** Duplicates were left out because the same key is there already. */
  duplicates: DuplicateKey[]
  /** ETag is the configuration's state after the change; with dry_run the state that the diff is based on. */
  etag: string
  /** Reload tells what putting it to work came to; absent with dry_run. */
  reload?: Reload
  /** Warnings are what the configuration is now warned of. */
  warnings: ConfigProblem[]
}

/** LastError is the newest failure. */
export interface LastError {
  /** Class is the failure's class, such as rate_limited. */
  class: string
  message: string
  /** Status is the upstream's HTTP status; 0 where there was none. */
  status: number
  time: string
}

/** Limits bound what a channel is asked to do; 0 is no limit. */
export interface Limits {
  max_concurrent?: number | null
  max_output_tokens?: number | null
  models?: ModelLimit[] | null
  rpm?: number | null
}

/** LocalText is a text in both languages; either may be empty. */
export interface LocalText {
  en: string
  zh: string
}

/** LogLine is one line of a log. */
export interface LogLine {
  /** Attrs are what the line says beside the message; no secrets. */
  attrs?: Record<string, string>
  level: string
  message: string
  time: string
}

/** Loss is a part of a request that the upstream cannot express. */
export interface Loss {
  kind: string
  note: string
  path: string
}

/** ModelLimit is a limit for the upstream models that match a pattern. */
export interface ModelLimit {
  max_output_tokens: number
  pattern: string
}

/** ModelName is a model name that clients may ask for. */
export interface ModelName {
  /** Channels are the enabled channels that would take it, best first, with the upstream's name for it. */
  channels: RouteTarget[]
  name: string
}

/** ModelRule renames the models that match a pattern. */
export interface ModelRule {
  /** Model is the upstream's name. */
  model: string
  pattern: string
}

/** ModelStatus is how an upstream model on a channel (or on one key of it) does. Models without a record are well. */
export interface ModelStatus {
  model: string
  reason: string
  state: string
  until?: string
}

/** NewChannel is a channel to be added. Settings need name, adapter and base_url at least. */
export interface NewChannel {
  /** Before names the channel that it is put before; empty puts it last. */
  before?: string
  /** CopyOf names a channel whose settings and keys are the start; settings given here win. Its keys are copied only where the address stays the same. */
  copy_of?: string
  keys?: NewKey[]
  settings: ChannelSettings
}

/** NewKey is a key to be added. */
export interface NewKey {
  enabled?: boolean
  /** Key is the secret itself, or ${NAME} for a name in plugins.env_allow. It never comes back. */
  key: string
  label?: string
  max_concurrent?: number
  models?: string[]
  rpm?: number
  weight?: number
}

/** NewKeys adds keys to a channel, as a list or as pasted text. */
export interface NewKeys {
  keys?: NewKey[]
  /** Text holds one key a line; empty lines and lines that begin with # do not count. */
  text?: string
}

/** Overview is the last hour, or day, for the first screen. The last point is of a step that is still running; it comes anew with each event tick. */
export interface Overview {
  /** Attention lists what needs it, the gravest first. */
  attention: Attention[]
  /** Errors are the failed requests of the window, grouped by what they have in common, newest first. */
  errors: ErrorGroup[]
  points: Point[]
  /** Reloads are the newest attempts to put the configuration to work, newest first. */
  reloads: Reload[]
  start: string
  step_ms: number
  /** Window sums the points up. */
  window: Window
}

/** PlaygroundRequest is a Claude Messages request that the proxy sends through itself. The answer is exactly what a client would get: a message, or a stream of Claude events where body.stream is true. */
export interface PlaygroundRequest {
  /** Beta is the header anthropic-beta. */
  beta?: string
  /** Body is the request as POST /v1/messages takes it. */
  body: Record<string, unknown>
  /** Channel picks a channel; empty lets the routing decide. */
  channel?: string
}

/** Plugin is one .wasm file in the plugin folder, or one that a channel names and nobody has put there. */
export interface Plugin {
  /** CallP95US is how long 95% of the serving version's calls took at most, in microseconds and within an eighth; 0 before the first one. */
  call_p95_us: number
  calls: number
  /** Error is why the file was not taken; empty where it was. */
  error: string
  file_sha256: string
  instances: number
  /** Leases are the requests that hold the plugin now. */
  leases: number
  loaded_at?: string
  /** Manifest is what the serving version says of itself; absent where none serves. */
  manifest?: Adapter
  memory: number
  /** Name is the file's name without .wasm, which channels use as adapter. */
  name: string
  /** Pinned says that plugins.modules pins the hash. */
  pinned: boolean
  /** SHA256 is the serving version's, FileSHA256 that of the file; they differ where the file was refused. */
  sha256: string
  size: number
  /** State: loading, active, failed (nothing serves), old_serving (the file is bad, the version before serves), absent. */
  state: "loading" | "active" | "failed" | "old_serving" | "absent"
  traps: number
  used_by: string[]
  versions: PluginVersion[]
}

/** PluginCheck is one finding of the pre-flight. */
export interface PluginCheck {
  detail: string
  name: string
  ok: boolean
}

/** PluginLog is the end of what a plugin wrote. */
export interface PluginLog {
  items: LogLine[]
}

/** PluginReadme is the manual that a plugin's module carries: plain text by an unknown author, each at most 64 KiB and empty where there is none. */
export interface PluginReadme {
  en: string
  zh: string
}

/** PluginReport is what is found in a .wasm file before it is put to work. */
export interface PluginReport {
  /** Checks are the single findings in the order of the checks. */
  checks: PluginCheck[]
  exports: string[]
  /** Imports and Exports of the module, as "module.name". */
  imports: string[]
  /** Manifest is what the module says of itself; absent where it could not be asked. */
  manifest?: Adapter
  /** OK says that it would be taken. */
  ok: boolean
  sha256: string
  size: number
  /** Verdict is one sentence for people. */
  verdict: string
}

/** PluginRollback names the version to go back to. */
export interface PluginRollback {
  sha256: string
}

/** PluginUpload is a file that was sent and checked and does not serve yet. It is kept for 15 minutes. */
export interface PluginUpload {
  expires: string
  id: string
  /** Name is what the plugin will be called. */
  name: string
  /** Replaces is the hash of the version that would be replaced; empty where the name is new. */
  replaces: string
  report: PluginReport
}

/** PluginVersion is a version kept for going back to. */
export interface PluginVersion {
  /** Serving marks the one at work. */
  serving: boolean
  sha256: string
  size: number
  time: string
}

/** Plugins are all plugins by name. */
export interface Plugins {
  /** Dir is the folder that is watched. */
  dir: string
  items: Plugin[]
}

/** Point is one step of the time series. */
export interface Point {
  cache_read_tokens: number
  cache_write_tokens: number
  /** FirstByte percentiles in milliseconds; 0 where nothing was answered. */
  first_byte_p50_ms: number
  first_byte_p95_ms: number
  input_tokens: number
  /** Live is the most at a time. */
  live: number
  output_tokens: number
  /** Requests counts the requests that ended in the step, by outcome; outcomes that did not occur may be missing. */
  requests: Record<string, number>
  time: string
}

/** Preset is a known provider for the first-run wizard. */
export interface Preset {
  /** Families suggests an upstream model for each family of Claude models. */
  families: Families
  id: string
  /** KeyURL is where a key is made; Website the provider's own. */
  key_url: string
  /** KeyVariable is the variable that usually holds the key. */
  key_variable: string
  /** NeedsKey is false for local servers. */
  needs_key: boolean
  /** Settings are the beginning of a channel. */
  settings: ChannelSettings
  title: LocalText
  /** VariableSet says that this variable is set where the program runs. It is offered, never used silently. */
  variable_set: boolean
  website: string
}

/** Presets are all known providers. */
export interface Presets {
  items: Preset[]
}

/** Probe is the test of one key. */
export interface Probe {
  class: string
  input_tokens: number
  key: string
  label: string
  /** Losses are what the upstream could not express of the probe. */
  losses: Loss[]
  model: string
  output_tokens: number
  /** Reason says why it is not ok, Class and Status what was answered. */
  reason: string
  /** Request and Response are the upstream's side, secrets redacted. */
  request?: CapturedMessage
  response?: CapturedMessage
  status: number
  /** Text is the beginning of what was answered. */
  text: string
  timing: ProbeTiming
  /** TokensPerSecond of the answer; 0 is not known. */
  tokens_per_second: number
  /** Try is what to do next. */
  try?: string
  upstream_id: string
  /** UpstreamModel and UpstreamID are the upstream's own words. */
  upstream_model: string
  /** Verdict: ok; failed (the upstream was asked and it did not serve); cannot_probe (it could not be asked, which says nothing about the key). */
  verdict: "ok" | "failed" | "cannot_probe"
}

/** ProbeRequest tests a channel with a tiny real request through its adapter. It never changes health. */
export interface ProbeRequest {
  /** Channel is a saved channel, or Draft one that is not saved yet. Exactly one is given. */
  channel?: string
  draft?: NewChannel
  /** Key is the ID of a key, "all" for each of them, or empty for the first that can be used. */
  key?: string
  /** MaxTokens of the answer; 0 is 16. */
  max_tokens?: number
  /** Model is the client's or the upstream's name; empty takes one that the channel names. */
  model?: string
  /** Models asks for the upstream's own list of models too. */
  models?: boolean
  /** Prompt is what is asked; empty is a few words. */
  prompt?: string
  stream?: boolean
  /** TimeoutMS bounds each probe; 0 is 30000, at most 120000. */
  timeout_ms?: number
}

/** ProbeResult is what a test found, one result for each key. */
export interface ProbeResult {
  items: Probe[]
  /** Models is the upstream's own list; empty where it was not asked for or offers none. */
  models: string[]
  /** ModelsNote says why there is no list. */
  models_note: string
}

/** ProbeTiming splits the time of a probe; 0 is where a step was not needed or not reached. */
export interface ProbeTiming {
  connect_ms: number
  dns_ms: number
  /** FirstByteMS is from the request's being sent to the first byte of the answer. */
  first_byte_ms: number
  /** Reused says that a kept connection served, so DNS, connect and TLS are 0. */
  reused: boolean
  tls_ms: number
  total_ms: number
}

/** Problem is every error of the admin API, as application/problem+json (RFC 9457). */
export interface Problem {
  /** Channels are those whose keys must be typed again (code keys_carried_away). */
  channels?: string[]
  /** Code is stable; programs branch on it and the UI translates by it. */
  code: string
  /** Detail says in English what is wrong here; it holds no secret. */
  detail: string
  /** Errors are the single mistakes of a request body or of the configuration. */
  errors?: ProblemError[]
  /** ETag is the configuration's present state where a change was refused because it is based on an older one. */
  etag?: string
  /** RequestID is also in the header request-id and in the log. */
  request_id: string
  /** RetryAfterMS is how long to wait (code throttled). */
  retry_after_ms?: number
  /** Status is the HTTP status. */
  status: number
  /** Title is the kind of problem in a few English words. */
  title: string
  /** Try is what to do next; empty where that is plain. */
  try?: string
  /** Type is a stable address of the code, "/admin/api/v1/openapi.json#problem-CODE". */
  type: string
}

/** ProblemError is one mistake with its place. */
export interface ProblemError {
  /** Allowed is what may stand there, Hint a guess at what was meant. */
  allowed?: string
  /** Code is the kind of mistake. */
  code: string
  column?: number
  detail: string
  hint?: string
  /** Line and Column of plugins.yaml, from 1; 0 is not known. */
  line?: number
  /** Path is the place in the configuration, as "channels[2].adapter". */
  path?: string
  /** Pointer is a JSON Pointer into the request body; empty where the mistake is not in it. */
  pointer?: string
}

/** Program is the running program. */
export interface Program {
  arch: string
  /** Commit is the revision that it was built from; empty is not known. */
  commit: string
  go: string
  os: string
  started: string
  version: string
}

/** Reload is one attempt to put plugins.yaml to work. */
export interface Reload {
  /** Changed lists the settings that differ, in words safe to show. */
  changed: string[]
  /** ETag is the state of the file that was read. */
  etag?: string
  ok: boolean
  /** Problems are why it failed, or what it is warned of. */
  problems: ConfigProblem[]
  /** Reason is what set it off: start, file, signal, api, cli. */
  reason: string
  /** RestartNeeded lists changed settings that take effect at the next start only. */
  restart_needed: string[]
  time: string
}

/** Reset names what is to be taken for well again. */
export interface Reset {
  /** Key is the ID of the key; empty means the whole channel. */
  key?: string
}

/** Rollback names the version to go back to. */
export interface Rollback {
  id: string
}

/** Route sends the models that match a pattern to a list of channels, in order. */
export interface Route {
  pattern: string
  targets: RouteTarget[]
  /** Warnings say what is odd, such as a channel that is disabled; only in answers. */
  warnings?: string[]
}

/** RouteTarget is one channel of a route. */
export interface RouteTarget {
  channel: string
  /** Model is the upstream model; empty passes on what the channel would use. */
  model?: string
}

/** Routing is how requests find their channel. */
export interface Routing {
  affinity: "auto" | "off"
  affinity_ttl: string
  attempts: number
  etag: string
  /** Models are the explicit routes in the order of the file. */
  models: Route[]
  /** Names are the literal model names that the proxy lists, with who serves them. */
  names: ModelName[]
  /** Overridden names, by field, the variable or flag that wins over the file; such a field is read-only. */
  overridden: Record<string, string>
  strategy: "failover" | "round-robin" | "random" | "least-busy" | "fastest"
}

/** RoutingPatch changes how requests find their channel. In a PATCH null takes a field out of the file. */
export interface RoutingPatch {
  affinity?: "auto" | "off" | null
  affinity_ttl?: string | null
  attempts?: number | null
  models?: Route[] | null
  strategy?: "failover" | "round-robin" | "random" | "least-busy" | "fastest" | null
}

/** Session is who is signed in and what may be done. */
export interface Session {
  /** Expires is the end of the session whatever happens, IdleExpires its end when nothing happens; absent with via key. */
  expires?: string
  /** ID names the session in /sessions; empty with via key. */
  id?: string
  idle_expires?: string
  /** Name is the name of the client key, or "one-time code". */
  name: string
  /** Via is cookie for a browser's session, key where the request itself carried an admin key. */
  via: "cookie" | "key"
}

/** SessionInfo is one live session in the list of them. */
export interface SessionInfo {
  /** Address is where it was signed in from. */
  address: string
  created: string
  /** Current marks the session of this request. */
  current: boolean
  expires: string
  id: string
  name: string
  used: string
  user_agent: string
}

/** Sessions are all live sessions. */
export interface Sessions {
  items: SessionInfo[]
}

/** Setting is one value of the configuration with where it comes from. */
export interface Setting {
  /** Default is what would count without it; absent where there is none. */
  default?: unknown
  /** Editable is false where something wins over the file, or the file cannot be written. */
  editable: boolean
  line: number
  name: string
  /** Path as "server.listen" or "channels[main].weight". */
  path: string
  /** Restart says that a change takes effect at the next start. */
  restart: boolean
  /** Source is default, file, .env, environment or flag; Name is the variable or flag, Line the line. */
  source: "default" | "file" | ".env" | "environment" | "flag"
  /** Value is what counts now, secrets masked. */
  value: unknown
}

/** Settings are the values of the configuration, in its order. */
export interface Settings {
  etag: string
  items: Setting[]
}

/** SettingsPatch changes single settings by path. null takes one out of the file. */
export interface SettingsPatch {
  values: Record<string, unknown>
}

/** SignIn is one of the two ways in. Exactly one field is given. */
export interface SignIn {
  /** Code is the single-use code of the link that the program prints at its start; it lives ten minutes. */
  code?: string
  /** Key is a client key with admin: true. */
  key?: string
}

/** Snippet is a piece to copy that connects a client to this proxy. The key stands as $PROXY_ACCESS_KEY or YOUR_KEY. */
export interface Snippet {
  /** Client groups the snippets of one client. */
  client: string
  /** ID as "claude-code/bash". */
  id: string
  /** Language names the syntax for colouring. */
  language: string
  /** Note is what people trip on. */
  note: LocalText
  text: string
  title: LocalText
}

/** Snippets are all pieces to copy. */
export interface Snippets {
  base_url: string
  items: Snippet[]
}

/** StartCapture keeps bodies for a while. */
export interface StartCapture {
  bodies: "errors" | "all"
  /** Minutes from 1 to 60; 0 is 10. */
  minutes?: number
}

/** Status is the proxy as a whole: what the frame around every screen shows. */
export interface Status {
  /** BaseURL is the address for clients, without /v1. */
  base_url: string
  capture: Capture
  channels: ChannelStatus[]
  config: string
  /** Demo: no channel is defined and the built-in demo answers. */
  demo: boolean
  environment: string
  /** ETag is the state of plugins.yaml on disk; Serving is that of the configuration at work. They differ while a bad file is there. */
  etag: string
  /** LastReload is the newest attempt to put the file to work. */
  last_reload?: Reload
  program: Program
  /** ReadOnly says that nothing can be changed, ReadOnlyReason why. */
  read_only: boolean
  read_only_reason: string
  /** Reasons say why it is not ok. */
  reasons: Attention[]
  serving: string
  /** State is ok, degraded (something needs attention), down (no request can be served) or stopping. */
  state: "ok" | "degraded" | "down" | "stopping"
  totals: Totals
}

/** Tick is an event that comes once a second while numbers change. */
export interface Tick {
  /** Point is the present step of the time series. */
  point: Point
  totals: Totals
}

/** Timeouts bound one attempt, as durations like "30s". */
export interface Timeouts {
  connect?: string | null
  first_byte?: string | null
  idle?: string | null
  whole?: string | null
}

/** Totals count since the start of the program; Live and Waiting are now. */
export interface Totals {
  cache_read_tokens: number
  cache_write_tokens: number
  errors: number
  input_tokens: number
  /** Live are requests and streams under way. */
  live: number
  ok: number
  output_tokens: number
  requests: number
}

/** UpstreamKey is one upstream credential, without its secret. */
export interface UpstreamKey {
  enabled: boolean
  /** ID is derived from the secret and stays the same over restarts and moves; it is the fingerprint. */
  id: string
  label: string
  line: number
  /** Masked is the end of a long secret, as "…a1b2"; Ref is "${NAME}" or "file:PATH" where the file refers to it. */
  masked: string
  max_concurrent: number
  /** Models are patterns of upstream models that it may be used for; empty is any. */
  models: string[]
  /** Reason says why it is not used although nobody disabled it, such as an unset variable; else empty. */
  reason: string
  ref: string
  rpm: number
  status: KeyStatus
  weight: number
}

/** UpstreamKeys are the keys of one channel, or of all. */
export interface UpstreamKeys {
  etag: string
  items: ChannelKey[]
}

/** Validation is what is found in a text that is not saved. */
export interface Validation {
  /** CarriesKeys lists the channels whose keys would have to be typed again (code keys_carried_away). */
  carries_keys: string[]
  /** Diff is against the file on disk, with secrets masked. */
  diff: string
  /** ETag is the state of the file that Diff is against. */
  etag: string
  ok: boolean
  problems: ConfigProblem[]
}

/** Window sums a stretch of time up. */
export interface Window {
  cache_read_tokens: number
  cache_write_tokens: number
  first_byte_p50_ms: number
  first_byte_p95_ms: number
  input_tokens: number
  /** KeysCooling counts the keys that are out now. */
  keys_cooling: number
  ok: number
  output_tokens: number
  requests: number
  /** SuccessRate is from 0 to 1, of the requests that were not the client's fault; 1 where there were none. */
  success_rate: number
}
