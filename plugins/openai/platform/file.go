package platform

import (
	"bytes"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// WriteFileName writes the name of a PDF as the inside of a JSON string: a file part needs one that ends in .pdf.
// https://platform.openai.com/docs/guides/pdf-files
func WriteFileName(w *jsonindex.Writer, title jsonindex.Value) {
	head := title.Head()
	if len(head) == 0 {
		w.Lit(`document`)
	} else {
		w.Inner(title)
	}
	if !bytes.HasSuffix(head, []byte(".pdf")) {
		w.Lit(`.pdf`)
	}
}
