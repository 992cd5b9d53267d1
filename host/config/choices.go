package config

// Environment says how talkative the proxy is.
type Environment string

// The environments.
const (
	Production  Environment = "production"
	Development Environment = "development"
)

// Strategy is how the next channel and key are chosen.
type Strategy string

// The strategies.
const (
	Failover   Strategy = "failover"
	RoundRobin Strategy = "round-robin"
	Random     Strategy = "random"
	LeastBusy  Strategy = "least-busy"
	Fastest    Strategy = "fastest"
)

// Affinity says whether a conversation stays on its channel and key.
type Affinity string

// The kinds of affinity.
const (
	AffinityAuto Affinity = "auto"
	AffinityOff  Affinity = "off"
)

// Loss is a channel's policy for request fields its upstream cannot express.
type Loss string

// The policies.
const (
	LossAllow  Loss = "allow"
	LossWarn   Loss = "warn"
	LossStrict Loss = "strict"
)

// LogLevel is the least severe level that is written.
type LogLevel string

// The levels.
const (
	LevelError LogLevel = "error"
	LevelWarn  LogLevel = "warn"
	LevelInfo  LogLevel = "info"
	LevelDebug LogLevel = "debug"
)

// LogFormat is the form of a log line.
type LogFormat string

// The forms.
const (
	FormatText LogFormat = "text"
	FormatJSON LogFormat = "json"
)

// Bodies says whose bodies are logged; secrets are always redacted.
type Bodies string

// The choices.
const (
	BodiesOff    Bodies = "off"
	BodiesErrors Bodies = "errors"
	BodiesAll    Bodies = "all"
)
