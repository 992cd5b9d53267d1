package wasm

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/wasm/meter"
	"github.com/claude-proxy/claude-proxy/host/wasm/wasmtest"
)

func TestMeteredCache(t *testing.T) {
	dir := t.TempDir()
	l := NewLoader(Config{CacheDir: dir})
	module := wasmtest.Module{}.Bytes()
	want, err := meter.Rewrite(module, meter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	files := func() []string {
		t.Helper()
		list, err := filepath.Glob(filepath.Join(dir, meteredDir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	take := func(o meter.Options) *meter.Module {
		t.Helper()
		m, err := l.metered(module, sha256.Sum256(module), o)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	if got := take(meter.Options{}); !reflect.DeepEqual(got, want) {
		t.Error("the module differs at first")
	}
	kept := files()
	if len(kept) != 1 {
		t.Fatalf("%q is kept", kept)
	}
	if info, err := os.Stat(kept[0]); err != nil || info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		t.Errorf("the file can be read by others: %v %v", info, err)
	}
	if got := readMetered(kept[0]); !reflect.DeepEqual(got, want) {
		t.Error("the module differs in the cache")
	}
	if got := take(meter.Options{}); !reflect.DeepEqual(got, want) {
		t.Error("the module differs when it is taken from the cache")
	}

	// What is damaged in whatever way is made again.
	whole, err := os.ReadFile(kept[0])
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(whole); n += 1 + len(whole)/50 {
		flipped := append([]byte(nil), whole...)
		flipped[n] ^= 4
		for _, b := range [][]byte{whole[:n], flipped} {
			if err := os.WriteFile(kept[0], b, 0o600); err != nil {
				t.Fatal(err)
			}
			if readMetered(kept[0]) != nil {
				t.Fatalf("a file that is damaged at %d is taken", n)
			}
		}
	}
	if got := take(meter.Options{}); !reflect.DeepEqual(got, want) || !reflect.DeepEqual(readMetered(kept[0]), want) {
		t.Error("a damaged file is not made good")
	}

	// Another limit makes another module; what nobody asked for in months goes.
	if err := os.Chtimes(kept[0], time.Time{}, time.Now().Add(-meteredFor-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := take(meter.Options{MemoryPages: 100}); reflect.DeepEqual(got, want) {
		t.Error("the limits do not count")
	}
	if now := files(); len(now) != 1 || now[0] == kept[0] {
		t.Errorf("%q is kept", now)
	}

	// A folder that cannot be written to is no reason not to load.
	l = NewLoader(Config{CacheDir: filepath.Join(files()[0], "no-folder")})
	if got := take(meter.Options{}); !reflect.DeepEqual(got, want) {
		t.Error("without a cache the module differs")
	}
}
