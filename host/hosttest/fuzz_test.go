package hosttest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzServe sends any body to every API: there is always an answer, a refusal is always in the vendor's shape, and what is
// accepted is answered in JSON or events that parse.
func FuzzServe(f *testing.F) {
	for _, v := range vendors {
		_, body := v.hello(true)
		f.Add([]byte(body))
		_, body = newHistory(v, `call Read {"file_path":"a"} and call Read {}`).request()
		f.Add([]byte(body))
	}
	f.Add([]byte(`{"contents":[{}],"messages":[null,{"role":"user","content":[[]]}],"input":[{"type":"reasoning"}],"tools":[1]}`))
	s, err := NewHandler(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, v := range vendors {
			for _, path := range []string{v.at(true), v.at(false)} {
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(string(body)))
				for name, value := range v.header {
					r.Header.Set(name, value)
				}
				w := httptest.NewRecorder()
				s.ServeHTTP(w, r)
				switch stream := strings.HasPrefix(w.Header().Get("Content-Type"), "text/event-stream"); {
				case w.Code == 200 && stream && len(streamed(t, w.Body.Bytes())) == 0,
					w.Code == 200 && !stream && !json.Valid(w.Body.Bytes()),
					w.Code != 200 && errorText(t, w.Body.Bytes()) == "":
					t.Errorf("%s: %d %s\nto %q", v.api, w.Code, w.Body, body)
				}
			}
		}
		s.log.set(func() { s.log.requests = nil }) // bodies are kept otherwise
	})
}
