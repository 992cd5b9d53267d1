package adaptertest

import (
	"os"
	"path/filepath"

	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// tester is what Run needs of *testing.T. The interface keeps package testing out of programs that only use Suite.
type tester[T any] interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
	Run(name string, f func(T)) bool
}

// Run checks every case of the folder dir, each as a subtest with its name, and the adapter as a whole as subtest
// "adapter". A folder without a case is an error. It closes r.
func Run[T tester[T]](t T, r runner.Runner, dir string, o Options) {
	t.Helper()
	defer r.Close()
	cases, err := Load(dir)
	if err != nil {
		t.Fatalf("%v", err)
	}
	if len(cases) == 0 {
		t.Fatalf("%s holds no *.txtar", dir)
	}
	s := NewSuite(r, cases, o)
	t.Run("adapter", func(t T) {
		publish(t, s.CheckAdapter())
		publish(t, s.CheckErrors())
	})
	t.Run("generic", func(t T) {
		for _, c := range s.Generic() {
			t.Run(c.Name, func(t T) { publish(t, s.Check(c)) })
		}
	})
	for _, c := range cases {
		t.Run(c.Name, func(t T) {
			t.Helper()
			report := s.Check(c)
			publish(t, report)
			if !o.Update || report.File == nil {
				return
			}
			file := filepath.Join(dir, c.Name+".txtar")
			old, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v", err)
			}
			if string(old) == string(report.File) {
				return
			}
			if err := os.WriteFile(file, report.File, 0o644); err != nil {
				t.Fatalf("%v", err)
			}
			t.Logf("updated %s", file)
		})
	}
}

func publish[T tester[T]](t T, r *Report) {
	t.Helper()
	for _, f := range r.Findings {
		t.Errorf("%s", f)
	}
}
