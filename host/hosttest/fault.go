package hosttest

// Fault is what goes wrong with an answer. Everything may be combined; the zero value is a healthy answer.
type Fault struct {
	DelayHead      Duration `json:"delay_head,omitzero"`  // before the response head
	DelayBody      Duration `json:"delay_body,omitzero"`  // between the head and the first byte of the body
	DelayEvent     Duration `json:"delay_event,omitzero"` // before each event
	BytesPerSecond int      `json:"bytes_per_second,omitempty"`
	Hang           string   `json:"hang,omitempty"` // head: nothing is ever answered; body: nothing after the head

	// Cut ends the body early: at CutAfter bytes of the body, or before event CutBefore (1 is the first). How is fin (default:
	// the connection closes in mid-body), rst (it is reset), clean (the body ends as if it were complete) or stall (it stays
	// open and silent).
	CutAfter  *int   `json:"cut_after,omitempty"`
	CutBefore int    `json:"cut_before,omitempty"`
	Cut       string `json:"cut,omitempty"`

	BadChunk int `json:"bad_chunk,omitempty"` // this event (1 is the first) holds broken JSON
	// ErrorBefore puts Error in the place of this event (1 is the first) and ends the stream; an unstreamed answer becomes
	// the error with status 200. Error nil: overloaded.
	ErrorBefore int    `json:"error_before,omitempty"`
	Error       *Error `json:"error,omitempty"`
	GiantEvent  int    `json:"giant_event,omitempty"` // first an event of this many bytes of text
	Flood       int    `json:"flood,omitempty"`       // first this many comments
	Framing     string `json:"framing,omitempty"`     // words of Framings, comma separated
	End         string `json:"end,omitempty"`         // stall: no end mark, then silence; hold: all sent, then silence; comments, repeat: for ever

	ContentType string `json:"content_type,omitempty"` // claimed instead of the true one
	Page        bool   `json:"page,omitempty"`         // an HTML page instead of the answer
	Shape       string `json:"shape,omitempty"`        // sse or json, whatever was asked for
	Gzip        string `json:"gzip,omitempty"`         // yes: compressed; claimed: only the header; unlabelled: without the header
	Redirect    string `json:"redirect,omitempty"`     // 307 to this address
	Empty       bool   `json:"empty,omitempty"`        // a body of no bytes
}

// Framings lists the words of Fault.Framing: lf, crlf, cr (line ends), bom, no-space (after the colon), multi-line (data
// cut after each comma between members), comments (one in each event), unnamed (no event lines), no-last-blank,
// split-runes (writes end inside of runes).
func Framings() []string {
	return []string{"lf", "crlf", "cr", "bom", "no-space", "multi-line", "comments", "unnamed", "no-last-blank", "split-runes"}
}
