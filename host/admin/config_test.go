package admin

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/config/edit"
)

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestConfigText(t *testing.T) {
	r := newRig(t)
	client := r.browser()
	got := as[contract.Config](t, r.send(client, "GET", "config", ""))
	if strings.Contains(got.Text, "canary") || !strings.Contains(got.Text, "${ALLOWED_KEY}") || !strings.Contains(got.Text, "# A comment") || !got.Writable || !got.Exists {
		t.Errorf("config %+v", got)
	}
	// Saved as it came, nothing changes; what is edited changes, and the secrets are where they were.
	put := func(text string, headers ...string) reply {
		return r.edit(client, "PUT", "config", jsonOf(t, contract.ConfigText{Text: text}), headers...)
	}
	if a := put(got.Text); a.StatusCode != 200 || r.file() != sample {
		t.Errorf("%d %s\n%s", a.StatusCode, a.body, r.file())
	}
	edited := strings.Replace(got.Text, "# the first", "# still the first", 1)
	if a := put(edited); a.StatusCode != 200 || r.file() != strings.Replace(sample, "# the first", "# still the first", 1) {
		t.Errorf("%d %s\n%s", a.StatusCode, a.body, r.file())
	}
	if a := put(strings.Replace(got.Text, "hidden:", "hidden:0", 1)); a.StatusCode != 422 {
		t.Errorf("a placeholder for nothing: %d %s", a.StatusCode, a.body)
	}
	if a := put(got.Text + "nonsense: 1\n"); a.StatusCode != 422 || as[contract.Problem](t, a).Errors[0].Line == 0 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	v := as[contract.Validation](t, r.send(client, "POST", "config/validate", jsonOf(t, contract.ConfigText{Text: strings.Replace(got.Text, "enabled: false", "enabled: maybe", 1)})))
	if v.OK || len(v.Problems) == 0 || v.Problems[0].Line == 0 || !strings.Contains(v.Diff, "+    enabled: maybe") {
		t.Errorf("validation %+v", v)
	}
	// A reference in a text that is only checked must not tell what it leads to.
	v = as[contract.Validation](t, r.send(client, "POST", "config/validate", jsonOf(t, contract.ConfigText{Text: got.Text + "  - { name: x, adapter: mini, base_url: \"https://x.example\", keys: [\"file:/etc/passwd\"] }\n"})))
	if v.OK || len(v.Problems) != 1 || v.Problems[0].Code != "variable_not_allowed" {
		t.Errorf("validation %+v", v)
	}
	export := as[contract.Export](t, r.send(client, "GET", "config/export", ""))
	if strings.Contains(export.Text, "canary") || !strings.Contains(export.Text, "${MAIN_KEY}") || len(export.Variables) != 4 {
		t.Errorf("export %+v", export)
	}
	history := as[contract.History](t, r.send(client, "GET", "config/history", ""))
	if len(history.Items) < 2 || history.Items[0].Actor != "ui:boss" {
		t.Fatalf("history %+v", history)
	}
	diff := as[contract.Diff](t, r.send(client, "GET", "config/diff?from="+history.Items[len(history.Items)-1].ID, ""))
	if !strings.Contains(diff.Diff, "+  - name: main          # still the first") {
		t.Errorf("diff %s", diff.Diff)
	}
	// The history on disk is for the owner alone.
	err := filepath.WalkDir(filepath.Join(r.dir, ".claude-proxy"), func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if info, err := d.Info(); err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// F09, F10: two browsers, an editor and the command line edit at once, and no edit is lost in silence.
func TestNobodyLosesAnEdit(t *testing.T) {
	r := newRig(t)
	var clients []func(method, path, body, match string) reply
	for range 2 {
		browser := r.browser()
		clients = append(clients, func(method, path, body, match string) reply {
			return r.send(browser, method, path, body, "if-match: "+match)
		})
	}
	clients = append(clients, func(method, path, body, match string) reply { // the command line over the API
		return r.program(method, path, body, "if-match: "+match)
	})
	const each = 8
	var wg sync.WaitGroup
	want := make(chan string, 100)
	for i, ask := range clients {
		wg.Go(func() {
			for n := range each {
				tag := string(rune('a'+i)) + string(rune('0'+n))
				for {
					seen := r.send(http.DefaultClient, "GET", "channels", "", "x-api-key: "+adminSecret)
					var list contract.Channels
					if err := json.Unmarshal(seen.body, &list); err != nil {
						t.Error(err)
						return
					}
					tags := append(*list.Items[0].Settings.Tags, tag)
					a := ask("PATCH", "channels/main", `{"settings":{"tags":`+mustJSON(tags)+`}}`, seen.Header.Get("ETag"))
					if a.StatusCode == 200 {
						want <- tag
						break
					}
					if a.StatusCode != 412 {
						t.Errorf("%d %s", a.StatusCode, a.body)
						return
					}
				}
			}
		})
	}
	// An editor and a command that work on the file itself.
	wg.Go(func() {
		for n := range each {
			tag := "z" + string(rune('0'+n))
			if _, err := r.api.Files.Edit([]edit.Edit{{Op: edit.Insert, Path: "channels[spare].tags", Value: tag}}, "*", "cli"); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	close(want)
	r.reload(t.Context(), "file")
	list := as[contract.Channels](t, r.program("GET", "channels", ""))
	have := " " + strings.Join(append(*list.Items[0].Settings.Tags, *list.Items[1].Settings.Tags...), " ") + " "
	for tag := range want {
		if !strings.Contains(have, " "+tag+" ") {
			t.Errorf("the edit %s is lost: %s", tag, have)
		}
	}
	for n := range each {
		if !strings.Contains(have, " z"+string(rune('0'+n))+" ") {
			t.Errorf("the edit z%d is lost: %s", n, have)
		}
	}
}

func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return string(b)
}

func TestPreconditions(t *testing.T) {
	r := newRig(t)
	client := r.browser()
	const path, body = "channels/main", `{"settings":{"weight":2}}`
	f := func(status int, code string, headers ...string) {
		t.Helper()
		if a := r.send(client, "PATCH", path, body, headers...); a.StatusCode != status || a.code() != code {
			t.Errorf("%q: %d %s", headers, a.StatusCode, a.body)
		}
	}
	f(428, "precondition_required")
	f(412, "conflict", `if-match: "0123"`)
	f(200, "", `if-match: W/`+r.etag())
	f(200, "", `if-match: *`)
	// Somebody's editor leaves a mistake behind: single values cannot be changed, the text can.
	r.write(r.file() + "nonsense: 1\n")
	f(422, "invalid", "if-match: *")
	text := as[contract.Config](t, r.send(client, "GET", "config", ""))
	if len(text.Problems) == 0 {
		t.Errorf("config %+v", text)
	}
	if a := r.edit(client, "PUT", "config", jsonOf(t, contract.ConfigText{Text: strings.Replace(text.Text, "nonsense: 1\n", "", 1)})); a.StatusCode != 200 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	// No file at all: saving makes it.
	if err := os.Remove(r.path()); err != nil {
		t.Fatal(err)
	}
	if a := r.send(client, "POST", "channels", `{"settings":{"name":"first","adapter":"mini","base_url":"https://x.example"}}`, `if-match: ""`); a.StatusCode != 201 || !strings.Contains(r.file(), "name: first") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// F15: what cannot be written is read-only, and says so before anybody tries.
func TestReadOnly(t *testing.T) {
	if os.Geteuid() == 0 {
		// Root may write anything, so a folder in the place of the file does what rights cannot.
		t.Log("running as root: rights do not bind, so only the answer's form is looked at")
	}
	r := newRig(t)
	client := r.browser()
	if err := os.Chmod(r.path(), 0o400); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(r.dir, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(r.dir, 0o700) }) // or the test's folder could not be removed
	status := as[contract.Status](t, r.send(client, "GET", "status", ""))
	a := r.send(client, "PATCH", "channels/main", `{"settings":{"weight":2}}`, "if-match: *")
	if status.ReadOnly != (a.StatusCode == 403) || status.ReadOnly && (a.code() != "read_only" || status.ReadOnlyReason == "") {
		t.Errorf("status says read_only %v, a change gets %d %s", status.ReadOnly, a.StatusCode, a.body)
	}
}
