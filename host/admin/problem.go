package admin

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
)

// code names a kind of problem. Codes are stable: the UI translates by them.
type code string

const (
	codeUnauthorized   code = "unauthorized"
	codeSignInRefused  code = "sign_in_refused"
	codeThrottled      code = "throttled"
	codeHostRefused    code = "host_refused"
	codeOriginRefused  code = "origin_refused"
	codeMediaType      code = "media_type"
	codeBadRequest     code = "bad_request"
	codeTooLarge       code = "too_large"
	codeNotFound       code = "not_found"
	codeMethod         code = "method_not_allowed"
	codeExists         code = "exists"
	codeInUse          code = "in_use"
	codeInvalid        code = "invalid"
	codeVariable       code = "variable_not_allowed"
	codePrecondition   code = "precondition_required"
	codeConflict       code = "conflict"
	codeCarriedAway    code = "keys_carried_away"
	codeConfirm        code = "confirmation_refused"
	codeReadOnly       code = "read_only"
	codeOverridden     code = "overridden"
	codeLastAdmin      code = "last_admin_key"
	codeWriteFailed    code = "write_failed"
	codePluginRefused  code = "plugin_refused"
	codeTooManyStreams code = "too_many_streams"
	codeUnavailable    code = "unavailable"
	codeInternal       code = "internal"
)

// problems gives each code its status and its title, in the order of the document.
var problems = []struct {
	code   code
	status int
	title  string
}{
	{codeUnauthorized, http.StatusUnauthorized, "nobody is signed in, or the session is over"},
	{codeSignInRefused, http.StatusUnauthorized, "the sign-in was refused"},
	{codeThrottled, http.StatusTooManyRequests, "too many sign-ins were tried from this address"},
	{codeHostRefused, http.StatusMisdirectedRequest, "the Host header is not a name of this proxy"},
	{codeOriginRefused, http.StatusForbidden, "the request comes from a page of another origin"},
	{codeMediaType, http.StatusUnsupportedMediaType, "the body is of the wrong kind"},
	{codeBadRequest, http.StatusBadRequest, "the request makes no sense"},
	{codeTooLarge, http.StatusRequestEntityTooLarge, "the body is too large"},
	{codeNotFound, http.StatusNotFound, "there is no such thing"},
	{codeMethod, http.StatusMethodNotAllowed, "the method is not allowed here"},
	{codeExists, http.StatusConflict, "the name is taken"},
	{codeInUse, http.StatusConflict, "something else depends on it"},
	{codeInvalid, http.StatusUnprocessableEntity, "the configuration would be wrong"},
	{codeVariable, http.StatusUnprocessableEntity, "the variable is not in plugins.env_allow"},
	{codePrecondition, http.StatusPreconditionRequired, "If-Match is missing"},
	{codeConflict, http.StatusPreconditionFailed, "the configuration was changed meanwhile"},
	{codeCarriedAway, http.StatusConflict, "keys would go to another address"},
	{codeConfirm, http.StatusForbidden, "the confirming admin key was refused"},
	{codeReadOnly, http.StatusForbidden, "the configuration cannot be written"},
	{codeOverridden, http.StatusConflict, "something wins over the file"},
	{codeLastAdmin, http.StatusConflict, "nobody could sign in any more"},
	{codeWriteFailed, http.StatusInsufficientStorage, "the file could not be written"},
	{codePluginRefused, http.StatusUnprocessableEntity, "the plugin was refused"},
	{codeTooManyStreams, http.StatusTooManyRequests, "the session has too many event streams"},
	{codeUnavailable, http.StatusServiceUnavailable, "this part is not there"},
	{codeInternal, http.StatusInternalServerError, "the proxy made a mistake"},
}

// problem is an error that the client is told of as it stands, so nothing in it may be a secret.
type problem struct{ contract.Problem }

// Error is the text for the log.
func (p *problem) Error() string { return p.Code + ": " + p.Detail }

// refuse makes the problem of a code; detail says in English what is wrong here.
func refuse(c code, detail string) *problem {
	for _, k := range problems {
		if k.code == c {
			return &problem{contract.Problem{
				Type: Path + "openapi.json#problem-" + string(c), Title: k.title, Status: k.status, Code: string(c), Detail: detail,
			}}
		}
	}
	panic("BUG: no problem has the code " + string(c))
}

// try adds what to do next.
func (p *problem) try(text string) *problem {
	p.Try = text
	return p
}

// at adds one mistake of the request's body.
func (p *problem) at(pointer, detail string) *problem {
	p.Errors = append(p.Errors, contract.ProblemError{Pointer: pointer, Code: p.Code, Detail: detail})
	return p
}

// write sends the problem.
func (p *problem) write(w http.ResponseWriter, requestID string) {
	said := p.Problem
	said.RequestID = requestID
	b, err := json.Marshal(said)
	if err != nil {
		panic("BUG: a problem is no JSON: " + err.Error())
	}
	h := w.Header()
	h.Set("content-type", "application/problem+json")
	h.Set("content-length", strconv.Itoa(len(b)))
	if said.RetryAfterMS > 0 {
		h.Set("retry-after", strconv.FormatInt((said.RetryAfterMS+999)/1000, 10))
	}
	w.WriteHeader(said.Status)
	w.Write(b) // a client that left does not hear of it
}
