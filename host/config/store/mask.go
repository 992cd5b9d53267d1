package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"github.com/claude-proxy/claude-proxy/host/config/edit"
)

// standIn is what stands for a secret in a masked text: it names the secret for this Store and tells nothing about it.
const standIn = "hidden:"

var standIns = regexp.MustCompile(`hidden:[0-9a-f]{16}`)

// Masked returns a text of the file for showing: every secret that it holds itself, in values and in comments, is replaced
// by a stand-in such as hidden:0123456789abcdef; references stay. Unmasked turns it back. A text that is not valid YAML
// cannot be told apart, so all its values are hidden, and the result is no YAML either.
func (s *Store) Masked(src []byte) []byte {
	return []byte(edit.Mask(string(src), s.standIn))
}

func (s *Store) standIn(secret string) string {
	mac := hmac.New(sha256.New, s.seed[:])
	mac.Write([]byte(secret))
	return standIn + hex.EncodeToString(mac.Sum(nil)[:8])
}

// Unmasked puts the secrets of current, which is the text that was masked, back into an edited one. A stand-in that
// current does not explain is an error: the secret behind it is gone.
func (s *Store) Unmasked(edited, current []byte) ([]byte, error) {
	// What a stand-in replaced is kept as it was written, quotes and all.
	known := make(map[string]string)
	edit.Mask(string(current), func(secret string) string {
		id := s.standIn(secret)
		known[id] = secret
		return id
	})
	var missing []string
	out := standIns.ReplaceAllStringFunc(string(edited), func(id string) string {
		secret, ok := known[id]
		if !ok {
			missing = append(missing, id)
		}
		return secret
	})
	if len(missing) > 0 {
		return nil, fmt.Errorf("the secret behind %s is not in the file any more: type it again", strings.Join(missing, ", "))
	}
	return []byte(out), nil
}
