package admin

import (
	"reflect"
	"slices"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
)

// Path is where the admin API lies. Every path of an operation continues it.
const Path = "/admin/api/v1/"

// operation is one route of the API: what serves it and what openapi.json says of it. The document is made from this table,
// so that neither knows of more than the other.
type operation struct {
	method, path string
	// id is the operationId, which is also the action in the audit log; tag groups operations in the document.
	id, tag, summary string
	endpoint
	// status is that of success; 0 is 200.
	status int
	query  []parameter
	// open operations need nobody signed in.
	open bool
	// edits says that it changes plugins.yaml: it takes If-Match and ?dry_run=1 and can meet every problem of a write.
	edits bool
	// problems are the codes beyond those that every operation may meet.
	problems []code
}

// parameter is one parameter of the query.
type parameter struct{ name, about string }

// endpoint is what goes in and out of an operation. A nil type is no body.
type endpoint struct {
	in, out reflect.Type
	// takes and gives are the media types; empty is JSON.
	takes, gives string
	// events are the types of a stream of events, by name.
	events map[string]reflect.Type
	// serve answers a call, or returns an error with nothing answered.
	serve func(*call) error
}

// by sets what serves an endpoint whose answer is not simply a value as JSON.
func (e endpoint) by(serve func(*call) error) endpoint {
	e.serve = serve
	return e
}

func shapes[In, Out any]() endpoint {
	return endpoint{in: bodyType[In](), out: bodyType[Out]()}
}

// nothing stands for no body.
type nothing struct{}

func bodyType[T any]() reflect.Type {
	if t := reflect.TypeFor[T](); t != reflect.TypeFor[nothing]() {
		return t
	}
	return nil
}

// The tags of the document, in its order.
const (
	tagSession  = "session"
	tagStatus   = "status"
	tagChannels = "channels"
	tagKeys     = "keys"
	tagClients  = "client keys"
	tagRouting  = "routing"
	tagPlugins  = "plugins"
	tagLog      = "exchanges"
	tagConfig   = "config"
	tagTools    = "tools"
)

// operations is the whole API.
func (a *api) operations() []operation {
	return slices.Concat(
		a.sessionOperations(), a.statusOperations(), a.channelOperations(), a.keyOperations(), a.clientOperations(),
		a.routingOperations(), a.pluginOperations(), a.exchangeOperations(), a.configOperations(), a.toolOperations(),
	)
}

func (a *api) sessionOperations() []operation {
	return []operation{
		{method: "GET", path: "session", id: "getSession", tag: tagSession, summary: "Who is signed in",
			endpoint: with(a.getSession)},
		{method: "POST", path: "session", id: "signIn", tag: tagSession, summary: "Sign in with an admin key or a single-use code; sets the session cookie",
			endpoint: with(a.signIn), open: true, problems: []code{codeSignInRefused, codeThrottled}},
		{method: "DELETE", path: "session", id: "signOut", tag: tagSession, summary: "End this session",
			endpoint: with(a.signOut), status: 204},
		{method: "GET", path: "sessions", id: "listSessions", tag: tagSession, summary: "All live sessions",
			endpoint: with(a.listSessions)},
		{method: "DELETE", path: "sessions/{id}", id: "endSession", tag: tagSession, summary: "End a session",
			endpoint: with(a.endSession), status: 204, problems: []code{codeNotFound}},
		{method: "GET", path: "audit", id: "listAudit", tag: tagSession, summary: "What was done through this API, newest first",
			endpoint: with(a.listAudit)},
	}
}

func (a *api) statusOperations() []operation {
	return []operation{
		{method: "GET", path: "status", id: "getStatus", tag: tagStatus, summary: "How the proxy does, with reasons",
			endpoint: with(a.getStatus)},
		{method: "GET", path: "overview", id: "getOverview", tag: tagStatus, summary: "The last hour or day in figures",
			endpoint: with(a.getOverview), query: []parameter{{"range", "1h in steps of ten seconds, which is the default, or 24h in steps of five minutes"}}},
		{method: "GET", path: "events", id: "streamEvents", tag: tagStatus, summary: "Everything live, as one stream of events",
			endpoint: streamOf().by(a.streamEvents), problems: []code{codeTooManyStreams},
			query: []parameter{{"topics", "a list of event names, separated by commas; empty is all. hello and ended always come"}}},
		{method: "GET", path: "diagnostics", id: "getDiagnostics", tag: tagStatus, summary: "What helps to find a fault, without secrets",
			endpoint: with(a.getDiagnostics)},
		{method: "GET", path: "openapi.json", id: "getDocument", tag: tagStatus, summary: "This document",
			endpoint: shapes[nothing, contract.Document]().by(a.getDocument), open: true},
	}
}

// streamOf is the endpoint of the stream of events.
func streamOf() endpoint {
	return endpoint{gives: "text/event-stream", events: map[string]reflect.Type{
		"hello":           reflect.TypeFor[contract.Hello](),
		"request_started": reflect.TypeFor[contract.Exchange](),
		"request_ended":   reflect.TypeFor[contract.Exchange](),
		"health":          reflect.TypeFor[contract.ChannelStatus](),
		"reload":          reflect.TypeFor[contract.Reload](),
		"plugin":          reflect.TypeFor[contract.Plugin](),
		"config":          reflect.TypeFor[contract.ConfigChanged](),
		"tick":            reflect.TypeFor[contract.Tick](),
		"log":             reflect.TypeFor[contract.LogLine](),
		"audit":           reflect.TypeFor[contract.AuditEntry](),
		"ended":           reflect.TypeFor[contract.Ended](),
	}}
}

func (a *api) channelOperations() []operation {
	return []operation{
		{method: "GET", path: "channels", id: "listChannels", tag: tagChannels, summary: "All channels in the order of the file",
			endpoint: with(a.listChannels)},
		{method: "POST", path: "channels", id: "createChannel", tag: tagChannels, summary: "Add a channel",
			endpoint: with(a.createChannel), status: 201, edits: true, problems: []code{codeExists, codeNotFound}},
		{method: "PATCH", path: "channels", id: "updateChannels", tag: tagChannels, summary: "Change several channels alike in one write",
			endpoint: with(a.updateChannels), edits: true, problems: []code{codeNotFound}},
		{method: "PUT", path: "channel-order", id: "orderChannels", tag: tagChannels, summary: "Put all channels in a new order",
			endpoint: with(a.orderChannels), edits: true},
		{method: "GET", path: "channels/{channel}", id: "getChannel", tag: tagChannels, summary: "One channel",
			endpoint: with(a.getChannel), problems: []code{codeNotFound}},
		{method: "PATCH", path: "channels/{channel}", id: "updateChannel", tag: tagChannels, summary: "Change a channel (JSON merge patch of its settings)",
			endpoint: with(a.updateChannel), edits: true, problems: []code{codeNotFound, codeExists}},
		{method: "DELETE", path: "channels/{channel}", id: "deleteChannel", tag: tagChannels, summary: "Delete a channel with its keys",
			endpoint: with(a.deleteChannel), edits: true, problems: []code{codeNotFound, codeInUse}},
		{method: "POST", path: "channels/{channel}/reset", id: "resetChannel", tag: tagChannels, summary: "Take a cooling key, or the whole channel, for well again",
			endpoint: with(a.resetChannel), problems: []code{codeNotFound}},
		{method: "POST", path: "probes", id: "probe", tag: tagChannels, summary: "Test a channel or all its keys with a tiny real request; never changes health",
			endpoint: with(a.probe), problems: []code{codeNotFound, codeInvalid, codeVariable}},
	}
}

func (a *api) keyOperations() []operation {
	return []operation{
		{method: "GET", path: "keys", id: "listKeys", tag: tagKeys, summary: "The upstream keys of all channels",
			endpoint: with(a.listKeys)},
		{method: "GET", path: "channels/{channel}/keys", id: "listChannelKeys", tag: tagKeys, summary: "The keys of a channel",
			endpoint: with(a.listChannelKeys), problems: []code{codeNotFound}},
		{method: "POST", path: "channels/{channel}/keys", id: "addKeys", tag: tagKeys, summary: "Add keys, one or many",
			endpoint: with(a.addKeys), status: 201, edits: true, problems: []code{codeNotFound}},
		{method: "PUT", path: "channels/{channel}/key-order", id: "orderKeys", tag: tagKeys, summary: "Put the keys of a channel in a new order",
			endpoint: with(a.orderKeys), edits: true, problems: []code{codeNotFound}},
		{method: "PATCH", path: "channels/{channel}/keys/{key}", id: "updateKey", tag: tagKeys, summary: "Change what is said about a key (JSON merge patch)",
			endpoint: with(a.updateKey), edits: true, problems: []code{codeNotFound}},
		{method: "PUT", path: "channels/{channel}/keys/{key}/secret", id: "rotateKey", tag: tagKeys, summary: "Give a key a new secret; requests under way end with the old one",
			endpoint: with(a.rotateKey), edits: true, problems: []code{codeNotFound, codeExists}},
		{method: "DELETE", path: "channels/{channel}/keys/{key}", id: "deleteKey", tag: tagKeys, summary: "Delete a key",
			endpoint: with(a.deleteKey), edits: true, problems: []code{codeNotFound}},
	}
}

func (a *api) clientOperations() []operation {
	return []operation{
		{method: "GET", path: "client-keys", id: "listClientKeys", tag: tagClients, summary: "All client keys",
			endpoint: with(a.listClientKeys)},
		{method: "POST", path: "client-keys", id: "createClientKey", tag: tagClients, summary: "Make a client key; its secret is shown this once",
			endpoint: with(a.createClientKey), status: 201, edits: true, problems: []code{codeExists}},
		{method: "PATCH", path: "client-keys/{name}", id: "updateClientKey", tag: tagClients, summary: "Change limits and rights of a client key (JSON merge patch)",
			endpoint: with(a.updateClientKey), edits: true, problems: []code{codeNotFound, codeExists, codeOverridden, codeLastAdmin}},
		{method: "POST", path: "client-keys/{name}/rotate", id: "rotateClientKey", tag: tagClients, summary: "Give a client key a new secret, shown this once; the old one ends at once",
			endpoint: with(a.rotateClientKey), edits: true, problems: []code{codeNotFound, codeOverridden}},
		{method: "DELETE", path: "client-keys/{name}", id: "deleteClientKey", tag: tagClients, summary: "Revoke a client key",
			endpoint: with(a.deleteClientKey), edits: true, problems: []code{codeNotFound, codeOverridden, codeLastAdmin}},
	}
}

func (a *api) routingOperations() []operation {
	return []operation{
		{method: "GET", path: "routing", id: "getRouting", tag: tagRouting, summary: "How requests find their channel",
			endpoint: with(a.getRouting)},
		{method: "PATCH", path: "routing", id: "updateRouting", tag: tagRouting, summary: "Change the routing (JSON merge patch; models is replaced whole)",
			endpoint: with(a.updateRouting), edits: true, problems: []code{codeOverridden}},
		{method: "POST", path: "routing/explain", id: "explainRoute", tag: tagRouting, summary: "Which way a request would take: every rule, channel and key, chosen or skipped, and why",
			endpoint: with(a.explainRoute), problems: []code{codeNotFound}},
	}
}

func (a *api) pluginOperations() []operation {
	upload := shapes[nothing, contract.PluginUpload]()
	upload.takes = "application/wasm"
	return []operation{
		{method: "GET", path: "adapters", id: "listAdapters", tag: tagPlugins, summary: "All adapters that channels can name, with the schema of their options",
			endpoint: with(a.listAdapters)},
		{method: "GET", path: "plugins", id: "listPlugins", tag: tagPlugins, summary: "All plugins",
			endpoint: with(a.listPlugins)},
		{method: "POST", path: "plugin-uploads", id: "uploadPlugin", tag: tagPlugins, summary: "Send a .wasm file and have it checked; it does not serve before it is activated",
			endpoint: upload.by(a.uploadPlugin), status: 201, query: []parameter{{"name", "what the plugin is called, without .wasm"}}, problems: []code{codePluginRefused}},
		{method: "POST", path: "plugin-uploads/{id}/activate", id: "activateUpload", tag: tagPlugins, summary: "Put a checked upload to work",
			endpoint: with(a.activateUpload), problems: []code{codeNotFound, codePluginRefused, codeReadOnly}},
		{method: "DELETE", path: "plugin-uploads/{id}", id: "discardUpload", tag: tagPlugins, summary: "Discard an upload",
			endpoint: with(a.discardUpload), status: 204, problems: []code{codeNotFound}},
		{method: "POST", path: "plugins/{name}/rollback", id: "rollbackPlugin", tag: tagPlugins, summary: "Go back to a kept version",
			endpoint: with(a.rollbackPlugin), problems: []code{codeNotFound, codePluginRefused, codeReadOnly}},
		{method: "DELETE", path: "plugins/{name}", id: "deletePlugin", tag: tagPlugins, summary: "Delete a plugin's file; refused while enabled channels use it",
			endpoint: with(a.deletePlugin), status: 204, problems: []code{codeNotFound, codeInUse, codeReadOnly}},
		{method: "GET", path: "plugins/{name}/readme", id: "getPluginReadme", tag: tagPlugins, summary: "The manual that a plugin's module carries",
			endpoint: with(a.getPluginReadme), problems: []code{codeNotFound}},
		{method: "GET", path: "plugins/{name}/log", id: "getPluginLog", tag: tagPlugins, summary: "The end of what a plugin wrote",
			endpoint: with(a.getPluginLog), problems: []code{codeNotFound}},
	}
}

func (a *api) exchangeOperations() []operation {
	return []operation{
		{method: "GET", path: "exchanges", id: "listExchanges", tag: tagLog, summary: "Recent exchanges, newest first",
			endpoint: with(a.listExchanges), query: []parameter{
				{"limit", "how many, 1 to 1000; 100 where it is missing"}, {"before", "the value of next of the page before"},
				{"outcome", "one or more outcomes, separated by commas; live for those under way"}, {"status", "the HTTP status"}, {"model", "the model that was asked for"},
				{"channel", "a channel that was tried"}, {"key", "label or id of an upstream key that was tried"}, {"client", "name of the client key"},
				{"q", "part of an id, a name, a model, a session or a message"}, {"since", "not older than this time (RFC 3339)"}}},
		{method: "GET", path: "exchanges/{id}", id: "getExchange", tag: tagLog, summary: "One exchange with its attempts",
			endpoint: with(a.getExchange), problems: []code{codeNotFound}},
		{method: "GET", path: "exchanges/{id}/capture", id: "getCapturedExchange", tag: tagLog, summary: "The bodies of one exchange for the inspector, where they were kept",
			endpoint: with(a.getCapturedExchange), problems: []code{codeNotFound}},
		{method: "GET", path: "capture", id: "getCapture", tag: tagLog, summary: "Whether bodies are kept",
			endpoint: with(a.getCapture)},
		{method: "PUT", path: "capture", id: "startCapture", tag: tagLog, summary: "Keep bodies for some minutes",
			endpoint: with(a.startCapture)},
		{method: "DELETE", path: "capture", id: "stopCapture", tag: tagLog, summary: "Keep bodies as the configuration says again",
			endpoint: with(a.stopCapture)},
	}
}

func (a *api) configOperations() []operation {
	return []operation{
		{method: "GET", path: "config", id: "getConfig", tag: tagConfig, summary: "plugins.yaml with its secrets masked",
			endpoint: with(a.getConfig)},
		{method: "PUT", path: "config", id: "saveConfig", tag: tagConfig, summary: "Save the whole plugins.yaml; placeholders become the secrets that they stand for",
			endpoint: with(a.saveConfig), edits: true},
		{method: "POST", path: "config/validate", id: "validateConfig", tag: tagConfig, summary: "Check a text and compare it with the file; nothing is saved",
			endpoint: with(a.validateConfig)},
		{method: "GET", path: "config/history", id: "listHistory", tag: tagConfig, summary: "The kept versions, newest first",
			endpoint: with(a.listHistory)},
		{method: "GET", path: "config/history/{id}", id: "getHistory", tag: tagConfig, summary: "One kept version, secrets masked",
			endpoint: with(a.getHistory), problems: []code{codeNotFound}},
		{method: "GET", path: "config/diff", id: "diffConfig", tag: tagConfig, summary: "The difference of two versions, secrets masked",
			endpoint: with(a.diffConfig), problems: []code{codeNotFound},
			query: []parameter{{"from", "id of a kept version"}, {"to", "id of a kept version; the present file where it is missing"}}},
		{method: "POST", path: "config/rollback", id: "rollbackConfig", tag: tagConfig, summary: "Make a kept version the present one",
			endpoint: with(a.rollbackConfig), edits: true, problems: []code{codeNotFound}},
		{method: "POST", path: "config/import", id: "importConfig", tag: tagConfig, summary: "Turn a configuration of another kind into a plugins.yaml; nothing is saved",
			endpoint: with(a.importConfig)},
		{method: "GET", path: "config/export", id: "exportConfig", tag: tagConfig, summary: "The configuration for another place, with ${NAME} for every secret",
			endpoint: with(a.exportConfig)},
		{method: "GET", path: "config/schema", id: "getConfigSchema", tag: tagConfig, summary: "The JSON Schema of plugins.yaml",
			endpoint: shapes[nothing, contract.Document]().by(a.getConfigSchema)},
		{method: "POST", path: "reload", id: "reload", tag: tagConfig, summary: "Read plugins.yaml now and put it to work",
			endpoint: with(a.reload)},
		{method: "GET", path: "settings", id: "listSettings", tag: tagConfig, summary: "Every value with where it comes from",
			endpoint: with(a.listSettings), query: []parameter{{"section", "only paths that begin with this, as server or log"}}},
		{method: "PATCH", path: "settings", id: "updateSettings", tag: tagConfig, summary: "Change single values of server, routing, plugins and log",
			endpoint: with(a.updateSettings), edits: true, problems: []code{codeOverridden}},
	}
}

func (a *api) toolOperations() []operation {
	play := shapes[contract.PlaygroundRequest, nothing]()
	play.gives = "application/json, text/event-stream"
	return []operation{
		{method: "GET", path: "first-run", id: "getFirstRun", tag: tagTools, summary: "What the first-run wizard begins with",
			endpoint: with(a.getFirstRun)},
		{method: "GET", path: "presets", id: "listPresets", tag: tagTools, summary: "Known providers, each the beginning of a channel",
			endpoint: with(a.listPresets)},
		{method: "GET", path: "snippets", id: "listSnippets", tag: tagTools, summary: "Pieces to copy that connect clients to this proxy",
			endpoint: with(a.listSnippets), query: []parameter{{"model", "the model that the pieces name"}}},
		{method: "POST", path: "playground", id: "playground", tag: tagTools, summary: "Send a Claude request through the proxy itself; errors have Claude's shape, as clients see them",
			endpoint: play.by(a.playground)},
	}
}

// success is the status of success.
func (o *operation) success() int {
	if o.status == 0 {
		return 200
	}
	return o.status
}

// codes are all problems that the operation may answer with.
func (o *operation) codes() []code {
	list := []code{codeHostRefused, codeOriginRefused, codeInternal}
	if !o.open {
		list = append(list, codeUnauthorized)
	}
	if o.in != nil || o.takes != "" {
		list = append(list, codeBadRequest, codeMediaType, codeTooLarge)
	}
	if o.edits {
		list = append(list, codeInvalid, codeVariable, codePrecondition, codeConflict, codeCarriedAway, codeConfirm, codeReadOnly, codeWriteFailed)
	}
	list = append(list, o.problems...)
	slices.Sort(list)
	return slices.Compact(list)
}
