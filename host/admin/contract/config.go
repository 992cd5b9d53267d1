package contract

import (
	"encoding/json"
	"time"
)

// Config is plugins.yaml as it may be shown.
type Config struct {
	ETag string `json:"etag"`
	// Path is where the file is.
	Path string `json:"path"`
	// Exists is false while there is no file; saving makes it.
	Exists   bool      `json:"exists"`
	Modified time.Time `json:"modified"`
	// Text is the file with every secret replaced by a placeholder. A save puts the secrets back where a placeholder stands.
	Text string `json:"text"`
	// Writable is false where the file cannot be written; Reason says why.
	Writable bool   `json:"writable"`
	Reason   string `json:"reason"`
	// Problems are errors, warnings and notes about the file as it is.
	Problems []ConfigProblem `json:"problems"`
}

// ConfigText is a whole plugins.yaml as somebody edits it.
type ConfigText struct {
	// Text may hold the placeholders of Config.Text.
	Text string `json:"text"`
}

// Validation is what is found in a text that is not saved.
type Validation struct {
	OK       bool            `json:"ok"`
	Problems []ConfigProblem `json:"problems"`
	// Diff is against the file on disk, with secrets masked.
	Diff string `json:"diff"`
	// ETag is the state of the file that Diff is against.
	ETag string `json:"etag"`
	// CarriesKeys lists the channels whose keys would have to be typed again (code keys_carried_away).
	CarriesKeys []string `json:"carries_keys"`
}

// Setting is one value of the configuration with where it comes from.
type Setting struct {
	// Path as "server.listen" or "channels[main].weight".
	Path string `json:"path"`
	// Value is what counts now, secrets masked.
	Value json.RawMessage `json:"value"`
	// Default is what would count without it; absent where there is none.
	Default *json.RawMessage `json:"default,omitempty"`
	// Source is default, file, .env, environment or flag; Name is the variable or flag, Line the line.
	Source string `json:"source" jsonschema:"enum=default,enum=file,enum=.env,enum=environment,enum=flag"`
	Name   string `json:"name"`
	Line   int    `json:"line"`
	// Editable is false where something wins over the file, or the file cannot be written.
	Editable bool `json:"editable"`
	// Restart says that a change takes effect at the next start.
	Restart bool `json:"restart"`
}

// Settings are the values of the configuration, in its order.
type Settings struct {
	ETag  string    `json:"etag"`
	Items []Setting `json:"items"`
}

// SettingsPatch changes single settings by path. null takes one out of the file.
type SettingsPatch struct {
	Values map[string]json.RawMessage `json:"values"`
}

// HistoryEntry is an older version of plugins.yaml.
type HistoryEntry struct {
	ID   string    `json:"id"`
	Time time.Time `json:"time"`
	// Actor is who made the change that replaced or made it.
	Actor   string `json:"actor"`
	ETag    string `json:"etag"`
	Summary string `json:"summary"`
}

// History are the kept versions, newest first.
type History struct {
	ETag  string         `json:"etag"`
	Items []HistoryEntry `json:"items"`
}

// HistoryVersion is one kept version with its text, secrets masked.
type HistoryVersion struct {
	HistoryEntry
	Text string `json:"text"`
}

// Diff is the difference of two versions, secrets masked.
type Diff struct {
	From string `json:"from"`
	To   string `json:"to"`
	Diff string `json:"diff"`
}

// Rollback names the version to go back to.
type Rollback struct {
	ID string `json:"id"`
}

// Import is a configuration of another kind or place: a plugins.yaml, or the config.json of the old program.
type Import struct {
	// Format is auto, yaml or legacy.
	Format string `json:"format,omitempty" jsonschema:"enum=auto,enum=yaml,enum=legacy"`
	Text   string `json:"text"`
}

// Imported is what an import became; nothing is saved. Save it with PUT /config.
type Imported struct {
	// Text is the plugins.yaml that it became, with its secrets as they came in.
	Text string `json:"text"`
	// Notes say what had no counterpart.
	Notes    []string        `json:"notes"`
	Problems []ConfigProblem `json:"problems"`
	OK       bool            `json:"ok"`
	// Needs are variables that the text refers to and that are not set.
	Needs []string `json:"needs"`
}

// Export is the configuration for another place: every secret is a ${NAME}.
type Export struct {
	Text string `json:"text"`
	// Variables are the names to be set there, in the order of the text.
	Variables []ExportVariable `json:"variables"`
}

// ExportVariable is a variable that an exported text refers to.
type ExportVariable struct {
	Name string `json:"name"`
	// For says which key it stands for.
	For string `json:"for"`
}
