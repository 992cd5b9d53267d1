package config

import (
	"crypto/sha256"
	"encoding/hex"
	"reflect"

	"gopkg.in/yaml.v3"
)

// credential decodes a [Secret]: a client key, an upstream key or the value of
// a header. Its text shows up in no problem.
func (d *decoder) credential(n *yaml.Node, path string, v reflect.Value, f field) {
	if n.Kind != yaml.ScalarNode || isNull(n) {
		d.wrongType(n, path, "text")
		return
	}
	if tag := n.ShortTag(); len(tag) < 2 || tag[:2] != "!!" || tag == "!!binary" {
		d.wrongType(n, path, "text")
		return
	}
	r, fault := d.resolve(n.Value)
	if fault == nil {
		fault = d.checkCredential(r, f.rule)
	}
	if fault != nil {
		fault.hidden = true
		d.problemAt(n, path, fault)
		return
	}
	v.Set(reflect.ValueOf(NewSecret(r.text)))
	d.resolved[path] = r
	d.written(path, n)
}

func (d *decoder) checkCredential(r resolved, rule string) *fault {
	if rule == "header_value" {
		if r.reason != "" {
			return &fault{code: CodeReference, message: r.reason}
		}
		if why := badHeaderValue(r.text); why != "" {
			return &fault{message: "the value " + why}
		}
		return nil
	}
	if r.reason != "" {
		return nil
	}
	if r.text == "" {
		return &fault{message: "the key is empty"}
	}
	d.secret(r.text)
	if why := badCredential(r.text); why != "" && !isSample(r.text) {
		return &fault{message: "the key " + why}
	}
	return nil
}

// shortKey decodes an upstream key that is only its secret.
func (d *decoder) shortKey(n *yaml.Node, path string, v reflect.Value) {
	fields, _ := d.fieldsOf(v.Type())
	for _, f := range fields {
		if f.name == "key" {
			d.credential(n, path, v.Field(f.index), f)
			d.resolved[join(path, "key")] = d.resolved[path]
		}
	}
	d.finish(n, path, v)
}

// prepare gives a new element of a list what the file need not say.
func (d *decoder) prepare(elem reflect.Value) {
	switch e := elem.Addr().Interface().(type) {
	case *ClientKey:
		*e = DefaultClientKey()
	case *Channel:
		*e = DefaultChannel()
	case *Key:
		*e = DefaultKey()
	case *Module:
		e.Limits = d.config.Plugins.Limits
	}
}

// finish completes a decoded mapping with what follows from its values.
func (d *decoder) finish(n *yaml.Node, path string, v reflect.Value) {
	switch e := v.Addr().Interface().(type) {
	case *ClientKey:
		e.Line = n.Line
		d.finishClientKey(e, path)
	case *Key:
		e.Line = n.Line
		d.finishKey(e, path)
	case *Channel:
		e.Line = n.Line
		if base, err := ParseBase(e.BaseURL); err == nil {
			e.base = base
		}
	}
}

const sampleReason = "it is a sample from documentation"

func (d *decoder) finishClientKey(k *ClientKey, path string) {
	r := d.resolved[join(path, "key")]
	k.Ref, k.Reason = r.ref, r.reason
	if isSample(r.text) && !k.Key.Empty() {
		k.Key, k.Reason = Secret{}, sampleReason
	}
	if k.Reason != "" && k.Enabled {
		d.problem(join(path, "key"), &fault{code: CodeReference, severity: Warning,
			message: "nobody can use this key: " + k.Reason})
	}
}

func (d *decoder) finishKey(k *Key, path string) {
	r := d.resolved[join(path, "key")]
	k.Ref, k.ID = r.ref, keyID(k.Secret, r.ref)
	reason := r.reason
	if isSample(r.text) && !k.Secret.Empty() {
		k.Secret, reason = Secret{}, sampleReason
	}
	if reason != "" && k.Enabled {
		k.Enabled, k.Reason = false, reason
		d.problem(join(path, "key"), &fault{code: CodeReference, severity: Warning,
			message: "this key is not used: " + reason})
	}
}

// keyID names a key without giving it away: 40 bits of a hash of the secret, or
// of the reference where that leads nowhere.
func keyID(secret Secret, ref string) string {
	text := "claude-proxy key\x00" + secret.Reveal()
	if secret.Empty() {
		text = "claude-proxy reference\x00" + ref
	}
	sum := sha256.Sum256([]byte(text))
	return "k-" + hex.EncodeToString(sum[:5])
}
