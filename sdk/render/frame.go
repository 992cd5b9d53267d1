package render

// CanPing says whether a ping may go out now: in a stream, between message_start and the end.
func (s *State) CanPing() bool { return !s.whole && s.started && !s.done && s.err == nil }

// Ping appends a ping event where one may go out, which keeps clients and what lies between awake.
func (s *State) Ping(dst []byte) []byte {
	if !s.CanPing() {
		return dst
	}
	return AppendPing(dst)
}

// AppendPing appends a ping event. It belongs between message_start and the end of a stream and nowhere else.
func AppendPing(dst []byte) []byte {
	return append(dst, "event: ping\ndata: {\"type\":\"ping\"}\n\n"...)
}

// AppendError appends an error event. body is the JSON object that would have been the answer's body:
// {"type":"error","error":{"type":…,"message":…}}. Nothing may follow it in the stream.
func AppendError(dst, body []byte) []byte {
	dst = append(dst, "event: error\ndata: "...)
	dst = appendLine(dst, body)
	return append(dst, "\n\n"...)
}

// AppendComment appends a comment, which clients skip; it may stand between any two events and before the first. Line
// breaks in text become spaces.
func AppendComment(dst []byte, text string) []byte {
	dst = append(dst, ": "...)
	for i := range len(text) {
		c := text[i]
		if c == '\n' || c == '\r' {
			c = ' '
		}
		dst = append(dst, c)
	}
	return append(dst, "\n\n"...)
}
