package config

import (
	"net"
	"reflect"
	"slices"
	"strings"
	"time"
)

// variable is an environment name and the key of plugins.yaml it wins over.
type variable struct{ name, path string }

// variables returns the names with a value of their own. Those of parts and
// lists are handled apart: HOST and PORT, ENV and NODE_ENV, PROXY_ACCESS_KEY.
func variables() []variable {
	return []variable{
		{"ENABLE_WEB_UI", "server.web_ui"},
		{"HEALTH_CHECK_PATH", "server.health_path"},
		{"MAX_CONCURRENT_REQUESTS", "server.max_concurrent_requests"},
		{"REQUEST_TIMEOUT", "server.request_timeout"},
		{"ENABLE_CORS", "server.cors.enabled"},
		{"CORS_ORIGIN", "server.cors.origins"},
		{"ENABLE_RATE_LIMIT", "server.rate_limit.enabled"},
		{"RATE_LIMIT_WINDOW", "server.rate_limit.window"},
		{"RATE_LIMIT_MAX_REQUESTS", "server.rate_limit.max_requests"},
		{"LOAD_BALANCE_STRATEGY", "routing.strategy"},
		{"LOG_LEVEL", "log.level"},
		{"ENABLE_REQUEST_LOGS", "log.requests"},
		{"ENABLE_RESPONSE_LOGS", "log.responses"},
	}
}

// envKeyName is the name of the client key that PROXY_ACCESS_KEY adds.
const envKeyName = "env"

// shortTimeout is the REQUEST_TIMEOUT below which thinking models are cut off:
// samples of old said 30000.
const shortTimeout = time.Minute

// environment is the variables of both layers.
type environment struct {
	real func(string) (string, bool)
	file dotEnv
}

// get returns a variable and where it comes from: the real environment, then
// .env. One that is set to nothing counts as not set, which is how compose
// files and CI pass on what they do not have.
func (e environment) get(name string) (string, Origin) {
	if value, ok := e.real(name); ok && strings.TrimSpace(value) != "" {
		return strings.TrimSpace(value), Origin{Source: FromEnv, Name: name}
	}
	if value := strings.TrimSpace(e.file.values[name]); value != "" {
		return value, Origin{Source: FromDotEnv, Name: name, Line: e.file.lines[name]}
	}
	return "", Origin{}
}

// lookup reads a variable for ${NAME} as it stands. One that is set to nothing
// gives way to .env here too, but is told apart from one that is not set.
func (e environment) lookup(name string) (string, bool) {
	value, isSet := e.real(name)
	if value != "" {
		return value, true
	}
	value, inFile := e.file.values[name]
	return value, isSet || inFile
}

// overlay sets what the environment and then the flags say.
func (d *decoder) overlay(env environment, flags []Override) {
	for _, v := range variables() {
		if text, origin := env.get(v.name); origin.Source != FromDefault {
			d.override(v.path, text, origin)
		}
	}
	d.overlayListen(env)
	d.overlayEnvironment(env)
	if d.config.Origins["server.request_timeout"].Name == "REQUEST_TIMEOUT" && d.config.Server.RequestTimeout < shortTimeout {
		d.problem("server.request_timeout", &fault{severity: Warning,
			message: "REQUEST_TIMEOUT is " + FormatDuration(d.config.Server.RequestTimeout) + ": models that think take longer to start",
			hint:    "a number without a unit is milliseconds; 180s is the default"})
	}
	d.overlayAccessKey(env)
	for _, f := range flags {
		d.override(f.Path, f.Value, Origin{Source: FromFlag, Name: f.Flag})
	}
}

// override sets one value from a text outside the file.
func (d *decoder) override(path, text string, origin Origin) {
	v, f, ok := lookup(d.config, path)
	if !ok {
		panic("BUG: no key " + path)
	}
	fresh := reflect.New(v.Type()).Elem()
	fault := set(fresh, f, text, inEnv)
	before := d.config.Origins[path]
	d.config.Origins[path] = origin
	if fault != nil {
		d.problem(path, fault)
		d.config.Origins[path] = before
		return
	}
	v.Set(fresh)
}

// overlayListen lets HOST and PORT change their parts of server.listen.
func (d *decoder) overlayListen(env environment) {
	const path = "server.listen"
	host, hostOrigin := env.get("HOST")
	port, portOrigin := env.get("PORT")
	if host == "" && port == "" {
		return
	}
	oldHost, oldPort, err := net.SplitHostPort(d.config.Server.Listen)
	if err != nil {
		// The problem of the file was reported; its default is in place.
		oldHost, oldPort, _ = net.SplitHostPort(Default().Server.Listen)
	}
	origin := hostOrigin
	if host == "" {
		host, origin = oldHost, portOrigin
	} else if fault := checkRule("listen", net.JoinHostPort(strings.Trim(host, "[]"), "0")); fault != nil {
		d.badVariable(path, hostOrigin, bad(host, "is not a host name or an address"))
		return
	}
	if port == "" {
		port = oldPort
	} else if port != "0" && !validPort(port) {
		d.badVariable(path, portOrigin, bad(port, "is not a port from 0 to 65535"))
		return
	}
	if hostOrigin.Name != "" && portOrigin.Name != "" {
		if portOrigin.Source > hostOrigin.Source {
			origin = portOrigin
		}
		origin.Name = "HOST, PORT"
	}
	d.override(path, net.JoinHostPort(strings.Trim(host, "[]"), port), origin)
}

// badVariable reports a variable whose value was not taken.
func (d *decoder) badVariable(path string, origin Origin, f *fault) {
	before := d.config.Origins[path]
	d.config.Origins[path] = origin
	d.problem(path, f)
	d.config.Origins[path] = before
}

// overlayEnvironment reads ENV, then NODE_ENV. Both are names that others set
// too, so a value that means nothing here is not an error.
func (d *decoder) overlayEnvironment(env environment) {
	const path = "server.environment"
	text, origin := env.get("ENV")
	if origin.Source == FromDefault {
		text, origin = env.get("NODE_ENV")
	}
	if origin.Source == FromDefault {
		return
	}
	_, f, _ := lookup(d.config, path)
	if word := strings.ToLower(text); !slices.Contains(f.enum, word) {
		fault := bad(text, "means nothing here and is ignored")
		fault.severity, fault.allowed = Warning, strings.Join(f.enum, ", ")
		if word == "prod" || word == "dev" {
			fault.hint = didYouMean(map[string]string{"prod": "production", "dev": "development"}[word])
		}
		d.badVariable(path, origin, fault)
		return
	}
	d.override(path, text, origin)
}

// overlayAccessKey adds the admin key that PROXY_ACCESS_KEY holds.
func (d *decoder) overlayAccessKey(env environment) {
	text, origin := env.get("PROXY_ACCESS_KEY")
	if text == "" {
		return
	}
	d.secret(text)
	path := listPath("auth.keys", len(d.config.Auth.Keys))
	warn := func(message, hint string) {
		d.badVariable(path, origin, &fault{severity: Warning, message: message, hint: hint})
	}
	if isSample(text) {
		warn("PROXY_ACCESS_KEY is not used: "+sampleReason, "set it to something that nobody knows")
		return
	}
	if why := badCredential(text); why != "" {
		d.badVariable(path, origin, &fault{message: "PROXY_ACCESS_KEY " + why})
		return
	}
	for _, k := range d.config.Auth.Keys {
		if k.Key.Equal(text) {
			warn("PROXY_ACCESS_KEY is the same as the client key "+quote(k.Name)+" and adds none of its own",
				"the rights are those of that key")
			return
		}
	}
	key := DefaultClientKey()
	key.Name, key.Key, key.Admin, key.Ref = envKeyName, NewSecret(text), true, "${PROXY_ACCESS_KEY}"
	d.config.Auth.Keys = append(d.config.Auth.Keys, key)
	d.config.Origins[path] = origin
}
