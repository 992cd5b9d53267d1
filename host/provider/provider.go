// Package provider lists well-known providers, each with what a channel for it begins with.
//
// It is help for people who set up their first channel and nothing more: no provider gets any other treatment for being
// listed here, and every value can be changed.
package provider

// Provider is the beginning of a channel.
type Provider struct {
	// ID is stable, and a fitting name for the channel.
	ID string
	// EN and ZH are its name in both languages.
	EN, ZH string
	// Adapter and BaseURL are those of the channel, Options the adapter's options as a JSON object; "" is none.
	Adapter, BaseURL, Options string
	// KeyVariable is the variable that usually holds the key; "" for servers on this machine, which need none.
	KeyVariable string
	// KeyURL is where a key is made, Website the documentation.
	KeyURL, Website string
	// Opus, Sonnet and Haiku are upstream models that fit the families of Claude's; "" is no suggestion, since names change
	// often: then the upstream's own list of models helps.
	Opus, Sonnet, Haiku string
}

// List returns all providers in the order in which people are shown them. The caller owns the slice.
func List() []Provider {
	preset := func(name string) string { return `{"preset":"` + name + `"}` }
	return []Provider{
		{ID: "claude", EN: "Claude (Anthropic)", ZH: "Claude（Anthropic）", Adapter: "claude", BaseURL: "https://api.anthropic.com",
			KeyVariable: "ANTHROPIC_API_KEY", KeyURL: "https://console.anthropic.com/settings/keys", Website: "https://docs.claude.com"},
		{ID: "openai", EN: "OpenAI", ZH: "OpenAI", Adapter: "openai", BaseURL: "https://api.openai.com/v1",
			KeyVariable: "OPENAI_API_KEY", KeyURL: "https://platform.openai.com/api-keys", Website: "https://platform.openai.com/docs",
			Opus: "gpt-5", Sonnet: "gpt-5", Haiku: "gpt-5-mini"},
		{ID: "openai-responses", EN: "OpenAI (Responses API)", ZH: "OpenAI（Responses API）", Adapter: "openairesponses", BaseURL: "https://api.openai.com/v1",
			KeyVariable: "OPENAI_API_KEY", KeyURL: "https://platform.openai.com/api-keys", Website: "https://platform.openai.com/docs/api-reference/responses",
			Opus: "gpt-5", Sonnet: "gpt-5", Haiku: "gpt-5-mini"},
		{ID: "gemini", EN: "Gemini (Google)", ZH: "Gemini（Google）", Adapter: "gemini", BaseURL: "https://generativelanguage.googleapis.com",
			KeyVariable: "GEMINI_API_KEY", KeyURL: "https://aistudio.google.com/apikey", Website: "https://ai.google.dev/gemini-api/docs"},
		{ID: "deepseek", EN: "DeepSeek", ZH: "DeepSeek 深度求索", Adapter: "openaiold", BaseURL: "https://api.deepseek.com", Options: preset("deepseek"),
			KeyVariable: "DEEPSEEK_API_KEY", KeyURL: "https://platform.deepseek.com/api_keys", Website: "https://api-docs.deepseek.com",
			Opus: "deepseek-reasoner", Sonnet: "deepseek-chat", Haiku: "deepseek-chat"},
		{ID: "moonshot", EN: "Moonshot (Kimi)", ZH: "Moonshot 月之暗面（Kimi）", Adapter: "openaiold", BaseURL: "https://api.moonshot.ai/v1", Options: preset("moonshot"),
			KeyVariable: "MOONSHOT_API_KEY", KeyURL: "https://platform.moonshot.ai/console/api-keys", Website: "https://platform.moonshot.ai/docs"},
		{ID: "glm", EN: "GLM (Z.ai)", ZH: "GLM（智谱）", Adapter: "openaiold", BaseURL: "https://api.z.ai/api/paas/v4", Options: preset("glm"),
			KeyVariable: "ZAI_API_KEY", KeyURL: "https://z.ai/manage-apikey/apikey-list", Website: "https://docs.z.ai"},
		{ID: "qwen", EN: "Qwen (Alibaba Cloud)", ZH: "通义千问（阿里云百炼）", Adapter: "openaiold", BaseURL: "https://dashscope.aliyuncs.com/compatible-mode/v1", Options: preset("qwen"),
			KeyVariable: "DASHSCOPE_API_KEY", KeyURL: "https://bailian.console.aliyun.com/?tab=model#/api-key", Website: "https://www.alibabacloud.com/help/en/model-studio"},
		{ID: "siliconflow", EN: "SiliconFlow", ZH: "硅基流动", Adapter: "openaiold", BaseURL: "https://api.siliconflow.cn/v1", Options: preset("siliconflow"),
			KeyVariable: "SILICONFLOW_API_KEY", KeyURL: "https://cloud.siliconflow.cn/account/ak", Website: "https://docs.siliconflow.cn"},
		{ID: "openrouter", EN: "OpenRouter", ZH: "OpenRouter", Adapter: "openaiold", BaseURL: "https://openrouter.ai/api/v1", Options: preset("openrouter"),
			KeyVariable: "OPENROUTER_API_KEY", KeyURL: "https://openrouter.ai/keys", Website: "https://openrouter.ai/docs"},
		{ID: "ollama", EN: "Ollama (on this machine)", ZH: "Ollama（本机）", Adapter: "openaiold", BaseURL: "http://127.0.0.1:11434/v1", Options: preset("ollama"),
			Website: "https://docs.ollama.com/openai"},
		{ID: "vllm", EN: "vLLM (your own server)", ZH: "vLLM（自建服务）", Adapter: "openaiold", BaseURL: "http://127.0.0.1:8000/v1", Options: preset("vllm"),
			Website: "https://docs.vllm.ai"},
		{ID: "lmstudio", EN: "LM Studio (on this machine)", ZH: "LM Studio（本机）", Adapter: "openaiold", BaseURL: "http://127.0.0.1:1234/v1", Options: preset("lmstudio"),
			Website: "https://lmstudio.ai/docs"},
		{ID: "custom", EN: "Another OpenAI-compatible server", ZH: "其他兼容 OpenAI 的服务", Adapter: "openaiold", BaseURL: "https://", Options: ""},
	}
}
