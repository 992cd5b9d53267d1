package store

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestSetVariables(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".env")
	f := func(before string, values map[string]string, names []string, want string) {
		t.Helper()
		if err := os.Remove(path); before != "" || err == nil {
			if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := SetVariables(path, names, values); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(path); string(got) != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	one := map[string]string{"A": "sk-1"}
	f("", one, []string{"A"}, "A=sk-1\n")
	f("# mine\nB='x y'\n\nexport A = old # c\n", one, []string{"A"}, "# mine\nB='x y'\n\nexport A =sk-1\n")
	f("AA=1", one, []string{"A"}, "AA=1\nA=sk-1\n")
	f("\uFEFFB=1\r\n", one, []string{"A"}, "\uFEFFB=1\r\nA=sk-1\r\n")
	f("A=1\nA=2\n", one, []string{"A"}, "A=1\nA=sk-1\n")
	f("", map[string]string{"A": "p$ss #w", "B": "x"}, []string{"A", "B"}, "A='p$ss #w'\nB=x\n")
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	for _, bad := range []map[string]string{{"A": "a\nb"}, {"A": "it's $x"}, {"1x": "a"}} {
		for name := range bad {
			if err := SetVariables(path, []string{name}, bad); err == nil {
				t.Errorf("taken: %v", bad)
			}
		}
	}
}

func TestIgnore(t *testing.T) {
	dir := t.TempDir()
	if done, err := Ignore(dir, "/.env"); done || err != nil {
		t.Errorf("outside of a repository: %v %v", done, err)
	}
	if err := os.Mkdir(filepath.Join(dir, ".git"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".gitignore"), []byte("*.log\n.env"), 0o600); err != nil {
		t.Fatal(err)
	}
	if done, err := Ignore(dir, "/.env", "/.claude-proxy/"); !done || err != nil {
		t.Errorf("%v %v", done, err)
	}
	if got, _ := os.ReadFile(filepath.Join(dir, ".gitignore")); string(got) != "*.log\n.env\n/.claude-proxy/\n" {
		t.Errorf("%q", got)
	}
	if done, err := Ignore(dir, "/.env", "/.claude-proxy/"); done || err != nil {
		t.Errorf("twice: %v %v", done, err)
	}
}
