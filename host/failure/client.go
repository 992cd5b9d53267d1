package failure

import (
	"fmt"
	"time"
)

// refusal is one line of the table of errors that the proxy gives by itself, before or without an attempt.
type refusal struct {
	when    string
	numbers string
	status  int
	typ     string
	retry   Tristate
	close   bool
}

type refusalID uint8

const (
	refuseInput refusalID = iota
	refuseKey
	refusePermission
	refuseModel
	refuseMethod
	refuseSize
	refuseSlow
	refuseLimit
	refuseCooling
	refuseUnusable
	refuseGuessing
	refuseOverload
	refuseMemory
	refuseDrain
	refuseBug

	refusals
)

var refusalTable = [refusals]refusal{
	refuseInput:      {"bad request, naming the field", "C04–C09, C11, C36", 400, "invalid_request_error", No, false},
	refuseKey:        {"no client key, an unknown, disabled or expired one, or two that differ", "C18, C19, C20", 401, "authentication_error", No, false},
	refusePermission: {"the client key may not do this", "", 403, "permission_error", No, false},
	refuseModel:      {"unknown model, or no route", "", 404, "not_found_error", No, false},
	refuseMethod:     {"another method than the path takes", "C11", 405, "invalid_request_error", No, false},
	refuseSize:       {"request body too large", "C01, C12", 413, "request_too_large", No, true},
	refuseSlow:       {"request body did not arrive in time", "C03", 400, "invalid_request_error", No, true},
	refuseLimit:      {"the client key is over its own limit", "C25", 429, "rate_limit_error", Unset, false},
	refuseCooling:    {"every upstream key waits out a Retry-After or is at a limit of its own", "U37", 429, "rate_limit_error", Unset, false},
	refuseUnusable:   {"no upstream key for the model is usable: refused lately, disabled or not set", "U05, U37", 502, "api_error", No, false},
	refuseOverload:   {"the proxy sheds load", "C24", 529, "overloaded_error", Unset, false},
	refuseGuessing:   {"too many refused client keys from one address", "C18", 429, "rate_limit_error", Unset, false},
	refuseMemory:     {"the proxy's memory is nearly used up", "O06", 529, "overloaded_error", Unset, true},
	refuseDrain:      {"the proxy is stopping", "O01", 529, "overloaded_error", Unset, true},
	refuseBug:        {"a mistake in the proxy", "O03", 500, "api_error", Unset, false},
}

func refuse(id refusalID, message string) *Answer {
	r := &refusalTable[id]
	return &Answer{Status: r.status, Type: r.typ, ShouldRetry: r.retry, Close: r.close, Message: message}
}

// BadRequest is the answer to a request that is wrong. field is the path of the member at fault, "" for none.
func BadRequest(field, message string) *Answer {
	return refuse(refuseInput, clip(withField(&Fault{Field: field, Message: message}), maxMessage))
}

// Unauthorized is the answer to a request without one valid client key. Its text never varies, so that nothing can be
// learnt from it.
func Unauthorized() *Answer {
	return refuse(refuseKey, "invalid or missing client key: send one as x-api-key or as Authorization: Bearer")
}

// Forbidden is the answer to a valid client key that may not do this.
func Forbidden(message string) *Answer { return refuse(refusePermission, message) }

// NotFound is the answer to a model or a path that does not exist.
func NotFound(message string) *Answer { return refuse(refuseModel, message) }

// MethodNotAllowed is the answer to a method that the path does not take; allow lists those that it takes.
func MethodNotAllowed(allow string) *Answer {
	a := refuse(refuseMethod, "method not allowed here; use "+allow)
	a.Allow = allow
	return a
}

// TooLarge is the answer to a body over limit bytes.
func TooLarge(limit int64) *Answer {
	size := fmt.Sprintf("%d bytes", limit)
	switch {
	case limit >= 1<<20 && limit%(1<<20) == 0:
		size = fmt.Sprintf("%d MiB", limit>>20)
	case limit >= 1<<10 && limit%(1<<10) == 0:
		size = fmt.Sprintf("%d KiB", limit>>10)
	}
	return refuse(refuseSize, "the request body is larger than "+size)
}

// SlowBody is the answer to a body that did not arrive in time.
func SlowBody() *Answer {
	return refuse(refuseSlow, "the request body did not arrive in time")
}

// Limited is the answer to a client key that is over its own limit until after has passed.
func Limited(message string, after time.Duration) *Answer {
	a := refuse(refuseLimit, message)
	a.RetryAfter = within(after, time.Second, time.Minute)
	return a
}

// AllCooling is the answer while every upstream key waits out a Retry-After or is at its configured limit; wait is when the
// first of them is expected to be free.
func AllCooling(wait time.Duration) *Answer {
	a := refuse(refuseCooling, "every upstream key for this model has been asked to wait or is at its limit")
	a.RetryAfter = within(wait, time.Second, time.Minute)
	return a
}

// Unusable is the answer while no upstream key for the model can be used: refused lately, disabled, or not set.
func Unusable() *Answer {
	return refuse(refuseUnusable, "no upstream key for this model is usable; whoever runs this proxy must check the keys of its channels")
}

// Overloaded is the answer of a proxy that sheds load; the caller jitters after.
func Overloaded(after time.Duration) *Answer {
	a := refuse(refuseOverload, "the proxy is at its limit of concurrent requests")
	a.RetryAfter = within(after, time.Second, 5*time.Second)
	return a
}

// Shedding is the answer of a proxy whose memory is short; the caller jitters after.
func Shedding(after time.Duration) *Answer {
	a := refuse(refuseMemory, "the proxy is short of memory")
	a.RetryAfter = within(after, time.Second, 5*time.Second)
	return a
}

// Guessing is the answer to an address that sent too many keys that are not valid.
func Guessing(after time.Duration) *Answer {
	a := refuse(refuseGuessing, "too many requests from this address without a valid client key")
	a.RetryAfter = within(after, time.Second, time.Minute)
	return a
}

// Draining is the answer of a proxy that is stopping.
func Draining() *Answer {
	a := refuse(refuseDrain, "the proxy is restarting")
	a.RetryAfter = 5 * time.Second
	return a
}

// Internal is the answer to a mistake in the proxy. What it was stands in the log, under the request id.
func Internal() *Answer {
	return refuse(refuseBug, "internal error of the proxy; its log tells more under this request_id")
}
