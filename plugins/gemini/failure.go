package gemini

import (
	"strconv"
	"strings"
	"time"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// fault is an upstream's error. https://cloud.google.com/apis/design/errors#error_model
type fault struct {
	code    int    // HTTP status, 0 when unknown
	status  string // such as "INVALID_ARGUMENT"
	message string
	reason  string // of ErrorInfo, such as "API_KEY_INVALID"
	field   string // of the first violation
	quota   string // the first exceeded quota and its value
	retry   time.Duration
}

// Failure classifies a non-2xx answer. https://ai.google.dev/gemini-api/docs/troubleshooting
func (x *exchange) Failure(resp *adapter.UpstreamResponse) *adapter.Failure {
	var f fault
	if resp.JSON.Exists() {
		f.read(resp.JSON)
	} else {
		f.message = foreign.TextMessage(resp.Data)
	}
	f.code = resp.Status
	return x.classify(&f)
}

// inside makes the Failure for an error within an answer of status 200. v holds the error.
func (x *exchange) inside(v jsonindex.Value) *adapter.Failure {
	var f fault
	f.read(v)
	return x.classify(&f)
}

// read takes an error apart; a stream that is an array wraps it in one.
func (f *fault) read(v jsonindex.Value) {
	if v.Kind() == jsonindex.Array {
		v = v.At(0)
	}
	if e := v.Get("error"); e.Exists() {
		v = e
	}
	if v.IsString() {
		f.message = clip(v)
		return
	}
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "code":
			if n, ok := it.Val.Int(); ok && n >= 400 && n < 600 {
				f.code = int(n)
			}
		case "message":
			f.message = clip(it.Val)
		case "status":
			f.status = clip(it.Val)
		case "details":
			for d := it.Val.Iter(); d.Next(); {
				f.detail(d.Val)
			}
		}
	}
}

// detail reads one of google.rpc's error details.
// https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto
func (f *fault) detail(v jsonindex.Value) {
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "reason":
			if f.reason == "" {
				f.reason = clip(it.Val)
			}
		case "retryDelay":
			f.retry = duration(it.Val)
		case "fieldViolations":
			if f.field == "" {
				f.field = clip(it.Val.At(0).Get("field"))
			}
		case "violations":
			for q := it.Val.Iter(); q.Next(); {
				f.quota += clip(q.Val.Get("quotaId")) + "=" + clip(q.Val.Get("quotaValue")) + ";"
				if len(f.quota) > foreign.MaxMessage {
					return
				}
			}
		}
	}
}

// duration reads a time such as "17s" or "0.5s", 0 when it is none.
func duration(v jsonindex.Value) time.Duration {
	const most = 24 * time.Hour
	text, _ := v.Text()
	text, ok := strings.CutSuffix(text, "s")
	seconds, err := strconv.ParseFloat(text, 64)
	if !ok || err != nil || !(seconds > 0) {
		return 0
	}
	return time.Duration(min(seconds, most.Seconds()) * float64(time.Second))
}

// classify is the table of errors.
func (x *exchange) classify(f *fault) *adapter.Failure {
	out := &adapter.Failure{Class: f.class(), Message: f.message}
	if out.Message == "" {
		out.Message = title + " answered with an error and no message"
		if f.code != 0 {
			out.Message = title + " answered status " + strconv.Itoa(f.code) + " without a message"
		}
	}
	switch out.Class {
	case adapter.RateLimited, adapter.Overloaded, adapter.Quota:
		out.RetryAfter = f.retry
	case adapter.Invalid:
		if f.tooLong() {
			out.Field, out.Message = "messages", promptTooLong(f.message)
			break
		}
		out.Field = clientField(f.field)
		out.Remedy = x.remedy(f)
	case adapter.Protocol:
		if f.code == 404 {
			out.Message = "the address is unknown to the server; check the channel's base_url: " + out.Message
		}
	}
	return out
}

func (f *fault) class() adapter.Class {
	switch f.reason {
	case "API_KEY_INVALID", "API_KEY_EXPIRED", "ACCESS_TOKEN_EXPIRED", "ACCESS_TOKEN_TYPE_UNSUPPORTED", "API_KEY_SERVICE_BLOCKED",
		"SERVICE_DISABLED", "CONSUMER_SUSPENDED", "CONSUMER_INVALID":
		if f.code < 500 && f.code != 429 {
			return adapter.Auth
		}
	case "BILLING_DISABLED":
		if f.code < 500 && f.code != 401 {
			return adapter.Quota
		}
	}
	m := strings.ToLower(f.message)
	switch f.code {
	case 400:
		switch {
		case strings.Contains(m, "api key not valid"), strings.Contains(m, "api key expired"), strings.Contains(m, "api_key_invalid"):
			return adapter.Auth
		case f.status != "FAILED_PRECONDITION":
		case strings.Contains(m, "billing"):
			return adapter.Quota
		case strings.Contains(m, "location is not supported"):
			return adapter.Unsupported
		}
		return adapter.Invalid
	case 401, 403:
		return adapter.Auth
	case 402:
		return adapter.Quota
	case 404:
		if f.status == "NOT_FOUND" || strings.Contains(m, "model") {
			return adapter.NotFound
		}
		return adapter.Protocol
	case 408, 409, 425, 499:
		return adapter.Overloaded
	case 429:
		if f.usedUp(m) {
			return adapter.Quota
		}
		return adapter.RateLimited
	}
	switch {
	case f.code >= 500:
		return adapter.Overloaded
	case f.code >= 400:
		return adapter.Invalid
	case f.code != 0:
		return adapter.Protocol
	}
	return classOfStatus(f.status)
}

// classOfStatus judges an error that has a name and no number.
func classOfStatus(status string) adapter.Class {
	switch status {
	case "INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE":
		return adapter.Invalid
	case "UNAUTHENTICATED", "PERMISSION_DENIED":
		return adapter.Auth
	case "NOT_FOUND":
		return adapter.NotFound
	case "RESOURCE_EXHAUSTED":
		return adapter.RateLimited
	}
	return adapter.Overloaded
}

// usedUp says whether the limit that was reached is one of a day, or of money, and not of a minute.
func (f *fault) usedUp(message string) bool {
	return strings.Contains(f.quota, "PerDay") || strings.Contains(f.quota, "=0;") || strings.Contains(message, "credits are depleted") ||
		strings.Contains(message, "spending cap")
}

// remedy is how a refused request may be mended, nil when it cannot.
func (x *exchange) remedy(f *fault) *adapter.Remedy {
	m := strings.ToLower(f.message)
	switch {
	case strings.Contains(m, "thought signature"), strings.Contains(m, "thought_signature"), strings.Contains(m, "thoughtsignature"):
		return &adapter.Remedy{Name: remedyDummies}
	case x.thinking && (strings.Contains(m, "thinking") || strings.Contains(m, "thinking_config")):
		return &adapter.Remedy{Name: remedyDrop, Value: paramThinking}
	case x.jsonSchema && (strings.Contains(m, "json_schema") || strings.Contains(m, "jsonschema")):
		return &adapter.Remedy{Name: remedyOpenAPI}
	}
	return nil
}

// tooLong says whether the prompt does not fit into the model's context.
func (f *fault) tooLong() bool {
	m := strings.ToLower(f.message)
	return strings.Contains(m, "exceeds the maximum number of tokens") || strings.Contains(m, "input token count") && strings.Contains(m, "exceed")
}

// promptTooLong says it in Claude's words, by which clients know that they have to shorten the conversation.
func promptTooLong(message string) string {
	const claude = "prompt is too long"
	have, rest := number(message)
	most, _ := number(rest)
	if have > most && most > 0 {
		return claude + ": " + strconv.FormatInt(have, 10) + " tokens > " + strconv.FormatInt(most, 10) + " maximum"
	}
	return claude + ": " + message
}

// number is the first number in a text, 0 when there is none, and what follows it.
func number(s string) (n int64, rest string) {
	i := strings.IndexAny(s, "0123456789")
	if i < 0 {
		return 0, ""
	}
	for ; i < len(s) && (s[i]-'0' < 10 || s[i] == ','); i++ {
		if s[i] != ',' && n < 1e12 {
			n = n*10 + int64(s[i]-'0')
		}
	}
	return n, s[i:]
}

// clientField is the client's name of the field that an upstream complains about, "" where there is none.
func clientField(field string) string {
	field = strings.TrimPrefix(field, "generate_content_request.")
	for _, f := range [...]struct{ theirs, ours string }{
		{"contents", "messages"}, {"system", "system"}, {"tools", "tools"}, {"tool_config", "tool_choice"}, {"toolConfig", "tool_choice"},
		{"generation_config.temperature", "temperature"}, {"generationConfig.temperature", "temperature"},
		{"generation_config.top_p", "top_p"}, {"generationConfig.topP", "top_p"},
		{"generation_config.top_k", "top_k"}, {"generationConfig.topK", "top_k"},
		{"generation_config.max_output", "max_tokens"}, {"generationConfig.maxOutput", "max_tokens"},
		{"generation_config.stop", "stop_sequences"}, {"generationConfig.stop", "stop_sequences"},
		{"generation_config.thinking", "thinking"}, {"generationConfig.thinking", "thinking"},
		{"generation_config.response", "output_config.format"}, {"generationConfig.response", "output_config.format"},
	} {
		if strings.HasPrefix(field, f.theirs) {
			return f.ours
		}
	}
	return ""
}

// clip is a value as text of bearable length: a string's meaning, anything else as it stands.
func clip(v jsonindex.Value) string { return foreign.Clip(v, foreign.MaxMessage) }

// shown is a word of the upstream's, cut to a word's length.
func shown(v jsonindex.Value) string {
	const longest = 64
	return foreign.Shorten(clip(v), longest)
}

// behindColon is a message of the upstream's behind a colon, "" when there is none.
func behindColon(v jsonindex.Value) string {
	if text := clip(v); text != "" {
		return ": " + text
	}
	return ""
}
