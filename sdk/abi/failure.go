package abi

import (
	"errors"
	"time"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// The fields of section ERROR.
const (
	ErrorClass      uint16 = iota + 1 // u32: adapter.Class; an unknown one is internal
	ErrorEvent                        // u32: which of the events given failed, from 0; absent for the first and elsewhere
	ErrorMessage                      // text
	ErrorField                        // text
	ErrorType                         // text
	ErrorDetails                      // text: a JSON object
	ErrorRetryAfter                   // u64: nanoseconds
	ErrorRemedy                       // pair: name and value
)

// AppendError appends section ERROR. An error that is no *adapter.Failure is class internal. event is which of the events
// failed.
func AppendError(dst []byte, event int, err error) []byte {
	var f *adapter.Failure
	if !errors.As(err, &f) || f == nil {
		f = &adapter.Failure{Class: adapter.Internal, Message: err.Error()}
	}
	dst = appendU32(dst, ErrorClass, uint32(f.Class))
	if event > 0 {
		dst = appendU32(dst, ErrorEvent, uint32(event))
	}
	dst = appendText(dst, ErrorMessage, f.Message)
	dst = appendText(dst, ErrorField, f.Field)
	dst = appendText(dst, ErrorType, f.Type)
	if len(f.Details) > 0 {
		dst = append(appendHead(dst, ErrorDetails, len(f.Details)), f.Details...)
	}
	if f.RetryAfter != 0 {
		dst = appendU64(dst, ErrorRetryAfter, uint64(f.RetryAfter))
	}
	if f.Remedy != nil {
		dst = appendPair(dst, ErrorRemedy, f.Remedy.Name, f.Remedy.Value)
	}
	return dst
}

// ReadError reads section ERROR. The failure holds copies.
func ReadError(b []byte) (failure *adapter.Failure, event int, err error) {
	failure = new(adapter.Failure)
	f := fields{rest: b}
	for f.next() {
		switch f.number {
		case ErrorClass:
			if c := f.u32(); c <= uint32(adapter.NotFound) {
				failure.Class = adapter.Class(c)
			}
		case ErrorEvent:
			event = int(f.u32())
		case ErrorMessage:
			failure.Message = f.text()
		case ErrorField:
			failure.Field = f.text()
		case ErrorType:
			failure.Type = f.text()
		case ErrorDetails:
			failure.Details = append([]byte(nil), f.value...)
		case ErrorRetryAfter:
			failure.RetryAfter = time.Duration(f.u64())
		case ErrorRemedy:
			name, value := f.pair()
			failure.Remedy = &adapter.Remedy{Name: name, Value: value}
		}
	}
	return failure, event, f.err
}
