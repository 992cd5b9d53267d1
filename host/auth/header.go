package auth

import "net/http"

// maxKey is the longest key that is looked at, in bytes; longer ones are no key of ours.
const maxKey = 1024

// apiKey takes the key out of x-api-key; "" when there is none that could be one.
func apiKey(h http.Header) string { return token(single(h["X-Api-Key"])) }

// bearer takes the key out of Authorization: Bearer, whose scheme is written in any case:
// https://www.rfc-editor.org/rfc/rfc9110#section-11.1
func bearer(h http.Header) string {
	const scheme = "bearer "
	v := single(h["Authorization"])
	if len(v) <= len(scheme) {
		return ""
	}
	for i := range len(scheme) {
		c := v[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != scheme[i] {
			return ""
		}
	}
	v = v[len(scheme):]
	for len(v) > 0 && v[0] == ' ' {
		v = v[1:]
	}
	return token(v)
}

// single refuses a header that comes more than once: which of them counts would be a guess.
func single(values []string) string {
	if len(values) != 1 {
		return ""
	}
	return values[0]
}

// token refuses what cannot be one key: values that were folded over lines (net/http joins them by a space), lists, and
// anything but printable ASCII.
func token(v string) string {
	if len(v) > maxKey {
		return ""
	}
	for i := range len(v) {
		if c := v[i]; c <= ' ' || c >= 0x7f || c == ',' {
			return ""
		}
	}
	return v
}
