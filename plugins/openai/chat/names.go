package chat

import (
	"encoding/base64"
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
)

// maxID is the longest id that is carried.
const maxID = 256

// foreignID begins the client's form of an upstream's id that Claude clients would not take.
const foreignID = "toolu_x_"

// repeatedID begins the client's form of an id that the upstream may give again in another answer. Eight characters follow
// that differ from answer to answer, then plainMark or encodedMark and the id itself, as it is or in base64.
const (
	repeatedID  = "toolu_r"
	saltLen     = 8
	plainMark   = "_p"
	encodedMark = "_b"
	repeatedLen = len(repeatedID) + saltLen + len(plainMark)
)

// uniqueID is the client's form of such an id; upstreamID leads back. salt is at least saltLen letters and digits.
func uniqueID(id, salt string) string {
	head := repeatedID + salt[:saltLen]
	if foreign.IsName(id) {
		return head + plainMark + id
	}
	return head + encodedMark + base64.RawURLEncoding.EncodeToString([]byte(id))
}

// own is the part of a client's id that stands for the upstream's own: ids of one turn with the same part have the same id
// upstream.
func own(id []byte) []byte {
	switch {
	case carriesPlain(id):
		return id[repeatedLen:]
	case isRepeated(id):
		return id[repeatedLen-len(encodedMark):]
	}
	return id
}

// carriesPlain says whether the upstream's own id stands in a client's as it is.
func carriesPlain(id []byte) bool {
	return isRepeated(id) && string(id[repeatedLen-len(plainMark):repeatedLen]) == plainMark
}

func isRepeated(id []byte) bool {
	if len(id) <= repeatedLen || string(id[:len(repeatedID)]) != repeatedID {
		return false
	}
	mark := string(id[repeatedLen-len(plainMark) : repeatedLen])
	return mark == plainMark || mark == encodedMark
}

// isForeign says whether a client's id stands for another one.
func isForeign(id []byte) bool {
	return isRepeated(id) || len(id) > len(foreignID) && string(id[:len(foreignID)]) == foreignID
}

// publicID is the client's form of an upstream's id, "" when it cannot be used; upstreamID leads back.
func publicID(id string) string {
	if isRepeated([]byte(id)) && len(id) <= maxID {
		return foreignID + base64.RawURLEncoding.EncodeToString([]byte(id)) // it must not be taken for one of ours
	}
	return foreign.PublicID(id, foreignID)
}

// upstreamID is the upstream's form of a client's id, shortened where it is longer than limit. The same id always gives
// the same one, so that calls and results keep together.
func upstreamID(id string, limit int) string {
	rest, encoded := strings.CutPrefix(id, foreignID)
	if isRepeated([]byte(id)) {
		encoded = id[repeatedLen-len(encodedMark):repeatedLen] == encodedMark
		rest = id[repeatedLen:]
		if !encoded {
			id = rest
		}
	}
	if encoded {
		if b, err := base64.RawURLEncoding.DecodeString(rest); err == nil && len(b) > 0 {
			id = string(b)
		}
	}
	if limit > 0 && len(id) > limit {
		return adapter.NewID(id, "call_", 0)
	}
	return id
}
