package platform

import (
	"strconv"
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
)

// Names of remedies.
const (
	// RemedyDrop leaves out the parameter that its value names.
	RemedyDrop = "drop_param"
	// RemedyLimit caps the output at its value, a number of tokens.
	RemedyLimit = "max_output_tokens"
)

// Dropped says whether an earlier attempt was refused because of this parameter, or of what it is a member of.
func Dropped(call *adapter.Call, param string) bool {
	for _, m := range call.Remedies {
		if m.Name == RemedyDrop && (m.Value == param || strings.HasPrefix(param, m.Value+".")) {
			return true
		}
	}
	return false
}

// Limit is the output limit to send for the client's: capped by what the channel or the upstream allows.
func Limit(l *foreign.Ledger, call *adapter.Call, n int64) int64 {
	most := call.MaxOutputTokens
	if v, ok := call.Remedy(RemedyLimit); ok {
		if m, err := strconv.ParseInt(v, 10, 64); err == nil && m > 0 && (most == 0 || m < most) {
			most = m
		}
	}
	if most > 0 && n > most {
		n = most
		l.Loss(adapter.Tuned, "", "max_tokens", "limited to "+strconv.FormatInt(n, 10))
	}
	return n
}
