package openaiold

import (
	"github.com/claude-proxy/claude-proxy/plugins/openai/chat"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

const optionPreset = "preset"

// preset is a kind of server by name.
type preset struct {
	name string
	// change makes the generic dialect this server's.
	change func(d *chat.Dialect)
}

// generic is what nearly every server takes. It sends nothing that is not in the first versions of Chat Completions, and
// reads whatever form of reasoning, calls and errors comes back.
func generic() chat.Dialect {
	return chat.Dialect{
		Name:       "the OpenAI-compatible server",
		Path:       "/v1/chat/completions",
		ModelsPath: "/v1/models",
		Families:   []chat.Family{{LimitField: "max_tokens", SystemRole: "system", Stops: 4, Sampling: true}},

		StreamOptions: `{"include_usage":true}`,
		StringContent: true,
		Alternate:     true,
		Images:        true,
		EmptyResult:   "(no output)",
		ToolNameLimit: 64,
		RepeatedIDs:   true,
		PlainPatterns: true,
		JSONSchema:    true,
		Reasoning:     []string{"reasoning_content", "reasoning"},
		Thinking: chat.Thinking{
			Issuer: name,
			Open:   "<think>", Close: "</think>",
			// Gemini behind a gateway: https://ai.google.dev/gemini-api/docs/thought-signatures
			State:      []string{"extra_content", "google", "thought_signature"},
			StateDummy: "skip_thought_signature_validator",
		},
	}
}

// presets are the servers that are known by name, in the order in which people are shown them.
func presets() []preset {
	return []preset{
		{"generic", func(*chat.Dialect) {}},
		{"deepseek", deepseek}, {"moonshot", moonshot}, {"kimi", moonshot}, {"glm", glm}, {"qwen", qwen},
		{"siliconflow", siliconflow}, {"openrouter", openrouter}, {"ollama", ollama}, {"vllm", vllm},
		{"lmstudio", lmstudio}, {"gemini", gemini},
	}
}

// dialectOf is the dialect of a preset; absent is generic.
func dialectOf(v jsonindex.Value) (chat.Dialect, error) {
	d := generic()
	if !v.Exists() {
		return d, nil
	}
	var known []string
	for _, p := range presets() {
		if v.Is(p.name) {
			p.change(&d)
			return d, nil
		}
		known = append(known, p.name)
	}
	return d, adapter.Fail(adapter.Invalid, optionPreset, "must be %s", either(known))
}

// thinkingSwitch is the form in which most vendors of China turn reasoning on and off.
func thinkingSwitch(t *chat.Thinking) {
	t.On = chat.Member{Name: "thinking", Value: `{"type":"enabled"}`}
	t.Off = chat.Member{Name: "thinking", Value: `{"type":"disabled"}`}
}

// enableThinking is the form of Qwen's models.
func enableThinking(t *chat.Thinking) {
	t.On = chat.Member{Name: "enable_thinking", Value: `true`}
	t.Off = chat.Member{Name: "enable_thinking", Value: `false`}
	t.Budget = []string{"thinking_budget"}
}

// templateSwitch is the form of servers that hand parameters to the model's own template.
func templateSwitch(t *chat.Thinking) {
	t.On = chat.Member{Name: "chat_template_kwargs", Value: `{"enable_thinking":true}`}
	t.Off = chat.Member{Name: "chat_template_kwargs", Value: `{"enable_thinking":false}`}
}

// reasoningObject is the form of gateways: one object, with an effort or a number of tokens.
func reasoningObject(t *chat.Thinking) {
	t.Off = chat.Member{Name: "reasoning", Value: `{"effort":"none"}`}
	t.Budget, t.Effort = []string{"reasoning", "max_tokens"}, []string{"reasoning", "effort"}
}

// noTags is for servers that tell reasoning in a member of its own.
func noTags(t *chat.Thinking) { t.Open, t.Close = "", "" }

// deepseek: text alone, JSON without a schema; the reasoning of every message with calls must come back.
// https://api-docs.deepseek.com/guides/thinking_mode and https://api-docs.deepseek.com/api/create-chat-completion
func deepseek(d *chat.Dialect) {
	d.Name = "DeepSeek"
	d.Alternate, d.Images = false, false
	d.JSONSchema, d.JSONObject = false, true
	d.Families[0].Stops = 16
	d.Families[0].Efforts = []string{"minimal", "low", "medium", "high", "xhigh", "max"} // it has three and maps the others itself
	noTags(&d.Thinking)
	thinkingSwitch(&d.Thinking)
	d.Thinking.Back, d.Thinking.BackEmpty = "reasoning_content", true
}

// moonshot: Kimi's models, with the same demand.
// https://platform.moonshot.ai/docs/guide/use-kimi-k2-thinking-model and https://platform.moonshot.ai/docs/api/chat
func moonshot(d *chat.Dialect) {
	d.Name = "Moonshot"
	d.Alternate = false
	d.JSONSchema, d.JSONObject = false, true
	d.Families[0].Stops = 5
	noTags(&d.Thinking)
	thinkingSwitch(&d.Thinking)
	d.Thinking.Back, d.Thinking.BackEmpty = "reasoning_content", true
}

// glm: one stop sequence, no other tool_choice than auto; reasoning between calls is kept when it comes back.
// https://docs.z.ai/api-reference/llm/chat-completion and https://docs.z.ai/guides/capabilities/thinking-mode
func glm(d *chat.Dialect) {
	d.Name = "GLM"
	d.Alternate = false
	d.AutoChoice = true
	d.JSONSchema, d.JSONObject = false, true
	d.Families[0].Stops = 1
	noTags(&d.Thinking)
	thinkingSwitch(&d.Thinking)
	d.Thinking.Back = "reasoning_content"
}

// qwen: Alibaba Cloud Model Studio. It takes no reasoning back.
// https://www.alibabacloud.com/help/en/model-studio/deep-thinking and
// https://www.alibabacloud.com/help/en/model-studio/use-qwen-by-calling-api
func qwen(d *chat.Dialect) {
	d.Name = "Qwen"
	d.Alternate = false
	d.TopK, d.ParallelSwitch = true, true
	d.JSONSchema, d.JSONObject = false, true
	noTags(&d.Thinking)
	enableThinking(&d.Thinking)
}

// siliconflow: many vendors' open models. https://docs.siliconflow.cn/docs/api/chat-completions-post
func siliconflow(d *chat.Dialect) {
	d.Name = "SiliconFlow"
	d.TopK = true
	d.JSONSchema, d.JSONObject = false, true
	enableThinking(&d.Thinking)
}

// openrouter: a gateway to most vendors, with their reasoning as a list of entries that must come back as they were.
// https://openrouter.ai/docs/api-reference/overview and https://openrouter.ai/docs/use-cases/reasoning-tokens
func openrouter(d *chat.Dialect) {
	d.Name = "OpenRouter"
	d.Alternate, d.PlainPatterns = false, false
	d.Files, d.TopK, d.ParallelSwitch, d.Strict = true, true, true, true
	d.Families[0].Efforts = []string{"none", "minimal", "low", "medium", "high", "xhigh"}
	d.Reasoning = []string{"reasoning", "reasoning_content"}
	t := &d.Thinking
	noTags(t)
	t.Details, t.Back = "reasoning_details", "reasoning"
	reasoningObject(t)
}

// ollama: local models. https://docs.ollama.com/openai
func ollama(d *chat.Dialect) {
	d.Name = "Ollama"
	d.Families[0].Efforts = []string{"none", "low", "medium", "high"}
	d.Reasoning = []string{"reasoning", "reasoning_content"}
	d.Thinking.Back = "reasoning"
}

// vllm: one's own server. https://docs.vllm.ai/en/stable/serving/openai_compatible_server/ and
// https://docs.vllm.ai/en/stable/features/reasoning_outputs/
func vllm(d *chat.Dialect) {
	d.Name = "vLLM"
	d.TopK, d.ParallelSwitch = true, true
	d.Reasoning = []string{"reasoning", "reasoning_content"}
	d.Thinking.Back = "reasoning"
	templateSwitch(&d.Thinking)
}

// lmstudio: local models; reasoning cannot be switched by a request. https://lmstudio.ai/docs/developer/openai-compat
func lmstudio(d *chat.Dialect) {
	d.Name = "LM Studio"
	d.TopK = true
}

// gemini: Google's own endpoint for OpenAI clients, below /v1beta/openai; every first call of a message needs its thought
// signature. https://ai.google.dev/gemini-api/docs/openai and https://ai.google.dev/gemini-api/docs/thought-signatures
func gemini(d *chat.Dialect) {
	d.Name = "Gemini's OpenAI endpoint"
	d.Path, d.ModelsPath = "/chat/completions", "/models"
	d.Alternate = false
	d.Families[0].Efforts = []string{"minimal", "low", "medium", "high"}
	d.Reasoning = nil
	noTags(&d.Thinking)
	d.Thinking.StateNeeded = true
}
