package contract

import "time"

// SignIn is one of the two ways in. Exactly one field is given.
type SignIn struct {
	// Key is a client key with admin: true.
	Key string `json:"key,omitempty" jsonschema:"writeOnly=true"`
	// Code is the single-use code of the link that the program prints at its start; it lives ten minutes.
	Code string `json:"code,omitempty" jsonschema:"writeOnly=true"`
}

// Session is who is signed in and what may be done.
type Session struct {
	// Name is the name of the client key, or "one-time code".
	Name string `json:"name"`
	// Via is cookie for a browser's session, key where the request itself carried an admin key.
	Via string `json:"via" jsonschema:"enum=cookie,enum=key"`
	// ID names the session in /sessions; empty with via key.
	ID string `json:"id,omitempty"`
	// Expires is the end of the session whatever happens, IdleExpires its end when nothing happens; absent with via key.
	Expires     *time.Time `json:"expires,omitempty"`
	IdleExpires *time.Time `json:"idle_expires,omitempty"`
}

// SessionInfo is one live session in the list of them.
type SessionInfo struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
	Used    time.Time `json:"used"`
	Expires time.Time `json:"expires"`
	// Address is where it was signed in from.
	Address   string `json:"address"`
	UserAgent string `json:"user_agent"`
	// Current marks the session of this request.
	Current bool `json:"current"`
}

// Sessions are all live sessions.
type Sessions struct {
	Items []SessionInfo `json:"items"`
}

// AuditEntry is one thing that somebody did through the admin API.
type AuditEntry struct {
	Time time.Time `json:"time"`
	// Who is the session's or the key's name; empty for a sign-in that failed.
	Who string `json:"who"`
	// Address is the client's address.
	Address string `json:"address"`
	// Action is the operation's name in this document, such as updateChannel.
	Action string `json:"action"`
	// Target is the name of what was acted on; empty where there is no one thing.
	Target string `json:"target"`
	// Status is the HTTP status that it was answered with.
	Status    int    `json:"status"`
	RequestID string `json:"request_id"`
}

// Audit is the newest part of the audit log, newest first; all of it is in the program's log.
type Audit struct {
	Items []AuditEntry `json:"items"`
}
