package contract

import (
	"encoding/json"
	"time"
)

// LocalText is a text in both languages; either may be empty.
type LocalText struct {
	EN string `json:"en"`
	ZH string `json:"zh"`
}

// Adapter is a converter that channels can name: built-in or a loaded plugin.
type Adapter struct {
	Name string `json:"name"`
	Kind string `json:"kind" jsonschema:"enum=builtin,enum=wasm"`
	// Version, Title and Description are the adapter's own words.
	Version     string    `json:"version"`
	Title       LocalText `json:"title"`
	Description LocalText `json:"description"`
	Homepage    string    `json:"homepage"`
	License     string    `json:"license"`
	// BaseURL is a suggestion for new channels.
	BaseURL string `json:"base_url"`
	// Auth is bearer, header:NAME or none.
	Auth string `json:"auth"`
	// Native lists the client formats that pass through unchanged.
	Native []string `json:"native"`
	// Operations are what it takes besides messages.
	Operations []string `json:"operations"`
	// Options is the JSON Schema of the channel options, from which a form is made; null where it takes none.
	Options *json.RawMessage `json:"options" jsonschema:"type=object,nullable"`
	// UsedBy are the channels that name it.
	UsedBy []string `json:"used_by"`
}

// Adapters are all loaded adapters by name.
type Adapters struct {
	Items []Adapter `json:"items"`
}

// Plugin is one .wasm file in the plugin folder, or one that a channel names and nobody has put there.
type Plugin struct {
	// Name is the file's name without .wasm, which channels use as adapter.
	Name string `json:"name"`
	// State: loading, active, failed (nothing serves), old_serving (the file is bad, the version before serves), absent.
	State string `json:"state" jsonschema:"enum=loading,enum=active,enum=failed,enum=old_serving,enum=absent"`
	// Error is why the file was not taken; empty where it was.
	Error string `json:"error"`
	// Manifest is what the serving version says of itself; absent where none serves.
	Manifest *Adapter `json:"manifest,omitempty"`
	// SHA256 is the serving version's, FileSHA256 that of the file; they differ where the file was refused.
	SHA256     string `json:"sha256"`
	FileSHA256 string `json:"file_sha256"`
	// Pinned says that plugins.modules pins the hash.
	Pinned   bool       `json:"pinned"`
	Size     int64      `json:"size"`
	LoadedAt *time.Time `json:"loaded_at,omitempty"`
	Calls    int64      `json:"calls"`
	// CallP95US is how long 95% of the serving version's calls took at most, in microseconds and within an eighth; 0 before
	// the first one.
	CallP95US float64 `json:"call_p95_us"`
	Traps     int64   `json:"traps"`
	Memory    int64   `json:"memory"`
	Instances int     `json:"instances"`
	// Leases are the requests that hold the plugin now.
	Leases   int             `json:"leases"`
	UsedBy   []string        `json:"used_by"`
	Versions []PluginVersion `json:"versions"`
}

// PluginVersion is a version kept for going back to.
type PluginVersion struct {
	SHA256 string    `json:"sha256"`
	Size   int64     `json:"size"`
	Time   time.Time `json:"time"`
	// Serving marks the one at work.
	Serving bool `json:"serving"`
}

// Plugins are all plugins by name.
type Plugins struct {
	// Dir is the folder that is watched.
	Dir   string   `json:"dir"`
	Items []Plugin `json:"items"`
}

// PluginReport is what is found in a .wasm file before it is put to work.
type PluginReport struct {
	// OK says that it would be taken.
	OK bool `json:"ok"`
	// Verdict is one sentence for people.
	Verdict string `json:"verdict"`
	SHA256  string `json:"sha256"`
	Size    int64  `json:"size"`
	// Checks are the single findings in the order of the checks.
	Checks []PluginCheck `json:"checks"`
	// Imports and Exports of the module, as "module.name".
	Imports []string `json:"imports"`
	Exports []string `json:"exports"`
	// Manifest is what the module says of itself; absent where it could not be asked.
	Manifest *Adapter `json:"manifest,omitempty"`
}

// PluginCheck is one finding of the pre-flight.
type PluginCheck struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// PluginUpload is a file that was sent and checked and does not serve yet. It is kept for 15 minutes.
type PluginUpload struct {
	ID string `json:"id"`
	// Name is what the plugin will be called.
	Name    string       `json:"name"`
	Expires time.Time    `json:"expires"`
	Report  PluginReport `json:"report"`
	// Replaces is the hash of the version that would be replaced; empty where the name is new.
	Replaces string `json:"replaces"`
}

// PluginRollback names the version to go back to.
type PluginRollback struct {
	SHA256 string `json:"sha256"`
}

// PluginReadme is the manual that a plugin's module carries: plain text by an unknown author, each at most 64 KiB and empty
// where there is none.
type PluginReadme struct {
	EN string `json:"en"`
	ZH string `json:"zh"`
}

// PluginLog is the end of what a plugin wrote.
type PluginLog struct {
	Items []LogLine `json:"items"`
}

// LogLine is one line of a log.
type LogLine struct {
	Time    time.Time `json:"time"`
	Level   string    `json:"level"`
	Message string    `json:"message"`
	// Attrs are what the line says beside the message; no secrets.
	Attrs map[string]string `json:"attrs,omitempty"`
}
