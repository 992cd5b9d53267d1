package adaptertest

import (
	"embed"
	"io/fs"
	"path"
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// genericFiles are the kit's own cases. Folder requests holds what clients send; every other folder holds answers in one
// vendor's format. The digit before the name is the level.
//
//go:embed generic
var genericFiles embed.FS

const genericRequests = "requests"

// Generic is the kit's own cases that concern this adapter: requests of every level, and answers in each format that the
// adapter understands. They have no goldens; what a request must not lose begins with "kit-", and section says tells an
// answer whatever its form.
func (s *Suite) Generic() (cases []*Case) {
	folders, err := genericFiles.ReadDir("generic")
	if err != nil {
		panic("BUG: the generic cases are not embedded: " + err.Error())
	}
	for _, f := range folders {
		list := s.readGeneric(f.Name())
		if f.Name() == genericRequests || s.understands(list) {
			cases = append(cases, list...)
		}
	}
	return cases
}

func (s *Suite) readGeneric(folder string) (cases []*Case) {
	files, err := fs.Glob(genericFiles, path.Join("generic", folder, "*.txtar"))
	if err != nil {
		panic("BUG: " + err.Error())
	}
	options := s.usableOptions()
	for _, file := range files {
		data, err := genericFiles.ReadFile(file)
		if err != nil {
			panic("BUG: " + err.Error())
		}
		level, name, _ := strings.Cut(strings.TrimSuffix(path.Base(file), ".txtar"), "-")
		c, err := Parse(folder+"/"+name, data)
		if err != nil {
			panic("BUG: " + err.Error())
		}
		c.generic, c.level, c.options = true, int(level[0]-'0'), options
		c.call.Headers = forwarded(&s.manifest, c.sent)
		if c.call.Op == adapter.Messages || s.manifest.Offers(c.call.Op) {
			cases = append(cases, c)
		}
	}
	return cases
}

// usableOptions are options of the cases that serve a plain call; nil where the adapter needs none.
func (s *Suite) usableOptions() []byte {
	if c, _ := s.usable(adapter.Messages); c != nil {
		return c.options
	}
	return nil
}

// understands says whether the adapter reads any of the answers as what they say. An adapter that answers by itself does
// not read at all.
func (s *Suite) understands(cases []*Case) bool {
	for _, c := range cases {
		ch, err := s.channel(c.options)
		if err != nil {
			return false
		}
		t := c.play(ch, play{})
		if t.local {
			return false
		}
		if t.done && c.said(t) == withNewline(c.says) {
			return true
		}
	}
	return false
}
