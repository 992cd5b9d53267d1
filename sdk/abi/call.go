package abi

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// The fields of section CALL. CallConfig is always the first.
const (
	CallConfig      uint16 = iota + 1 // u32: which configuration serves
	CallOperation                     // u32: adapter.Operation
	CallFlags                         // u32: CallStream
	CallID                            // text
	CallModel                         // text
	CallClientModel                   // text
	CallMaxTokens                     // u64: the channel's cap, absent for none
	CallQuery                         // text
	CallSession                       // text
	CallRemedy                        // pair: name and value; repeated
)

// CallStream in CallFlags says that the client wants an event stream.
const CallStream uint32 = 1

// AppendCall appends section CALL. Body and Headers of the call are sections of their own.
func AppendCall(dst []byte, config uint32, c *adapter.Call) []byte {
	dst = appendU32(dst, CallConfig, config)
	dst = appendU32(dst, CallOperation, uint32(c.Op))
	flags := uint32(0)
	if c.Stream {
		flags |= CallStream
	}
	dst = appendU32(dst, CallFlags, flags)
	dst = appendText(dst, CallID, c.ID)
	dst = appendText(dst, CallModel, c.Model)
	dst = appendText(dst, CallClientModel, c.ClientModel)
	if c.MaxOutputTokens != 0 {
		dst = appendU64(dst, CallMaxTokens, uint64(c.MaxOutputTokens))
	}
	dst = appendText(dst, CallQuery, c.Query)
	dst = appendText(dst, CallSession, c.Session)
	for _, r := range c.Remedies {
		dst = appendPair(dst, CallRemedy, r.Name, r.Value)
	}
	return dst
}

// SetConfig changes the configuration in a section that AppendCall made.
func SetConfig(call []byte, config uint32) { le.PutUint32(call[fieldHead:], config) }

// ReadCall reads section CALL into c, whose Body and Headers stay as they are. Remedies reuse the memory of those in c.
func ReadCall(b []byte, c *adapter.Call) (config uint32, err error) {
	*c = adapter.Call{Body: c.Body, Headers: c.Headers, Remedies: c.Remedies[:0]}
	f := fields{rest: b}
	seen := false
	for f.next() {
		switch f.number {
		case CallConfig:
			config, seen = f.u32(), true
		case CallOperation:
			c.Op = adapter.Operation(min(f.u32(), 255))
		case CallFlags:
			c.Stream = f.u32()&CallStream != 0
		case CallID:
			c.ID = f.text()
		case CallModel:
			c.Model = f.text()
		case CallClientModel:
			c.ClientModel = f.text()
		case CallMaxTokens:
			c.MaxOutputTokens = int64(f.u64())
		case CallQuery:
			c.Query = f.text()
		case CallSession:
			c.Session = f.text()
		case CallRemedy:
			name, value := f.pair()
			c.Remedies = append(c.Remedies, adapter.Remedy{Name: name, Value: value})
		}
	}
	if f.err == nil && !seen {
		f.fail("section CALL names no configuration")
	}
	return config, f.err
}

// AppendHeaders appends section HEADERS: for each header the lengths of name and value, u32 each, then both.
func AppendHeaders(dst []byte, hs []adapter.Header) []byte {
	for _, h := range hs {
		dst = le.AppendUint32(dst, uint32(len(h.Name)))
		dst = le.AppendUint32(dst, uint32(len(h.Value)))
		dst = append(append(dst, h.Name...), h.Value...)
	}
	return dst
}

// ReadHeaders appends the headers of section HEADERS to hs.
func ReadHeaders(b []byte, hs []adapter.Header) ([]adapter.Header, error) {
	l := items{what: "HEADERS", rest: b}
	for l.more() {
		n, v := l.u32(), l.u32()
		h := adapter.Header{Name: l.text(n), Value: l.text(v)}
		if l.err == nil {
			hs = append(hs, h)
		}
	}
	return hs, l.err
}
