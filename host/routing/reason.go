package routing

import (
	"strconv"
	"strings"
)

// Reason says why something is chosen or skipped: in English by String, and for other languages as a code with the names
// that belong into the sentence. The zero value says nothing.
type Reason struct {
	Code ReasonCode
	// With are the names, by their place in the sentence; nil for none. They come from clients, upstreams and the file.
	With map[string]string
}

// ReasonCode names a sentence. Codes are stable: the UI translates by them.
type ReasonCode string

// The codes. Those after NoFitKey need a running proxy.
const (
	AnyModel        ReasonCode = "any_model"
	ThisModel       ReasonCode = "this_model"
	KeyRefused      ReasonCode = "key_refused"
	ModelRefused    ReasonCode = "model_refused"
	PickRefused     ReasonCode = "pick_refused"
	Picks           ReasonCode = "picks"
	PicksUnknown    ReasonCode = "picks_unknown"
	PicksAnother    ReasonCode = "picks_another"
	PatternMisses   ReasonCode = "pattern_misses"
	PatternDecides  ReasonCode = "pattern_decides"
	PatternBeaten   ReasonCode = "pattern_beaten"
	RouteNames      ReasonCode = "route_names_others"
	NoRoute         ReasonCode = "no_route"
	NoKeyFor        ReasonCode = "no_key_for_model"
	SwitchedOff     ReasonCode = "switched_off"
	ServesNot       ReasonCode = "serves_not"
	KeyNotReady     ReasonCode = "key_not_ready"
	KeyOtherModels  ReasonCode = "key_other_models"
	RouteOff        ReasonCode = "route_off"
	ChannelOff      ReasonCode = "channel_off"
	NobodyServes    ReasonCode = "nobody_serves"
	NobodyButNear   ReasonCode = "nobody_but_near"
	NoFitKey        ReasonCode = "no_fit_key"
	Fit             ReasonCode = "fit"
	Health          ReasonCode = "health"
	AdapterAbsent   ReasonCode = "adapter_absent"
	StaysWhereItWas ReasonCode = "stays"
	OrderDecides    ReasonCode = "order_decides"
	StrategyDecides ReasonCode = "strategy_decides"
)

// sentences are what the codes say; {name} is a place for a name.
var sentences = map[ReasonCode]string{
	AnyModel:        "the key may ask for any model",
	ThisModel:       "the key may ask for this model",
	KeyRefused:      "the key is not accepted: {said}",
	ModelRefused:    `the key may not use the model "{model}"`,
	PickRefused:     "the key may not pick a channel",
	Picks:           "the client picks this channel itself, whatever it serves",
	PicksUnknown:    `there is no enabled channel named "{channel}"`,
	PicksAnother:    "the client picks another channel",
	PatternMisses:   "the pattern does not match",
	PatternDecides:  "the pattern matches and has the most literal characters: this route decides, in the order of its targets",
	PatternBeaten:   `the pattern matches, but "{route}" fits better`,
	RouteNames:      `the route "{route}" names other channels`,
	NoRoute:         "no route matches: every enabled channel that serves the model, by priority and then in the order of the file",
	NoKeyFor:        "none of its keys may be used for {model}",
	SwitchedOff:     "disabled in the configuration",
	ServesNot:       `its list of served models does not allow "{model}"`,
	KeyNotReady:     "{said}",
	KeyOtherModels:  "its list of models does not allow {model}",
	RouteOff:        `model "{model}": every channel of the route "{route}" is disabled`,
	ChannelOff:      `model "{model}": channel "{channel}" would serve it but is disabled`,
	NobodyServes:    `no channel serves the model "{model}"; GET /v1/models lists the names that are served`,
	NobodyButNear:   `no channel serves the model "{model}"; did you mean {names}?`,
	NoFitKey:        "none of its keys is fit now; it is tried when nothing better is there",
	Fit:             "fit",
	Health:          "{said}",
	AdapterAbsent:   "the adapter {adapter} is not loaded",
	StaysWhereItWas: "a conversation that was served before stays on its channel and key while they are fit",
	OrderDecides:    "the order decides",
	StrategyDecides: "channels of one priority are equals, and the strategy chooses among them",
}

// Because makes a reason; names come in pairs of their place and what stands there.
func Because(code ReasonCode, names ...string) Reason {
	r := Reason{Code: code}
	for i := 0; i+1 < len(names); i += 2 {
		if r.With == nil {
			r.With = make(map[string]string, len(names)/2)
		}
		r.With[names[i]] = names[i+1]
	}
	return r
}

// String is the sentence in English, "" for the zero value.
func (r Reason) String() string {
	var b strings.Builder
	rest := sentences[r.Code]
	for {
		before, after, ok := strings.Cut(rest, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		place, after, _ := strings.Cut(after, "}")
		name := r.With[place]
		if strings.HasSuffix(before, `"`) {
			// A name in quotes is what somebody else made up; it must not end them, nor steer a terminal.
			name = strconv.Quote(name)
			name = name[1 : len(name)-1]
		}
		b.WriteString(name)
		rest = after
	}
}

// Codes are all codes, in no order.
func Codes() []ReasonCode {
	list := make([]ReasonCode, 0, len(sentences))
	for code := range sentences {
		list = append(list, code)
	}
	return list
}
