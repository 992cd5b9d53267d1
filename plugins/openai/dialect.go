package openai

import "github.com/claude-proxy/claude-proxy/plugins/openai/chat"

// dialect is what OpenAI proper takes.
func dialect() chat.Dialect {
	return chat.Dialect{
		Name:       "OpenAI Chat Completions",
		Path:       "/v1/chat/completions",
		ModelsPath: "/v1/models",
		Families:   families(),
		// Obfuscation pads every event against observers who measure them; TLS to an upstream has none that matter.
		StreamOptions:  `{"include_usage":true,"include_obfuscation":false}`,
		SystemInline:   true,
		Images:         true,
		Files:          true,
		ToolNameLimit:  64,
		CallIDLimit:    40,
		ParallelSwitch: true,
		Strict:         true,
		JSONSchema:     true,
		Identity:       true,
		ServiceTier:    true,
	}
}

// families lists the models that differ from a current one, which stands last. See
// https://platform.openai.com/docs/models and https://platform.openai.com/docs/guides/reasoning.
func families() []chat.Family {
	reasoning := func(efforts []string, models ...string) chat.Family {
		return chat.Family{
			Models: models, Reasoning: true, LimitField: "max_completion_tokens", SystemRole: "developer", Efforts: efforts,
		}
	}
	current := reasoning([]string{"none", "low", "medium", "high", "xhigh", "max"})
	current.Breakpoints = 4
	return []chat.Family{
		{
			Models:     []string{"gpt-3.5*", "gpt-4*", "chatgpt-4o*"},
			LimitField: "max_completion_tokens", SystemRole: "system", Stops: 4, Sampling: true,
		},
		reasoning([]string{"low", "medium", "high"}, "o1", "o1-*", "o3", "o3-*", "o4-*", "gpt-5-codex*"),
		reasoning(nil, "gpt-5-chat*", "gpt-5.*-chat*"),
		reasoning([]string{"high"}, "gpt-5-pro*"),
		reasoning([]string{"minimal", "low", "medium", "high"}, "gpt-5", "gpt-5-*"),
		reasoning([]string{"none", "low", "medium", "high", "xhigh"}, "gpt-5.1-codex-max*"),
		reasoning([]string{"none", "low", "medium", "high"}, "gpt-5.1*"),
		reasoning([]string{"medium", "high", "xhigh"}, "gpt-5.2-pro*", "gpt-5.4-pro*", "gpt-5.5-pro*"),
		reasoning([]string{"none", "low", "medium", "high", "xhigh"}, "gpt-5.2*", "gpt-5.3*", "gpt-5.4*", "gpt-5.5*"),
		current,
	}
}
