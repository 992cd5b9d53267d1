package jsonindex

// maxPath bounds the paths in errors: a text can nest 200 keys of a megabyte each.
const (
	maxPath    = 240
	maxPathKey = 64
)

// PathOf is the path of an entry, such as messages[3].content[0].source; "" for the root and for no entry. A key has the
// path of its value. Keys that are no plain names are written as ["in quotes"]. It walks the document from the root.
func (d *Doc) PathOf(entry uint32) string {
	if uint64(entry) >= uint64(len(d.Ents)) {
		return ""
	}
	var p []byte
	for i := uint32(0); i < entry; {
		j := i + 1
		if d.Ents[i].Kind() == Object {
			for d.Ents[j+1].Next() <= entry {
				j = d.Ents[j+1].Next()
			}
			p = d.appendKey(p, j)
			if entry == j {
				break
			}
			i = j + 1
			continue
		}
		n := 0
		for ; d.Ents[j].Next() <= entry; n++ {
			j = d.Ents[j].Next()
		}
		p = appendIndex(p, n)
		i = j
	}
	return string(p)
}

// openPath is the path of the place where a scan stopped: down the containers without an end, then to the value that is
// not there yet, or, when behind, not further than the innermost container.
func openPath(d *Doc, behind bool) string {
	var p []byte
	end := uint32(len(d.Ents))
	for i := uint32(0); i < end; {
		e := d.Ents[i]
		if e.Next() != 0 {
			break
		}
		object := e.Kind() == Object
		j, n := i+1, 0
		for ; j < end; n++ {
			v := j
			if object {
				v++
			}
			if v >= end || d.Ents[v].Next() == 0 {
				break
			}
			j = d.Ents[v].Next()
		}
		switch {
		case object && j < end:
			p = d.appendKey(p, j)
			i = j + 1
		case !object && (j < end || !behind):
			p = appendIndex(p, n)
			i = j
		default:
			i = end
		}
		if len(p) > maxPath {
			return cutText(p, maxPath)
		}
	}
	return string(p)
}

// appendKey appends the key at entry k to a path.
func (d *Doc) appendKey(p []byte, k uint32) []byte {
	e := d.Ents[k]
	raw := d.Src[e.Start:e.End]
	if e.Kind() == String && isName(raw) && len(raw) <= maxPathKey {
		if len(p) > 0 {
			p = append(p, '.')
		}
		return append(p, raw...)
	}
	p = append(p, `["`...)
	p = append(p, cutText(raw, maxPathKey)...)
	return append(p, `"]`...)
}

func isName(b []byte) bool {
	for _, c := range b {
		if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'z') && c != '_' && c != '-' && c != '$' {
			return false
		}
	}
	return len(b) > 0
}

// cutText is b, or at most n bytes of it with an ellipsis; never half a rune.
func cutText(b []byte, n int) string {
	if len(b) <= n {
		return string(b)
	}
	for n > 0 && b[n]&0xc0 == 0x80 {
		n--
	}
	return string(b[:n]) + "…"
}
