package firstrun

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func TestAccessKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	first, path, made, err := AccessKey(dir)
	if err != nil || !made || len(first.Reveal()) < 20 {
		t.Fatalf("%v %v %v", first, made, err)
	}
	again, _, made, err := AccessKey(dir)
	if err != nil || made || again.Reveal() != first.Reveal() {
		t.Errorf("the second time: made %v, %v", made, err)
	}
	if runtime.GOOS != "windows" {
		for name, want := range map[string]os.FileMode{dir: 0o700, path: 0o600} {
			info, err := os.Stat(name)
			if err != nil || info.Mode().Perm() != want {
				t.Errorf("%s: %v, want %v (%v)", name, info.Mode().Perm(), want, err)
			}
		}
	}
	// an empty file is one whose writing was cut short
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	third, _, made, err := AccessKey(dir)
	if err != nil || !made || third.Reveal() == first.Reveal() {
		t.Errorf("after an empty file: made %v, %v", made, err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// Several copies that start at once leave one whole key.
func TestAccessKeyTogether(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, _, _, err := AccessKey(dir); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	key, _, made, err := AccessKey(dir)
	if err != nil || made || !strings.HasPrefix(key.Reveal(), "cp-") {
		t.Errorf("made %v, %v", made, err)
	}
}

func TestAccessKeyUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := AccessKey(filepath.Join(file, "state")); err == nil || !strings.Contains(err.Error(), "try:") {
		t.Errorf("error %v", err)
	}
}

// O11: where nothing can be written there is a key for this run.
func TestAccessKeyIsKeptNowhere(t *testing.T) {
	link := filepath.Join(t.TempDir(), "state")
	if err := os.Symlink("missing", link); err != nil {
		t.Skip(err)
	}
	first, _, made, err := AccessKey(link)
	if err == nil || !made || !strings.HasPrefix(first.Reveal(), "cp-") {
		t.Errorf("%v %v", made, err)
	}
	if second, _, _, _ := AccessKey(link); second.Reveal() == first.Reveal() {
		t.Error("the same key again")
	}
}

func TestGreeting(t *testing.T) {
	var b strings.Builder
	Greeting{URL: "http://127.0.0.1:3000", Key: "$PROXY_ACCESS_KEY", KeyNote: "from PROXY_ACCESS_KEY", Demo: true, Config: "plugins.yaml", Model: "m", Code: "C0DE"}.Write(&b)
	for _, want := range []string{"http://127.0.0.1:3000/v1/messages", `x-api-key: $PROXY_ACCESS_KEY`, "ANTHROPIC_BASE_URL=http://127.0.0.1:3000 ", "demo", `"model":"m"`, "http://127.0.0.1:3000/#code=C0DE "} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, b.String())
		}
	}
}
