package admin

import (
	"crypto/sha256"
	"net/http"
	"time"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
)

func throttled(wait time.Duration) *problem {
	p := refuse(codeThrottled, "too many sign-ins were tried; the next ones have to wait")
	p.RetryAfterMS = wait.Milliseconds() + 1
	return p
}

// signIn opens a session. Whatever is wrong with the key or the code, the refusal is the same and takes the same time.
func (a *api) signIn(c *call, in *contract.SignIn) (contract.Session, error) {
	c.target = "session"
	if wait := a.throttle.blocked(c.address); wait > 0 {
		return contract.Session{}, throttled(wait)
	}
	var s session
	ok := false
	switch {
	case (in.Key == "") == (in.Code == ""):
		return contract.Session{}, refuse(codeBadRequest, "give either a key or a code")
	case in.Code != "":
		s.name, ok = codeName, a.sessions.redeem(in.Code)
	default:
		s.name, ok = a.adminKey(in.Key)
		s.key = sha256.Sum256([]byte(in.Key))
	}
	if !ok {
		a.throttle.failed(c.address)
		a.delay(c)
		return contract.Session{}, refuse(codeSignInRefused, "the key is not one of an admin, or the code was used or is too old").
			try("look at the access key that the program prints at its start, or at PROXY_ACCESS_KEY")
	}
	s.address, s.agent = c.address, clip(c.r.UserAgent(), 200)
	token, s := a.sessions.open(s)
	http.SetCookie(c.w, &http.Cookie{
		Name: cookieName, Value: token, Path: "/", MaxAge: int(lastEnd / time.Second), HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: secureCookie(c.r),
	})
	c.who = &identity{name: s.name, session: &s}
	return sessionOf(c.who), nil
}

// delay makes guessing slow without holding anything but the guesser's own request.
func (a *api) delay(c *call) {
	timer := time.NewTimer(failDelay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.r.Context().Done():
	}
}

func sessionOf(i *identity) contract.Session {
	if i.session == nil {
		return contract.Session{Name: i.name, Via: "key"}
	}
	end, idle := i.session.expires().UTC(), i.session.idleExpires().UTC()
	return contract.Session{Name: i.name, Via: "cookie", ID: i.session.id, Expires: &end, IdleExpires: &idle}
}

func (a *api) getSession(c *call, _ *nothing) (contract.Session, error) { return sessionOf(c.who), nil }

func (a *api) signOut(c *call, _ *nothing) (nothing, error) {
	if c.who.session != nil {
		a.sessions.close(c.who.session.id)
	}
	http.SetCookie(c.w, &http.Cookie{Name: cookieName, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: secureCookie(c.r)})
	return nothing{}, nil
}

func (a *api) listSessions(c *call, _ *nothing) (contract.Sessions, error) {
	current := ""
	if c.who.session != nil {
		current = c.who.session.id
	}
	return contract.Sessions{Items: a.sessions.list(current)}, nil
}

func (a *api) endSession(c *call, _ *nothing) (nothing, error) {
	c.target = c.name("id")
	if !a.sessions.close(c.target) {
		return nothing{}, refuse(codeNotFound, "there is no such session")
	}
	return nothing{}, nil
}

func (a *api) listAudit(*call, *nothing) (contract.Audit, error) {
	return contract.Audit{Items: a.audit.list()}, nil
}

// clip shortens outside text that is shown to people.
func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
