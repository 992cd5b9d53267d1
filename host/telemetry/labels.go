package telemetry

import (
	"strings"

	"github.com/claude-proxy/claude-proxy/host/config"
)

// otherModel is the label of models that the configuration does not name. Clients choose the names of models, and a label
// must not grow with what they choose.
const otherModel = "other"

// none is the label of requests that reached no channel.
const none = "none"

// labels are the models that have a label of their own.
type labels map[string]bool

func labelsOf(cfg *config.Config) labels {
	l := make(labels)
	for i := range cfg.Channels {
		c := &cfg.Channels[i]
		for _, name := range c.Serves {
			l.add(name)
		}
		for _, m := range c.Models {
			l.add(m.Pattern)
		}
	}
	for _, rule := range cfg.Routing.Models {
		l.add(rule.Pattern)
	}
	return l
}

func (l labels) add(name string) {
	if !strings.ContainsAny(name, "*!") {
		l[name] = true
	}
}

// model is the label of a model.
func (l labels) model(name string) string {
	if l[name] {
		return name
	}
	return otherModel
}
