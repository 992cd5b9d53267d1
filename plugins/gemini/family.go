package gemini

import "strings"

// thinkingKind is how a model is told how much to think.
type thinkingKind uint8

const (
	// thinkNever: the model does not think, or cannot be told.
	thinkNever thinkingKind = iota
	// thinkBudget: by a number of tokens.
	thinkBudget
	// thinkLevel: by a level.
	thinkLevel
)

// The levels of thinking, in rising order. https://ai.google.dev/gemini-api/docs/thinking
const (
	levelMinimal = iota
	levelLow
	levelMedium
	levelHigh
)

var levelNames = [...]string{"MINIMAL", "LOW", "MEDIUM", "HIGH"}

// family is what a group of models takes.
type family struct {
	// models are beginnings of names; nil fits every model.
	models   []string
	thinking thinkingKind
	// levels are those that the model knows, in rising order; of thinkLevel.
	levels []int
	// least and most bound the budget, of thinkBudget; least 0 means that thinking can be switched off.
	least, most int64
	// modern models, Gemini 3 and later, demand thought signatures, take media inside function responses, allow functions
	// together with a response schema, and do not take a conversation that ends with the model's turn.
	signatures, mediaInside, schemaWithTools, userLast bool
}

// The families; the first that fits counts. See https://ai.google.dev/gemini-api/docs/models and
// https://ai.google.dev/gemini-api/docs/thinking.
var families = [...]family{
	{models: []string{"gemini-1", "gemini-2.0", "gemma", "learnlm"}},
	{models: []string{"gemini-2.5-pro"}, thinking: thinkBudget, least: 128, most: 32768},
	{models: []string{"gemini-2.5-flash-lite", "gemini-2.5-flash", "gemini-2"}, thinking: thinkBudget, most: 24576},
	modern([]int{levelLow, levelHigh}, "gemini-3-pro"),
	modern([]int{levelLow, levelMedium, levelHigh}, "gemini-3.1-pro"),
	modern([]int{levelMinimal, levelLow, levelMedium, levelHigh}),
}

func modern(levels []int, models ...string) family {
	return family{
		models: models, thinking: thinkLevel, levels: levels,
		signatures: true, mediaInside: true, schemaWithTools: true, userLast: true,
	}
}

// family is what the model takes, with what the channel says about it. What stands in front of the name's last part
// ("models/", a vendor) does not count.
func (o *options) family(model string) family {
	f := familyOf(model)
	switch o.thinking {
	case optLevel:
		if f.thinking != thinkLevel {
			f.thinking, f.levels = thinkLevel, []int{levelMinimal, levelLow, levelMedium, levelHigh}
		}
	case optBudget:
		if f.thinking != thinkBudget {
			f.thinking, f.least, f.most = thinkBudget, 0, 32768
		}
	case optNoThinking:
		f.thinking = thinkNever
	}
	if o.signatures != optAuto {
		f.signatures = o.signatures == optOn
	}
	if o.resultMedia != optAuto {
		f.mediaInside = o.resultMedia == optInside
	}
	return f
}

func familyOf(model string) family {
	model = model[strings.LastIndexByte(model, '/')+1:]
	for i := range families {
		f := &families[i]
		if f.models == nil {
			return *f
		}
		for _, p := range f.models {
			if strings.HasPrefix(model, p) {
				return *f
			}
		}
	}
	return families[len(families)-1]
}

// nearest is the level of the family that comes closest to want: the same, else the next lower one, else the lowest.
func (f *family) nearest(want int) int {
	best := f.levels[0]
	for _, l := range f.levels {
		if l <= want {
			best = l
		}
	}
	return best
}
