package meter

import (
	"fmt"
	"strings"
)

// Error says why a module is refused. The plugin is at fault: it has to be built differently, or the limit it exceeds has to be raised.
type Error struct {
	Section  string // section that holds the fault, for example "code"; "" for the file as a whole
	Function int    // index of the function, imports counted first; -1 outside function bodies
	Offset   int    // byte offset in the file
	Op       string // instruction at fault; "" where there is none
	Reason   string // what is wrong and, where it is known, what to do
}

// Error names the place and the reason in one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("the plugin is refused: ")
	if e.Function >= 0 {
		fmt.Fprintf(&b, "function %d, ", e.Function)
	} else if e.Section != "" {
		fmt.Fprintf(&b, "section %s, ", e.Section)
	}
	fmt.Fprintf(&b, "offset %#x", e.Offset)
	if e.Op != "" {
		b.WriteString(", " + e.Op)
	}
	b.WriteString(": " + e.Reason)
	return b.String()
}
