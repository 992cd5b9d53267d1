package httpapi

import (
	"encoding/json"
	"net/http"
)

// Check is one thing that has to hold for the proxy to be ready.
type Check struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	// Detail says for people how it is. It holds no secret and no name: anyone may ask.
	Detail string `json:"detail,omitempty"`
}

// ready answers /readyz: 200 when every check holds, else 503 with the first that does not. With ?verbose it lists all.
func (a *api) ready(w http.ResponseWriter, r *http.Request) {
	answer := struct {
		Status string  `json:"status"`
		Reason string  `json:"reason,omitempty"`
		Checks []Check `json:"checks,omitempty"`
	}{Status: "ok"}
	var checks []Check
	if a.Ready != nil {
		checks = a.Ready()
	}
	status := http.StatusOK
	for _, c := range checks {
		if !c.OK && status == http.StatusOK {
			status, answer.Status, answer.Reason = http.StatusServiceUnavailable, "not ready", c.Name+": "+c.Detail
		}
	}
	if r.URL.Query().Has("verbose") {
		answer.Checks = checks
	}
	body, err := json.Marshal(answer)
	if err != nil {
		panic("BUG: readiness does not encode: " + err.Error()) // strings and booleans
	}
	w.Header().Set("content-type", "application/json")
	w.WriteHeader(status)
	w.Write(append(body, '\n')) // who asked and left does not hear of it
}
