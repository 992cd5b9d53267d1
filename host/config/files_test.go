package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func certificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func TestCAFile(t *testing.T) {
	folder := files{
		"etc/plugins.yaml": "version: 1\nchannels: [ { name: a, adapter: openai, base_url: https://x, ca_file: tls/ca.pem } ]\n",
		"etc/tls/ca.pem":   certificate(t),
	}
	c, report := Load(LoadOptions{Path: "etc/plugins.yaml", Open: folder.open, LookupEnv: noEnv})
	if c == nil || c.Channels[0].CAFile != filepath.Join("etc", "tls", "ca.pem") {
		t.Fatalf("got %v", report)
	}
	folder["etc/tls/ca.pem"] = "no certificate"
	_, report = Load(LoadOptions{Path: "etc/plugins.yaml", Open: folder.open, LookupEnv: noEnv})
	if got := report.String(); !strings.Contains(got, `plugins.yaml:2:71  channels[0].ca_file: "tls/ca.pem" holds no certificate in PEM form`) {
		t.Errorf("got %s", got)
	}
}

func TestSecretFiles(t *testing.T) {
	f := func(content, part string, severity Severity) {
		t.Helper()
		folder := files{
			"plugins.yaml": "version: 1\nchannels: [ { name: a, adapter: openai, base_url: https://x, keys: [ file:key ] } ]\n",
			"key":          content,
		}
		c, report := Load(LoadOptions{Open: folder.open, LookupEnv: noEnv})
		if len(report.Problems) != 1 || report.Problems[0].Severity != severity || (c != nil) != (severity == Warning) ||
			!strings.Contains(report.String(), part) || strings.Contains(report.String(), "canary") {
			t.Errorf("%q: %v", content, report)
		}
	}
	f(" \n", "is empty", Warning)
	f("canary\nsecond line\n", "holds a line break", Error)
	f(strings.Repeat("c", maxSecretFile+1), "larger than 64KiB", Error)
	f("your-api-key\n", "sample", Warning)
	// One that is there and cannot be read is no reason to go on without it.
	open := func(path string) (io.ReadCloser, error) {
		if path == "key" {
			return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("permission denied")}
		}
		return files{"plugins.yaml": "version: 1\nauth: { keys: [ { name: a, key: file:key } ] }"}.open(path)
	}
	_, report := Load(LoadOptions{Open: open, LookupEnv: noEnv})
	if !report.Failed() || !strings.Contains(report.String(), `cannot read the file "key": permission denied`) {
		t.Errorf("got %v", report)
	}
}

func TestPaths(t *testing.T) {
	text := "version: 1\nserver: { state_dir: state }\nplugins: { dir: /wasm, cache_dir: cache }\n"
	c, report := Load(LoadOptions{Path: "a/b/plugins.yaml", Source: []byte(text), Open: files{}.open, LookupEnv: noEnv})
	if report.Failed() {
		t.Fatal(report)
	}
	if got, want := c.Server.StateDir, filepath.Join("a", "b", "state"); got != want {
		t.Errorf("state_dir: got %s, want %s", got, want)
	}
	if got, want := c.Plugins.CacheDir, filepath.Join("a", "b", "cache"); got != want {
		t.Errorf("cache_dir: got %s, want %s", got, want)
	}
	if got, want := c.Plugins.Dir, "/wasm"; got != want {
		t.Errorf("dir: got %s, want %s", got, want)
	}
}

// TestRealFiles goes without anything injected.
func TestRealFiles(t *testing.T) {
	if _, report := Load(LoadOptions{Path: filepath.Join(t.TempDir(), "plugins.yaml")}); !report.Has(CodeUnreadable) {
		t.Errorf("got %v", report)
	}
	c, report := Load(LoadOptions{Path: filepath.Join(t.TempDir(), "plugins.yaml"), Optional: true, LookupEnv: noEnv})
	if c == nil || report.Err() != nil {
		t.Errorf("got %v", report)
	}
}

func TestProblemAsJSON(t *testing.T) {
	_, report := load("version: 1\nlog: { level: loud }\n", nil)
	text, err := json.Marshal(report.Problems[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"Severity":"error"`, `"Code":"value"`, `"Line":2`, `"Col":15`, `"Found":"\"loud\""`, `"Path":"log.level"`} {
		if !strings.Contains(string(text), part) {
			t.Errorf("%s is missing from %s", part, text)
		}
	}
}

func TestOriginWords(t *testing.T) {
	want := map[Source]string{FromDefault: "default", FromFile: "file", FromDotEnv: ".env", FromEnv: "environment", FromFlag: "flag"}
	for source, word := range want {
		if source.String() != word {
			t.Errorf("%d: got %s, want %s", source, source, word)
		}
	}
	if c := must(t, "version: 1", nil); c.Origin("log.level") != (Origin{}) {
		t.Error("a default has an origin")
	}
}
