package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// configFaults is everything that can go wrong with the configuration while the proxy runs. Each has a test with its number
// in the name.
var configFaults = []string{
	"F01 a file that is no YAML keeps the configuration before, and the place is told",
	"F02 a key that nobody knows is an error with a suggestion",
	"F03 names and keys that stand twice are all told at once",
	"F04 alias bombs, deep nesting and huge files are refused before they cost anything",
	"F05 an empty, half-written or missing file is waited for, and never means: no channels",
	"F06 editors that rename, write in place or exchange links are seen, every time",
	"F07 a burst of writes is one reload, and the last write counts",
	"F08 where the system does not tell of changes, a slow look, a signal and a command do",
	"F09 an edit that is based on an older version is refused and shown what is there",
	"F10 so is that of a second browser",
	"F11 an edit keeps every other byte of the file",
	"F12 on a full disk the old file stays as it is",
	"F13 a writer that is killed leaves a complete version",
	"F14 a single file mounted into a container is rewritten in place, with a copy",
	"F15 mode and owner stay; what cannot be written is read-only with a reason",
	"F16 a link stays a link",
	"F17 a variable that is missing switches its key off, and nothing else",
	"F18 .env is read in all its odd forms",
	"F19 a key that was typed is kept out of the file that git sees",
	"F20 all nonsense is told in one list, with its places",
	"F21 a channel that cannot be reached is no mistake of the file",
	"F22 another address is open before the old one goes; one that is taken changes nothing",
	"F23 reloads in a storm of streams harm no stream and pile nothing up",
	"F24 the last twenty versions can be compared and taken back",
}

func TestConfigFaultsAreTested(t *testing.T) {
	name := regexp.MustCompile(`(?m)^func (Test\w*F\d\d\w*)\(`)
	number := regexp.MustCompile(`F\d\d`)
	tested := map[string][]string{}
	for _, dir := range []string{filepath.Join("..", "..", "host", "config"), "."} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range name.FindAllStringSubmatch(string(text), -1) {
				for _, n := range number.FindAllString(m[1], -1) {
					tested[n] = append(tested[n], m[1])
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, fault := range configFaults {
		n := fmt.Sprintf("F%02d", i+1)
		if !strings.HasPrefix(fault, n+" ") {
			t.Errorf("%q should be %s", fault, n)
		}
		if len(tested[n]) == 0 {
			t.Errorf("nothing tests %s", fault)
		}
		delete(tested, n)
	}
	for n, tests := range tested {
		t.Errorf("%v test %s, which is no fault of the list", tests, n)
	}
}
