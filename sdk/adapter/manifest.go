package adapter

// NativeClaude in Manifest.Native says that the upstream speaks the Claude Messages API itself.
const NativeClaude = "claude"

// Text is a text for people in English and Chinese.
type Text struct{ EN, ZH string }

// Manifest describes an adapter.
type Manifest struct {
	// Name is the adapter's own name, [a-z0-9-]{1,64}. Channels name a plugin by its file, not by this.
	Name string
	// Version is the adapter's own version, for people.
	Version string
	// Title and Description are for people.
	Title, Description Text
	// Homepage and License are for people; may be empty.
	Homepage, License string
	// BaseURL is the vendor's usual base URL, a suggestion for new channels; may be empty.
	BaseURL string
	// Auth is the scheme by which the host applies the key: "bearer", "header:<name>" or "none".
	Auth string
	// Native lists the client formats that the upstream speaks itself; see NativeClaude.
	Native []string
	// Operations lists what the adapter takes. Messages is always taken; what is missing here the host answers.
	Operations []Operation
	// Headers lists the client headers that the adapter wants to see in Call.Headers, in lower case. Credentials and
	// cookies are never given.
	Headers []string
	// Options is a JSON Schema (an object schema, as text) of the channel options that New takes; "" means none are taken.
	Options string
}

// Offers says whether the adapter takes this operation.
func (m *Manifest) Offers(op Operation) bool {
	if op == Messages {
		return true
	}
	for _, o := range m.Operations {
		if o == op {
			return true
		}
	}
	return false
}

// Speaks says whether the upstream speaks this client format itself.
func (m *Manifest) Speaks(format string) bool {
	for _, f := range m.Native {
		if f == format {
			return true
		}
	}
	return false
}
