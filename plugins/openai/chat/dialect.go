package chat

import (
	"fmt"
	"github.com/claude-proxy/claude-proxy/plugins/openai/platform"
	"strings"
)

// Dialect describes one kind of Chat Completions server. It is data: the converter reads it and asks nowhere else what the
// server is. It must not be changed after New.
type Dialect struct {
	// Name is what messages to people call the upstream, such as "OpenAI Chat Completions". Required.
	Name string
	// Path is where a request goes, such as "/v1/chat/completions". Required.
	Path string
	// ModelsPath is where the list of models is, such as "/v1/models". Required.
	ModelsPath string
	// Families says what the server's models take. The first whose Models fit counts; the last must fit every model.
	// Required.
	Families []Family

	// StreamOptions is the JSON text of stream_options in a streamed request; "" sends none, and usage may then be
	// missing in the answer.
	StreamOptions string
	// StringContent sends contents that hold only text as one string; else several texts become several parts.
	StringContent bool
	// SystemInline takes system messages in the middle of a conversation. Without it they become user text inside a tag, at
	// the beginning of the next user message.
	SystemInline bool
	// Alternate writes user messages in a row as one, for servers that demand that user and assistant take turns.
	Alternate bool
	// Images takes image_url parts; without it a request with an image is refused.
	Images bool
	// Files takes file parts, which carry PDF documents; without it a request with one is refused.
	Files bool
	// EmptyResult is the content of a tool message whose result holds no text; may be "".
	EmptyResult string
	// EmptyContent sends "" and not null as the content of an assistant message that holds calls alone.
	EmptyContent bool
	// ToolNameLimit is the most characters of a function's name; longer names are shortened reversibly. 0 means no limit.
	ToolNameLimit int
	// CallIDLimit is the most characters of a tool call's id; longer ones are shortened. 0 means no limit.
	CallIDLimit int
	// RepeatedIDs says that the ids of calls come again in later answers ("call_0"), which clients cannot tell apart. They
	// get others, from which the upstream's own is made again.
	RepeatedIDs bool
	// AutoChoice takes no other tool_choice than "auto".
	AutoChoice bool
	// PlainPatterns leaves out of schemas those patterns that look around or hold NUL, which the server cannot compile.
	PlainPatterns bool
	// ParallelSwitch takes parallel_tool_calls.
	ParallelSwitch bool
	// TopK takes top_k.
	TopK bool
	// Strict takes strict in functions and in response_format.
	Strict bool
	// JSONSchema takes response_format of type json_schema; JSONObject takes type json_object, and the schema is told in the
	// system prompt. With neither structured output is refused.
	JSONSchema, JSONObject bool
	// Identity takes safety_identifier and prompt_cache_key.
	Identity bool
	// ServiceTier takes service_tier.
	ServiceTier bool
	// Reasoning names the members of a message or delta that hold reasoning text, such as "reasoning_content"; the text
	// becomes thinking. nil where there are none.
	Reasoning []string
	// Thinking says what else the server does with reasoning.
	Thinking Thinking

	// DropTools leaves out tools, MCP servers and containers that only Claude's own servers or toolsets know, instead of
	// refusing the request.
	DropTools bool
	// RefuseStop refuses stop sequences that the upstream cannot honour, instead of letting the host cut the text.
	RefuseStop bool
	// SendPrefill sends a conversation that ends with an assistant message, which the model then does not continue but
	// answers afresh, instead of refusing it.
	SendPrefill bool
	// Continues says that the model continues an assistant message at the end of a conversation; ContinueMark is the member
	// of that message that asks for it with true, such as "prefix", or "" where nothing is needed.
	Continues    bool
	ContinueMark string

	plainTag string // the signature of reasoning without more; made by check
}

// Family is what a group of models takes.
type Family struct {
	// Models are patterns of names, "*" for any characters; nil fits every model.
	Models []string
	// Reasoning says that the models reason before they answer.
	Reasoning bool
	// LimitField is the member that limits the output, "max_tokens" or "max_completion_tokens". Required.
	LimitField string
	// SystemRole is the role of system text: "system", "developer", or "user" for a server that knows neither; the system
	// prompt then stands in a tag at the beginning of the first user message. Required.
	SystemRole string
	// Stops is the most stop sequences in one request; 0 where there are none.
	Stops int
	// Sampling takes temperature and top_p.
	Sampling bool
	// Efforts are the values of reasoning_effort, in rising order; nil sends none.
	Efforts []string
	// Breakpoints is the most prompt_cache_breakpoint marks in one request; 0 where there are none.
	Breakpoints int
}

// family finds what the model takes. A vendor in front of the name ("openai/gpt-5") and the mark of a fine-tuned model
// ("ft:gpt-4o:…") do not count.
func (d *Dialect) family(model string) *Family {
	model = model[strings.LastIndexByte(model, '/')+1:]
	model = strings.TrimPrefix(model, "ft:")
	for i := range d.Families {
		f := &d.Families[i]
		if f.Models == nil {
			return f
		}
		for _, p := range f.Models {
			if matches(p, model) {
				return f
			}
		}
	}
	return &d.Families[len(d.Families)-1]
}

// matches compares a name with a pattern, in which "*" stands for any characters.
func matches(pattern, name string) bool {
	for {
		head, rest, star := strings.Cut(pattern, "*")
		if !star {
			return name == pattern
		}
		if !strings.HasPrefix(name, head) {
			return false
		}
		name = name[len(head):]
		if rest == "" {
			return true
		}
		next, _, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(name, next)
		}
		i := strings.Index(name, next)
		if i < 0 {
			return false
		}
		name, pattern = name[i:], rest
	}
}

// check says what is wrong with a dialect. A mistake here is one of the adapter's author.
func (d *Dialect) check() error {
	if d.Name == "" || !strings.HasPrefix(d.Path, "/") || !strings.HasPrefix(d.ModelsPath, "/") {
		return fmt.Errorf("dialect %q: Name, Path and ModelsPath are required", d.Name)
	}
	n := len(d.Families)
	if n == 0 || d.Families[n-1].Models != nil {
		return fmt.Errorf("dialect %q: the last family must fit every model", d.Name)
	}
	for i, f := range d.Families {
		if f.LimitField == "" || f.SystemRole == "" {
			return fmt.Errorf("dialect %q: family %d: LimitField and SystemRole are required", d.Name, i)
		}
		last := -1
		for _, e := range f.Efforts {
			if platform.EffortRank(e) <= last {
				return fmt.Errorf("dialect %q: family %d: effort %q is unknown or not in rising order", d.Name, i, e)
			}
			last = platform.EffortRank(e)
		}
	}
	return d.Thinking.check(d)
}
