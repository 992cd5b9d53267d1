package config

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSecretFile is the largest file that file:PATH reads, in bytes.
const maxSecretFile = 64 << 10

// expanded is a text after its ${NAME} were replaced.
type expanded struct {
	text string
	// missing names the first variable that is not set, or set to nothing.
	missing string
	// empty says that the missing variable is set to nothing.
	empty bool
	// refers says that the text held a reference at all.
	refers bool
}

// expand replaces each ${NAME} by the variable; "$${" stands for "${" itself.
// Nothing else that shells do is understood, and what looks like it is refused.
func expand(text string, lookup func(string) (string, bool)) (expanded, *fault) {
	var (
		e   expanded
		out strings.Builder
	)
	for {
		at := strings.Index(text, "${")
		if at < 0 {
			out.WriteString(text)
			e.text = out.String()
			return e, nil
		}
		if at > 0 && text[at-1] == '$' {
			out.WriteString(text[:at-1] + "${")
			text = text[at+2:]
			continue
		}
		name, rest, closed := strings.Cut(text[at+2:], "}")
		if !closed || !validEnvName(name) {
			return e, &fault{code: CodeReference, hidden: true,
				message: "holds a ${ that no variable name and } follow",
				allowed: "${NAME} of letters, digits and _; $${ for ${ itself"}
		}
		value, ok := lookup(name)
		if value == "" && e.missing == "" {
			e.missing, e.empty = name, ok
		}
		out.WriteString(text[:at] + value)
		text, e.refers = rest, true
	}
}

// why says what is wrong with the missing variable.
func (e expanded) why() string {
	if e.empty {
		return "the variable " + e.missing + " is empty"
	}
	return "the variable " + e.missing + " is not set"
}

func validEnvName(name string) bool {
	for i, r := range name {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

// resolved is a secret after its reference was followed.
type resolved struct {
	text string
	// ref is the reference as written, "" where the file holds the secret.
	ref string
	// reason is set where the reference leads nowhere: text is empty then.
	reason string
}

// resolve follows what a secret refers to: ${NAME}, file:PATH, or neither.
func (d *decoder) resolve(text string) (resolved, *fault) {
	if path, ok := strings.CutPrefix(text, "file:"); ok {
		return d.resolveFile(text, path)
	}
	if name, ok := strings.CutPrefix(text, "$"); ok && validEnvName(name) {
		return resolved{}, &fault{code: CodeReference, hidden: true,
			message: "a variable is written with braces", hint: didYouMean("${" + name + "}")}
	}
	e, f := expand(text, d.lookup)
	if f != nil {
		return resolved{}, f
	}
	r := resolved{text: strings.TrimSpace(e.text)}
	if e.refers {
		r.ref = shownReference(text)
		d.secret(r.text)
	}
	if e.missing != "" {
		r.text, r.reason = "", e.why()
	}
	return r, nil
}

// shownReference returns a text with all that is not a reference taken out.
func shownReference(text string) string {
	var out strings.Builder
	for text != "" {
		at := strings.Index(text, "${")
		if at < 0 {
			out.WriteString("…")
			break
		}
		if at > 0 {
			out.WriteString("…")
		}
		end := strings.IndexByte(text[at:], '}')
		if end < 0 {
			break
		}
		out.WriteString(text[at : at+end+1])
		text = text[at+end+1:]
	}
	return out.String()
}

func (d *decoder) resolveFile(ref, path string) (resolved, *fault) {
	if strings.TrimSpace(path) == "" {
		return resolved{}, &fault{code: CodeReference, message: "file: must be followed by a path"}
	}
	data, err := d.read(d.join(path), maxSecretFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return resolved{ref: ref, reason: "the file " + quote(path) + " does not exist"}, nil
	case err != nil:
		return resolved{}, &fault{code: CodeReference, message: "cannot read the file " + quote(path) + ": " + plainError(err)}
	}
	text := strings.TrimSpace(strings.TrimPrefix(string(data), "\uFEFF"))
	if text == "" {
		return resolved{ref: ref, reason: "the file " + quote(path) + " is empty"}, nil
	}
	d.secret(text)
	return resolved{text: text, ref: ref}, nil
}

// plainError drops the path from a file error: the message around it names it
// as the user wrote it.
func plainError(err error) string {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err.Error()
	}
	return err.Error()
}

// join makes a path of the file one of the working directory.
func (d *decoder) join(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(d.config.Dir, path)
}

// badCredential says what keeps a secret from travelling in a header, "" if
// nothing does. It names a place, never the text.
func badCredential(secret string) string {
	if rest, ok := strings.CutPrefix(secret, "Bearer "); ok && rest != "" {
		return `starts with "Bearer ", which the proxy adds itself`
	}
	col := 0
	for _, r := range secret {
		col++
		switch {
		case r == '\n' || r == '\r':
			return "holds a line break"
		case r == utf8.RuneError:
			return "is not UTF-8"
		case unicode.IsSpace(r):
			return "holds a space"
		case r < ' ' || r == 0x7f:
			return "holds a control character"
		case r > 0x7f:
			return "holds a character that is not ASCII, such as a typographic quote or an invisible space"
		}
	}
	if col > 8<<10 {
		return "is longer than 8192 characters"
	}
	return ""
}

// isSample reports whether a secret is one that examples print: the words of
// the documentation, of old .env.example files and of this project's samples.
// Such a secret is known to everyone and authenticates nobody.
func isSample(secret string) bool {
	s := strings.ToLower(secret)
	switch strings.Trim(s, "<>[]{}") {
	case "changeme", "change-me", "change_me", "replace-me", "replace_me", "replaceme",
		"secret", "password", "admin", "test", "key", "apikey", "api-key", "api_key",
		"token", "none", "null", "todo", "example", "sample", "dummy", "placeholder",
		"123456", "12345678", "123456789", "proxy-access-key", "my-secret-key",
		"sk-test", "sk-key", "sk-example", "sk-1234", "sk-12345", "sk-123456", "sk-1234567890":
		return true
	}
	if strings.HasPrefix(s, "<") && strings.HasSuffix(s, ">") ||
		strings.Contains(s, "…") || strings.Contains(s, "...") {
		return true
	}
	for _, prefix := range [...]string{"your-", "your_", "sk-your", "sk-ant-your", "sk_your"} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	// xxxx, sk-xxxxxxxx, sk-ant-xxx, ****
	for _, prefix := range [...]string{"sk-ant-", "sk-proj-", "sk-", "aiza"} {
		s = strings.TrimPrefix(s, prefix)
	}
	return len(s) >= 3 && (strings.Trim(s, "x-") == "" || strings.Trim(s, "*") == "")
}
