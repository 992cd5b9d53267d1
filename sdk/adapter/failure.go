package adapter

import (
	"fmt"
	"time"
)

// Class says whose fault a failure is and what kind it is. The host's table turns it into a status, a Claude error type
// and the decision whether something else is tried.
type Class uint8

const (
	// Internal: the adapter's own fault. Any error that is not a *Failure counts as one.
	Internal Class = iota
	// Invalid: the client's request is wrong; no other channel will take it.
	Invalid
	// Unsupported: this upstream cannot express the request; another may.
	Unsupported
	// Protocol: the upstream's answer makes no sense.
	Protocol
	// Overloaded: the upstream is overloaded or broken for the moment.
	Overloaded
	// RateLimited: too many requests or tokens with this key.
	RateLimited
	// Auth: the upstream refuses the key.
	Auth
	// Quota: the key's money or quota is used up.
	Quota
	// NotFound: the upstream does not know the model.
	NotFound
)

var classNames = [...]string{"internal", "invalid", "unsupported", "protocol", "overloaded", "rate_limited", "auth", "quota", "not_found"}

func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return "internal"
}

// Remedy asks the host to call Begin once more for the same channel and key, with this remedy in Call.Remedies, before
// anything was sent to the client.
type Remedy struct{ Name, Value string }

// Failure is the one error type of the contract. New, Begin, Event, Whole and End return it as error. Everything in it
// is its own copy.
type Failure struct {
	Class Class
	// Message is for people: what is wrong, where, and what to do. It holds no secret.
	Message string
	// Field names the client's field (or the channel's option) at fault, such as "messages[2].content[0].source";
	// empty when there is none.
	Field string
	// Type is the Claude error type where the upstream itself speaks Claude; empty otherwise.
	Type string
	// Details is a JSON object that becomes error.details; nil for none.
	Details []byte
	// RetryAfter is what the vendor says outside the standard Retry-After header, which the host reads by itself; 0 for
	// nothing.
	RetryAfter time.Duration
	// Remedy asks for one more try with a changed request; nil for none.
	Remedy *Remedy
}

func (f *Failure) Error() string {
	if f.Field != "" {
		return fmt.Sprintf("%s: %s: %s", f.Class, f.Field, f.Message)
	}
	return fmt.Sprintf("%s: %s", f.Class, f.Message)
}

// Fail makes a Failure with a formatted message. It is not for hot paths.
func Fail(class Class, field, format string, args ...any) *Failure {
	return &Failure{Class: class, Field: field, Message: fmt.Sprintf(format, args...)}
}
