package config

import "time"

// Default returns what an empty file means: the values that
// plugins.yaml documents, without channels or client keys, and with paths
// relative to the working directory. The caller owns it.
func Default() *Config {
	return &Config{
		Version: 1,
		Server: Server{
			Listen:                "127.0.0.1:3000",
			WebUI:                 true,
			Environment:           Production,
			HealthPath:            "/health",
			MaxConcurrentRequests: 1000,
			Queue:                 Queue{Length: 100, Wait: 5 * time.Second},
			RequestTimeout:        180 * time.Second,
			BodyLimit:             32 << 20,
			DrainTimeout:          30 * time.Second,
			StateDir:              ".claude-proxy",
			RateLimit:             RateLimit{Window: time.Minute, MaxRequests: 100},
		},
		Routing: Routing{
			Strategy:    Failover,
			Affinity:    AffinityAuto,
			AffinityTTL: time.Hour,
			Attempts:    4,
		},
		Plugins: Plugins{
			Dir: "plugins",
			Limits: PluginLimits{
				Memory:               64 << 20,
				FuelPerEvent:         20_000_000,
				FuelPerRequest:       RequestFuel{Base: 50_000_000, PerByte: 2000},
				FuelStart:            2_000_000_000,
				ExchangesPerInstance: 64,
				InstancesMax:         64,
				Output:               64 << 20,
				LogRate:              10,
			},
		},
		Log: Log{
			Level:     LevelInfo,
			Format:    FormatText,
			Requests:  true,
			Responses: true,
			Bodies:    BodiesOff,
			Recent:    1000,
		},
	}
}

// DefaultClientKey returns a client key with what a file need not say. The
// caller owns it.
func DefaultClientKey() ClientKey { return ClientKey{Enabled: true} }

// DefaultChannel returns a channel with what a file need not say. The caller
// owns it.
func DefaultChannel() Channel {
	return Channel{
		Enabled:  true,
		Priority: 1,
		Weight:   1,
		Loss:     LossWarn,
		Timeouts: Timeouts{
			Connect:   10 * time.Second,
			FirstByte: 60 * time.Second,
			Whole:     600 * time.Second,
			Idle:      240 * time.Second,
		},
		Options: []byte("{}"),
	}
}

// DefaultKey returns an upstream key with what a file need not say. The caller
// owns it.
func DefaultKey() Key { return Key{Weight: 1, Enabled: true} }
