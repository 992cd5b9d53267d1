package overload

import (
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestLevels(t *testing.T) {
	f := func(before Level, percent uint64, want Level) {
		t.Helper()
		if got := levelOf(Sample{Used: percent, Limit: 100}, before); got != want {
			t.Errorf("%d %% after %s is %s, want %s", percent, before, got, want)
		}
	}
	f(None, 0, None)
	f(None, 84, None)
	f(None, 85, Soft)
	f(None, 95, Hard)
	f(None, 200, Hard)
	f(Soft, 81, Soft)
	f(Soft, 79, None)
	f(Hard, 91, Hard)
	f(Hard, 89, Soft)
	f(Hard, 50, None)
	if levelOf(Sample{Used: 1 << 40}, Hard) != None {
		t.Error("a level without a limit")
	}
}

// The monitor follows the memory up and down, and tells of each change once.
func TestMonitor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var used atomic.Uint64
		told := make(chan Level, 100)
		m := New(func() Sample { return Sample{Used: used.Load(), Limit: 100} }, func(l Level, s Sample) {
			if s.Used != used.Load() {
				t.Errorf("told of %+v", s)
			}
			told <- l
		})
		used.Store(10)
		go m.Watch(t.Context())
		for _, step := range []struct {
			used uint64
			want Level
		}{{10, None}, {90, Soft}, {92, Soft}, {99, Hard}, {92, Hard}, {70, None}, {97, Hard}} {
			used.Store(step.used)
			time.Sleep(2 * every)
			synctest.Wait()
			if m.Level() != step.want {
				t.Errorf("at %d %%: %s", step.used, m.Level())
			}
		}
		if len(told) != 4 {
			t.Errorf("told %d times", len(told))
		}
	})
}

func TestMonitorWithoutALimitEnds(t *testing.T) {
	m := New(func() Sample { return Sample{Used: 1} }, nil)
	m.Watch(t.Context()) // returns
	if m.Level() != None {
		t.Error(m.Level())
	}
}

func TestGroupLimit(t *testing.T) {
	f := func(membership string, files map[string]string, want uint64) {
		t.Helper()
		root := t.TempDir()
		for name, text := range files {
			path := filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		own := filepath.Join(root, "membership")
		if err := os.WriteFile(own, []byte(membership), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := groupLimit(root, own); got != want {
			t.Errorf("%q %v: %d, want %d", membership, files, got, want)
		}
	}
	f("0::/\n", map[string]string{"memory.max": "268435456\n"}, 256<<20)
	f("0::/\n", map[string]string{"memory.max": "max\n"}, 0)
	f("0::/a/b\n", map[string]string{"a/b/memory.max": "max\n", "a/memory.max": "1048576\n", "memory.max": "max\n"}, 1<<20)
	// A container whose membership names the host's path.
	f("0::/kubepods/pod1/c2\n", map[string]string{"memory.max": "1048576\n"}, 1<<20)
	f("0::/../../x\n", map[string]string{"memory.max": "1048576\n"}, 1<<20)
	f("12:cpu,cpuacct:/x\n5:memory:/x\n", map[string]string{"memory/x/memory.limit_in_bytes": "2097152\n"}, 2<<20)
	f("5:memory:/\n", map[string]string{"memory/memory.limit_in_bytes": "9223372036854771712\n"}, 0)
	f("nonsense", nil, 0)
}

// The look at real memory notices what is held, not what is garbage.
func TestUsedIsWhatIsHeld(t *testing.T) {
	held := func() uint64 {
		runtime.GC()
		n, _ := goMemory()
		return n
	}
	before := held()
	block := make([]byte, 64<<20)
	if during := held(); during < before+60<<20 || during > before+90<<20 {
		t.Errorf("64 MiB more made %d of %d", during, before)
	}
	runtime.KeepAlive(block)
	block = nil
	for range 100 {
		_ = make([]byte, 1<<20) // garbage
	}
	if after := held(); after > before+20<<20 {
		t.Errorf("%d bytes are used after what was held is garbage, %d before", after, before)
	}
	if used() < before/2 || before == 0 {
		t.Errorf("%d bytes are used, of which Go holds %d", used(), before)
	}
}
