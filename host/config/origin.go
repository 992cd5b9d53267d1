package config

// Source is a layer of the configuration. A later one wins over an earlier one.
type Source int

// The layers, lowest first.
const (
	FromDefault Source = iota
	FromFile
	FromDotEnv
	FromEnv
	FromFlag
)

// String returns the word that a person sees.
func (s Source) String() string {
	switch s {
	case FromFile:
		return "file"
	case FromDotEnv:
		return ".env"
	case FromEnv:
		return "environment"
	case FromFlag:
		return "flag"
	default:
		return "default"
	}
}

// Origin is where one value came from.
type Origin struct {
	Source Source
	// Name is the variable or the flag; empty for a default and for the file.
	Name string
	// Line is the line in plugins.yaml or .env; 0 elsewhere.
	Line int
}

// Origin returns where the value at path came from. A path that was set
// nowhere has the zero Origin: a default.
func (c *Config) Origin(path string) Origin { return c.Origins[path] }
