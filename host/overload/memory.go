package overload

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
)

// goShare is the part of a container's memory that is left to Go's heap where GOMEMLIMIT does not say: instances of plugins
// and the system's own buffers need some as well.
const goShare = 0.9

// Memory finds the limit of this process, GOMEMLIMIT or that of its control group, whichever is lower, and returns a look at
// what is used of it. Where GOMEMLIMIT is not set it is set, from the group's limit.
func Memory() func() Sample {
	group := groupLimit("/sys/fs/cgroup", "/proc/self/cgroup")
	limit := uint64(math.MaxInt64)
	if n := debug.SetMemoryLimit(-1); n > 0 && n < math.MaxInt64 {
		limit = uint64(n)
	} else if group > 0 {
		debug.SetMemoryLimit(int64(goShare * float64(group)))
	}
	if group > 0 {
		limit = min(limit, group)
	}
	if limit == math.MaxInt64 {
		limit = 0
	}
	return func() Sample { return Sample{Used: used(), Limit: limit} }
}

// The parts of Go's memory that used adds up.
const (
	metricTotal    = "/memory/classes/total:bytes"
	metricReleased = "/memory/classes/heap/released:bytes"
	metricFree     = "/memory/classes/heap/free:bytes"
	metricObjects  = "/memory/classes/heap/objects:bytes"
	metricLive     = "/gc/heap/live:bytes"
)

// used is what could not be given back: live objects rather than all, since Go lets garbage pile up to its limit on purpose,
// and what the process has beside Go, such as the memory of plugins.
func used() uint64 {
	own, mapped := goMemory()
	if resident := residentAnonymous("/proc/self/status"); resident > mapped {
		own += resident - mapped
	}
	return own
}

// goMemory is what Go's own memory holds, and what it has from the system.
func goMemory() (held, mapped uint64) {
	samples := []metrics.Sample{{Name: metricTotal}, {Name: metricReleased}, {Name: metricFree}, {Name: metricObjects}, {Name: metricLive}}
	metrics.Read(samples)
	v := func(i int) uint64 {
		if samples[i].Value.Kind() != metrics.KindUint64 {
			return 0
		}
		return samples[i].Value.Uint64()
	}
	mapped = v(0) - min(v(1), v(0))
	garbage := v(2) + v(3) - min(v(4), v(3))
	return mapped - min(garbage, mapped), mapped
}

// residentAnonymous reads the process's private memory, 0 where the system does not tell.
func residentAnonymous(path string) uint64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(text) {
		rest, ok := bytes.CutPrefix(line, []byte("RssAnon:"))
		if !ok {
			continue
		}
		kib, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(string(rest)), " kB"), 10, 64)
		if err != nil {
			return 0
		}
		return kib << 10
	}
	return 0
}

// groupLimit reads the memory limit of the control group, of version 2 or 1, 0 where there is none. A group's limit may
// stand further up than the process's own folder.
func groupLimit(root, membership string) uint64 {
	var folders []string
	text, err := os.ReadFile(membership)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 || parts[1] != "" && !strings.Contains(parts[1], "memory") {
			continue
		}
		base := root
		if parts[1] != "" {
			base = filepath.Join(root, "memory")
		}
		// In a container the path is often that of the host; its own group is then the root.
		for dir := filepath.Clean("/" + parts[2]); ; dir = filepath.Dir(dir) {
			folders = append(folders, filepath.Join(base, dir))
			if dir == "/" {
				break
			}
		}
	}
	var least uint64
	for _, folder := range folders {
		for _, name := range []string{"memory.max", "memory.limit_in_bytes"} {
			text, err := os.ReadFile(filepath.Join(folder, name))
			if err != nil {
				continue
			}
			// "max", and version 1's largest number, are no limit.
			n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
			if err == nil && n < 1<<60 && (least == 0 || n < least) {
				least = n
			}
		}
	}
	return least
}
