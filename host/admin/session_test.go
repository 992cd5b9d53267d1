package admin

import (
	"bytes"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestSignIn(t *testing.T) {
	r := newRig(t)
	f := func(body string) (reply, *http.Client) {
		t.Helper()
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		client := &http.Client{Jar: jar}
		return r.send(client, "POST", "session", body), client
	}
	a, client := f(`{"key":"` + adminSecret + `"}`)
	cookies := a.Cookies()
	if a.StatusCode != 200 || len(cookies) != 1 {
		t.Fatalf("%d %s %v", a.StatusCode, a.body, cookies)
	}
	if c := cookies[0]; !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Secure || c.Domain != "" {
		t.Errorf("cookie %+v", c)
	}
	if bytes.Contains(a.body, []byte(cookies[0].Value)) {
		t.Error("the token is in the body")
	}
	if a := r.send(client, "GET", "sessions", ""); !strings.Contains(string(a.body), `"current":true`) || strings.Contains(string(a.body), cookies[0].Value) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	// Signing in again is another session: nobody can have planted the token.
	if again := r.send(client, "POST", "session", `{"key":"`+adminSecret+`"}`); again.Cookies()[0].Value == cookies[0].Value {
		t.Error("the token stayed")
	}
	if a := r.send(client, "DELETE", "session", ""); a.StatusCode != 204 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := r.send(client, "GET", "session", ""); a.StatusCode != 401 {
		t.Errorf("after signing out: %d", a.StatusCode)
	}
	// The browser's own Origin tells of https in front of a reverse proxy.
	a = r.send(http.DefaultClient, "POST", "session", `{"key":"`+adminSecret+`"}`, "origin: https://"+strings.TrimPrefix(r.srv.URL, "http://"))
	if a.StatusCode != 200 || !a.Cookies()[0].Secure {
		t.Errorf("%d %s %v", a.StatusCode, a.body, a.Cookies())
	}
	for _, body := range []string{`{}`, `{"key":"a","code":"b"}`, `{"key":1}`, `{"key":"a"}{}`, `{"password":"x"}`, `[`, ``, `null x`} {
		if a, _ := f(body); a.StatusCode != 400 && a.StatusCode != 415 {
			t.Errorf("%s: %d %s", body, a.StatusCode, a.body)
		}
	}
}

func TestCode(t *testing.T) {
	r := newRig(t)
	code := r.api.Code()
	a := r.send(http.DefaultClient, "POST", "session", `{"code":"`+code+`"}`)
	if a.StatusCode != 200 || !strings.Contains(string(a.body), codeName) {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	if again := r.send(http.DefaultClient, "POST", "session", `{"code":"`+code+`"}`); again.StatusCode != 401 {
		t.Errorf("the code works twice: %d", again.StatusCode)
	}
}

// in calls f with a rig without a socket, in a bubble with a clock of its own.
func ask(a *API, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, "http://127.0.0.1:3000"+Path+path, strings.NewReader(body))
	if body != "" {
		req.Header.Set("content-type", "application/json")
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, req)
	return w
}

// C32: every refusal is the same, and after a few the address waits.
func TestThrottle(t *testing.T) {
	r := newRig(t)
	synctest.Test(t, func(t *testing.T) {
		r.api.now, r.api.throttle.now, r.api.sessions.now = time.Now, time.Now, time.Now
		var texts []string
		for _, body := range []string{`{"key":"wrong"}`, `{"key":"` + clientSecret + `"}`, `{"code":"wrong"}`, `{"key":" "}`, `{"key":"` + strings.Repeat("x", 2000) + `"}`} {
			began := time.Now()
			w := ask(r.api, "POST", "session", body)
			if w.Code != 401 || time.Since(began) < failDelay {
				t.Errorf("%s: %d after %v", body, w.Code, time.Since(began))
			}
			texts = append(texts, strings.ReplaceAll(w.Body.String(), w.Header().Get("request-id"), "ID"))
		}
		for _, text := range texts {
			if text != texts[0] {
				t.Errorf("refusals differ: %s\n%s", text, texts[0])
			}
		}
		right := `{"key":"` + adminSecret + `"}`
		w := ask(r.api, "POST", "session", right)
		if w.Code != 429 || w.Header().Get("retry-after") == "" {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if w := ask(r.api, "GET", "session", "", "x-api-key: "+adminSecret); w.Code != 429 {
			t.Errorf("by header: %d %s", w.Code, w.Body)
		}
		time.Sleep(tryEvery)
		if w := ask(r.api, "POST", "session", right); w.Code != 200 {
			t.Errorf("after the wait: %d %s", w.Code, w.Body)
		}
	})
}

func TestSessionEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSessions(time.Now)
		token, _ := s.open(session{name: "boss"})
		f := func(after time.Duration, want bool) {
			t.Helper()
			time.Sleep(after)
			if _, _, ok := s.find(token); ok != want {
				t.Errorf("after %v: %v", after, ok)
			}
		}
		f(idleEnd-time.Second, true)
		f(idleEnd, false)
		token, _ = s.open(session{name: "boss"})
		for range 14 {
			f(idleEnd-time.Minute, true)
		}
		f(idleEnd-time.Minute, false) // seven days are over
		code := s.code()
		time.Sleep(codeEnd)
		if s.redeem(code) {
			t.Error("the code outlived its ten minutes")
		}
		first, _ := s.open(session{name: "boss"})
		for range maxSessions {
			time.Sleep(time.Second)
			s.open(session{name: "boss"})
		}
		if _, _, ok := s.find(first); ok || len(s.table) != maxSessions {
			t.Errorf("%d sessions are kept", len(s.table))
		}
	})
}
