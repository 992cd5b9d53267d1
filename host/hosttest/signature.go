package hosttest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// signatures of this upstream: base64 of a fingerprint of the signed text and a seal over purpose and fingerprint. They
// are the same in each run and on each server, as a vendor's are for all of an account's keys.

const fingerprint = 12

// sign issues the signature of a text for a purpose (claude, gemini, responses).
func sign(purpose, signed string) string {
	sum := sha256.Sum256([]byte(signed))
	return base64.StdEncoding.EncodeToString(append(sum[:fingerprint:fingerprint], seal(purpose, sum[:fingerprint])...))
}

// issued reports whether the signature was issued for that purpose.
func issued(purpose, signature string) bool {
	b, err := base64.StdEncoding.DecodeString(signature)
	return err == nil && len(b) > fingerprint && hmac.Equal(b[fingerprint:], seal(purpose, b[:fingerprint]))
}

// signs reports whether the signature was issued for that purpose and text.
func signs(purpose, signature, signed string) bool {
	return signature == sign(purpose, signed)
}

func seal(purpose string, b []byte) []byte {
	mac := hmac.New(sha256.New, []byte("hosttest "+purpose))
	mac.Write(b)
	return mac.Sum(nil)
}

// signature is what a part carries: issued here, none, or as the script says.
func (p *Part) signature(purpose, signed string) string {
	switch p.Signature {
	case "none":
		return ""
	case "", "auto":
		return sign(purpose, signed)
	}
	return strings.TrimSpace(p.Signature)
}
