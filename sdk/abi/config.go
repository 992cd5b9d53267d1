package abi

// The fields of section CONFIG. The host sends it to cp_configure; a guest sends it with its manifest.
const (
	ConfigFeatures uint16 = iota + 1 // u64: feature bits of the side that sends
	ConfigMemory                     // u64: the most bytes the guest's memory may have; host only
)

// Config is what one side tells about itself.
type Config struct {
	// Features are the sender's feature bits.
	Features uint64
	// Memory is the most bytes the guest's memory may have; 0 means that nothing was said.
	Memory uint64
}

// AppendConfig appends section CONFIG.
func AppendConfig(dst []byte, c Config) []byte {
	dst = appendU64(dst, ConfigFeatures, c.Features)
	if c.Memory != 0 {
		dst = appendU64(dst, ConfigMemory, c.Memory)
	}
	return dst
}

// ReadConfig reads section CONFIG. No bytes are an empty Config.
func ReadConfig(b []byte) (c Config, err error) {
	f := fields{rest: b}
	for f.next() {
		switch f.number {
		case ConfigFeatures:
			c.Features = f.u64()
		case ConfigMemory:
			c.Memory = f.u64()
		}
	}
	return c, f.err
}
