package store

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
)

// killsVar says how often TestF13KillDuringWrites kills a writer; killedVar makes the test binary such a writer.
const (
	killsVar  = "CLAUDE_PROXY_TEST_KILLS"
	killedVar = "CLAUDE_PROXY_TEST_WRITER"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(killedVar); path != "" {
		writeForEver(path)
	}
	os.Exit(m.Run())
}

// complete is version n of a file that is large enough to be written in several pieces.
func complete(n int) []byte {
	return fmt.Appendf(nil, "version: 1\n# begin %d\n%s# end %d\n", n, strings.Repeat("# "+strings.Repeat("x", 97)+"\n", 500+n%7*300), n)
}

// isComplete returns the number of the version that text is, -1 when it is none.
func isComplete(text []byte) int {
	_, rest, _ := strings.Cut(string(text), "# begin ")
	number, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.Atoi(number)
	if err != nil || !bytes.Equal(text, complete(n)) {
		return -1
	}
	return n
}

func writer(path string) *Store {
	return New(Options{Path: path, Load: func([]byte) (*config.Config, config.Report) { return config.Default(), config.Report{} }})
}

// writeForEver saves one version after the other, says so, and never ends by itself.
func writeForEver(path string) {
	s := writer(path)
	v, err := s.Read()
	for n := isComplete(v.Bytes) + 1; err == nil; n++ {
		if v, err = s.Save(complete(n), v.Hash, "test"); err == nil {
			fmt.Println(n)
		}
	}
	fmt.Println("failed:", err)
	os.Exit(1)
}

// F13: a writer that is killed at any moment leaves some complete version, in the file and in the history, and the next one
// goes on from there.
func TestF13KillDuringWrites(t *testing.T) {
	kills := 30
	if text := os.Getenv(killsVar); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "plugins.yaml")
	if err := os.WriteFile(path, complete(0), 0o600); err != nil {
		t.Fatal(err)
	}
	random, last := rand.New(rand.NewPCG(1, 2)), 0
	for i := range kills {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), killedVar+"="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// After its first save it is at work on the next one; how far, chance decides.
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil || strings.HasPrefix(line, "failed") {
			t.Fatalf("kill %d: the writer says %q: %v", i, line, err)
		}
		time.Sleep(time.Duration(random.IntN(8000)) * time.Microsecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed, which is an error
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("kill %d: %v", i, err)
		}
		n := isComplete(text)
		if n < last {
			t.Fatalf("kill %d: the file is no complete version, or an old one: %d after %d", i, n, last)
		}
		last = n
	}
	s := writer(path)
	if _, err := s.Save(complete(last+1), AnyVersion, "test"); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*.tmp")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	for _, e := range s.History() {
		if text, err := s.Get(e.ID); err != nil || isComplete(text) < 0 || Hash(text) != e.Hash {
			t.Errorf("the history holds half a version: %v", err)
		}
	}
	t.Logf("%d kills, %d versions", kills, last)
}
