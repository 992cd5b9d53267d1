package platform

import (
	"strconv"
	"strings"
	"time"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// Fault is an error of OpenAI's, or of a server that speaks like it, whatever shape it came in.
// https://platform.openai.com/docs/guides/error-codes
type Fault struct {
	// Status is that of HTTP; inside an answer what the error itself names, else 0.
	Status                     int
	Message, Kind, Code, Param string
	// Raw is what the server behind a gateway said.
	Raw string
}

// ReadFault reads a non-2xx answer.
func ReadFault(resp *adapter.UpstreamResponse) Fault {
	f := Fault{Status: resp.Status}
	if resp.JSON.Exists() {
		f.Read(resp.JSON)
	} else {
		f.Message = foreign.TextMessage(resp.Data)
	}
	return f
}

// Read takes an error apart: {"error":{…}}, {"error":"…"}, {"detail":…}, {"message":…}, or the error alone.
func (f *Fault) Read(v jsonindex.Value) {
	if v.Kind() == jsonindex.Array {
		v = v.At(0)
	}
	if v.IsString() {
		f.Message = clip(v)
		return
	}
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "error", "errors":
			f.Read(it.Val)
		case "message", "msg", "detail", "error_description":
			if f.Message == "" {
				f.Message = clip(it.Val)
			}
		case "type":
			if f.Kind == "" || f.Kind == "error" {
				f.Kind = clip(it.Val)
			}
		case "code", "status":
			f.readCode(clip(it.Val))
		case "param":
			f.Param = clip(it.Val)
		case "metadata":
			f.Raw = clip(it.Val.Get("raw"))
		}
	}
}

// readCode takes a code, which may be a name or a status as a number.
func (f *Fault) readCode(code string) {
	if n, err := strconv.Atoi(code); err == nil && n >= 400 && n < 600 {
		if f.Status == 0 {
			f.Status = n
		}
	} else if f.Code == "" {
		f.Code = code
	}
}

func clip(v jsonindex.Value) string { return foreign.Clip(v, foreign.MaxMessage) }

// Text is the message, or, where there is none, that the upstream of this title sent none.
func (f *Fault) Text(title string) string {
	switch {
	case f.Message != "":
		return f.Message
	case f.Status != 0:
		return title + " answered status " + strconv.Itoa(f.Status) + " without a message"
	}
	return title + " answered with an error and no message"
}

// ClassOfStatus judges by the status alone, which is not 0, what neither a code nor a kind tells better.
func (f *Fault) ClassOfStatus() adapter.Class {
	switch {
	case f.Status == 404:
		if f.Param == "model" || strings.Contains(strings.ToLower(f.Message), "model") {
			return adapter.NotFound
		}
		return adapter.Protocol
	case f.Status == 408 || f.Status == 409 || f.Status == 425 || f.Status >= 500:
		return adapter.Overloaded
	case f.Status == 429:
		return adapter.RateLimited
	case f.Status >= 400:
		return adapter.Invalid
	}
	return adapter.Protocol
}

// RetryAfter is how long an answer asks to wait in milliseconds, 0 where it does not: the host knows the header in seconds.
func RetryAfter(resp *adapter.UpstreamResponse) time.Duration {
	n, err := strconv.ParseFloat(resp.Header("retry-after-ms"), 64)
	if err != nil || !(n > 0 && n < 1e9) {
		return 0
	}
	return time.Duration(n * float64(time.Millisecond))
}

// ContextIs stands in front of the number of tokens that a model takes.
const ContextIs = "maximum context length is "

// PromptTooLong says that a prompt is too long in Claude's words, by which clients know that they have to shorten the
// conversation, with the numbers of the upstream's message.
func PromptTooLong(message string) string {
	const claude = "prompt is too long"
	if strings.HasPrefix(message, claude) {
		return message
	}
	most := NumberAfter(message, ContextIs)
	for _, before := range [...]string{"resulted in ", "you requested ", "you requested about ", "request has "} {
		if have := NumberAfter(message, before); have > most && most > 0 {
			return claude + ": " + strconv.Itoa(have) + " tokens > " + strconv.Itoa(most) + " maximum"
		}
	}
	if message == "" {
		return claude
	}
	return claude + ": " + message
}

// NumberAfter is the number behind the first occurrence of a text, 0 when there is none.
func NumberAfter(s, before string) int {
	_, rest, _ := strings.Cut(s, before)
	end := 0
	for end < len(rest) && end < 12 && rest[end]-'0' < 10 {
		end++
	}
	n, err := strconv.Atoi(rest[:end])
	if err != nil {
		return 0
	}
	return n
}
