package config

import "reflect"

// pendingSettings are read and checked and do nothing yet. A mapping stands for
// all below it. It is the one list to shorten when a setting comes to life.
func pendingSettings() []string {
	return []string{"server.allowed_hosts"}
}

// noteText is how a note starts; the path follows.
const noteText = "accepted, takes effect in a later version"

// notePending adds a note for each setting that was changed and does nothing.
func (d *decoder) notePending() {
	def := Default()
	for _, path := range pendingSettings() {
		v, _, ok := lookup(d.config, path)
		usual, _, _ := lookup(def, path)
		if !ok {
			panic("BUG: no key " + path)
		}
		if !reflect.DeepEqual(v.Interface(), usual.Interface()) {
			d.problem(path, &fault{code: CodePending, severity: Note, message: noteText})
		}
	}
}
