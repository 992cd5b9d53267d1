package firstrun

import (
	"fmt"
	"io"
)

// Greeting is what the program says when it is up.
type Greeting struct {
	// URL is the address that clients use, without /v1.
	URL string
	// Key is how a shell says the key: its value where the program made it, "$PROXY_ACCESS_KEY" where the user set it.
	Key string
	// KeyNote tells where the key comes from.
	KeyNote string
	// Demo says that the implicit demo channel answers, Config which file to add channels to.
	Demo   bool
	Config string
	// Channels is the number of enabled channels.
	Channels int
	// Model is a model name for the examples.
	Model string
	// Code signs a browser into the web UI, once and within ten minutes; "" where there is no web UI.
	Code string
}

// Write prints the greeting; every line that begins with two blanks can be pasted into a shell.
func (g Greeting) Write(w io.Writer) {
	fmt.Fprintf(w, "Claude Proxy is listening on %s\n", g.URL)
	fmt.Fprintf(w, "Access key: %s (%s)\n", g.Key, g.KeyNote)
	if g.Demo {
		fmt.Fprintf(w, "No channel is defined in %s yet: a built-in demo answers until there is one.\n", g.Config)
	} else {
		fmt.Fprintf(w, "Channels: %d enabled, from %s\n", g.Channels, g.Config)
	}
	if g.Code != "" {
		// In the fragment, which browsers send to nobody.
		fmt.Fprintf(w, "Web UI: %s/#code=%s (signs you in once, within ten minutes; after that with an admin key)\n", g.URL, g.Code)
	}
	fmt.Fprintf(w, "\nTry it:\n")
	fmt.Fprintf(w, "  curl -N %s/v1/messages -H \"x-api-key: %s\" -H 'content-type: application/json' -d '{\"model\":\"%s\",\"max_tokens\":200,\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}'\n", g.URL, g.Key, g.Model)
	fmt.Fprintf(w, "\nClaude Code:\n")
	fmt.Fprintf(w, "  export ANTHROPIC_BASE_URL=%s ANTHROPIC_AUTH_TOKEN=\"%s\"\n", g.URL, g.Key)
	fmt.Fprintf(w, "  claude\n\n")
}
