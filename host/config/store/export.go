package store

import (
	"fmt"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/edit"
)

// Variable is a variable that an exported text refers to in the place of a secret.
type Variable struct {
	Name string
	// For says for people which secret it stands for.
	For string
}

// Export returns a text of the file for another place: every secret that it holds itself is a ${NAME}, the same one
// wherever the same secret stands. cfg is the text as Load has it and gives the names their words; nil numbers them.
func Export(src []byte, cfg *config.Config) ([]byte, []Variable) {
	known := secretNames(cfg)
	var variables []Variable
	given := make(map[string]string) // by secret
	taken := make(map[string]bool)
	out := edit.Mask(string(src), func(secret string) string {
		if name, again := given[secret]; again {
			return name
		}
		v, ok := known[unquoted(secret)]
		if !ok {
			v = Variable{Name: "CLAUDE_PROXY_SECRET", For: "a secret of the file"}
		}
		name := v.Name
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s_%d", v.Name, n)
		}
		taken[name] = true
		v.Name = name
		variables = append(variables, v)
		given[secret] = "${" + name + "}"
		return given[secret]
	})
	return []byte(out), variables
}

// unquoted is a scalar as the file means it, where it is written with escapes.
func unquoted(text string) string {
	var s string
	if strings.ContainsAny(text, `\'`) && yaml.Unmarshal([]byte(`"`+text+`"`), &s) == nil {
		return s
	}
	return text
}

// secretNames suggests a variable for each secret of a configuration.
func secretNames(cfg *config.Config) map[string]Variable {
	names := make(map[string]Variable)
	if cfg == nil {
		return names
	}
	add := func(secret config.Secret, name, what string) {
		if _, known := names[secret.Reveal()]; !secret.Empty() && !known {
			names[secret.Reveal()] = Variable{Name: variableName(name), For: what}
		}
	}
	for _, k := range cfg.Auth.Keys {
		add(k.Key, k.Name+"_client_key", "client key "+k.Name)
	}
	for i := range cfg.Channels {
		c := &cfg.Channels[i]
		for _, k := range c.Keys {
			name, what := c.Name+"_key", "a key of channel "+c.Name
			if k.Label != "" {
				name, what = c.Name+"_"+k.Label+"_key", "key "+k.Label+" of channel "+c.Name
			}
			add(k.Secret, name, what)
		}
		for _, h := range c.Headers {
			add(h.Value, c.Name+"_"+h.Name, "header "+h.Name+" of channel "+c.Name)
		}
	}
	return names
}

// variableName makes the name of an environment variable of words.
func variableName(words string) string {
	name := strings.Map(func(r rune) rune {
		switch r = unicode.ToUpper(r); {
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, words)
	if strings.Trim(name, "_0123456789") == "" || name[0] >= '0' && name[0] <= '9' {
		name = "KEY_" + name
	}
	return name
}
