// Package contract holds the shapes of the admin API: what goes in and comes out, as plain data.
//
// The handlers of host/admin answer with these types and with nothing else, and openapi.json is made from them and their
// comments, so the comments speak to whoever calls the API. Times are RFC 3339 in UTC, names ending in _ms are
// milliseconds, durations and sizes that plugins.yaml knows are written as there ("30s", "64KiB"). No field ever holds a
// secret in clear but the two that say so (CreatedClientKey.Key, and the fields named key of requests).
package contract

import "time"

// Problem is every error of the admin API, as application/problem+json (RFC 9457).
type Problem struct {
	// Type is a stable address of the code, "/admin/api/v1/openapi.json#problem-CODE".
	Type string `json:"type"`
	// Title is the kind of problem in a few English words.
	Title string `json:"title"`
	// Status is the HTTP status.
	Status int `json:"status"`
	// Code is stable; programs branch on it and the UI translates by it.
	Code string `json:"code"`
	// Detail says in English what is wrong here; it holds no secret.
	Detail string `json:"detail"`
	// Try is what to do next; empty where that is plain.
	Try string `json:"try,omitempty"`
	// RequestID is also in the header request-id and in the log.
	RequestID string `json:"request_id"`
	// Errors are the single mistakes of a request body or of the configuration.
	Errors []ProblemError `json:"errors,omitempty"`
	// ETag is the configuration's present state where a change was refused because it is based on an older one.
	ETag string `json:"etag,omitempty"`
	// Channels are those whose keys must be typed again (code keys_carried_away).
	Channels []string `json:"channels,omitempty"`
	// RetryAfterMS is how long to wait (code throttled).
	RetryAfterMS int64 `json:"retry_after_ms,omitempty"`
}

// ProblemError is one mistake with its place.
type ProblemError struct {
	// Pointer is a JSON Pointer into the request body; empty where the mistake is not in it.
	Pointer string `json:"pointer,omitempty"`
	// Path is the place in the configuration, as "channels[2].adapter".
	Path string `json:"path,omitempty"`
	// Code is the kind of mistake.
	Code   string `json:"code"`
	Detail string `json:"detail"`
	// Line and Column of plugins.yaml, from 1; 0 is not known.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Allowed is what may stand there, Hint a guess at what was meant.
	Allowed string `json:"allowed,omitempty"`
	Hint    string `json:"hint,omitempty"`
}

// Changed answers a write: what it did, or would do with ?dry_run=1, to plugins.yaml.
type Changed struct {
	// ETag is the configuration's state after the change; with dry_run the state that the diff is based on.
	ETag string `json:"etag"`
	// DryRun says that nothing was written.
	DryRun bool `json:"dry_run"`
	// Diff is the change as a unified diff with secrets masked; empty where nothing changes.
	Diff string `json:"diff"`
	// Reload tells what putting it to work came to; absent with dry_run.
	Reload *Reload `json:"reload,omitempty"`
	// Warnings are what the configuration is now warned of.
	Warnings []ConfigProblem `json:"warnings"`
}

// Reload is one attempt to put plugins.yaml to work.
type Reload struct {
	Time time.Time `json:"time"`
	// Reason is what set it off: start, file, signal, api, cli.
	Reason string `json:"reason"`
	OK     bool   `json:"ok"`
	// ETag is the state of the file that was read.
	ETag string `json:"etag,omitempty"`
	// Changed lists the settings that differ, in words safe to show.
	Changed []string `json:"changed"`
	// Problems are why it failed, or what it is warned of.
	Problems []ConfigProblem `json:"problems"`
	// RestartNeeded lists changed settings that take effect at the next start only.
	RestartNeeded []string `json:"restart_needed"`
}

// ConfigProblem is a mistake, a warning or a note about plugins.yaml.
type ConfigProblem struct {
	// Severity is error, warning or note.
	Severity string `json:"severity" jsonschema:"enum=error,enum=warning,enum=note"`
	// Code is the kind of problem, such as unknown-key.
	Code string `json:"code"`
	// File is plugins.yaml, .env, or the variable or flag at fault.
	File string `json:"file"`
	// Line and Column count from 1; 0 where File has no lines.
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Path    string `json:"path"`
	Message string `json:"message"`
	Found   string `json:"found,omitempty"`
	Allowed string `json:"allowed,omitempty"`
	Hint    string `json:"hint,omitempty"`
	Try     string `json:"try,omitempty"`
}

// Document is a JSON document with a specification of its own.
type Document map[string]any
