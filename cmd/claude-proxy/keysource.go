package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/claude-proxy/claude-proxy/host/config/store"
	"github.com/claude-proxy/claude-proxy/host/setup"
)

// keySource is where a command gets keys from: never from its flags, which other users of the machine can read.
type keySource struct {
	env, file     []string
	stdin, inline bool
}

func (k *keySource) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&k.env, "env", nil, "refer to this variable, as ${NAME}; again for more")
	f.StringArrayVar(&k.file, "file", nil, "refer to this file that holds the key; again for more")
	f.BoolVar(&k.stdin, "stdin", false, "read keys from the standard input, one a line, and keep them in .env")
	f.BoolVar(&k.inline, "inline", false, "keep keys that were read or typed in plugins.yaml itself")
}

// given: some source was named.
func (k *keySource) given() bool { return len(k.env)+len(k.file) > 0 || k.stdin }

// read returns the keys as the file is to write them. Without any source a person is asked. Keys that were read or typed
// go into .env, unless the command is a dry run or wants them in the file.
func (k *keySource) read(w *workspace, channel string, dry bool) ([]string, error) {
	var keys []string
	for _, name := range k.env {
		keys = append(keys, "${"+strings.TrimSuffix(strings.TrimPrefix(name, "${"), "}")+"}")
	}
	for _, path := range k.file {
		keys = append(keys, "file:"+strings.TrimPrefix(path, "file:"))
	}
	var secrets []string
	var err error
	switch {
	case k.stdin:
		secrets, err = lines(w.in)
	case len(keys) == 0 && isTerminal(w.in):
		var one string
		if one, err = askSecret(w, "Key for "+channel+": "); one != "" {
			secrets = []string{one}
		}
	case len(keys) == 0:
		return nil, misuse("no key was given\n  try: --env NAME, --file PATH, or --stdin")
	}
	if err != nil {
		return nil, err
	}
	if len(keys)+len(secrets) == 0 {
		return nil, errors.New("no key was read")
	}
	if k.inline {
		return append(keys, secrets...), nil
	}
	kept, err := keepInEnv(w, channel, secrets, dry)
	return append(keys, kept...), err
}

// lines reads one key a line.
func lines(in io.Reader) (list []string, err error) {
	s := bufio.NewScanner(io.LimitReader(in, 1<<20))
	for s.Scan() {
		if line := strings.TrimSpace(s.Text()); line != "" {
			list = append(list, line)
		}
	}
	return list, s.Err()
}

// askSecret asks at the terminal without showing what is typed.
func askSecret(w *workspace, question string) (string, error) {
	fmt.Fprint(w.err, question)
	f, ok := w.in.(*os.File)
	if !ok {
		return "", errors.New("there is no terminal to ask at")
	}
	text, err := term.ReadPassword(int(f.Fd()))
	fmt.Fprintln(w.err)
	return strings.TrimSpace(string(text)), err
}

// keepInEnv puts secrets into .env and returns the references to them.
func keepInEnv(w *workspace, channel string, secrets []string, dry bool) ([]string, error) {
	if len(secrets) == 0 {
		return nil, nil
	}
	text, err := os.ReadFile(w.envPath())
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	values := make(map[string]string)
	taken := func(name string) bool {
		_, inReal := os.LookupEnv(name)
		return inReal || values[name] != "" || strings.Contains("\n"+string(text), "\n"+name+"=") || strings.Contains(string(text), "export "+name+"=")
	}
	var names, refs []string
	for i, secret := range secrets {
		name := setup.Variable(channel, i+1, taken)
		values[name], names, refs = secret, append(names, name), append(refs, "${"+name+"}")
	}
	if dry {
		fmt.Fprintf(w.err, "%s would get %s\n", w.envPath(), strings.Join(names, ", "))
		return refs, nil
	}
	if err := store.SetVariables(w.envPath(), names, values); err != nil {
		return nil, err
	}
	fmt.Fprintf(w.err, "%s: %s\n", w.envPath(), strings.Join(names, ", "))
	return refs, w.ignore()
}

// ignore keeps secrets out of git.
func (w *workspace) ignore() error {
	done, err := store.Ignore(dirOf(w.path), "/.env", "/.claude-proxy/")
	if done {
		fmt.Fprintln(w.err, ".gitignore: /.env and /.claude-proxy/ stay out of git")
	}
	return err
}
