package wasm

import (
	"fmt"
	"slices"
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/abi"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// Refused says why a module cannot be a plugin. It lists everything that is wrong, so that its author need not try again
// for each.
type Refused struct {
	// Problems are sentences that say what was found and what to do.
	Problems []string
}

func (r *Refused) Error() string { return "not a plugin: " + strings.Join(r.Problems, "; ") }

func refuse(format string, args ...any) *Refused {
	return &Refused{Problems: []string{fmt.Sprintf(format, args...)}}
}

// signature is a function type: i for i32, l for i64, f, d, v, r for others; the results behind a colon.
type signature string

// Import is one function that a module imports.
type Import struct{ Module, Name string }

func (i Import) String() string { return i.Module + "." + i.Name }

// surface is what a module shows to the outside.
type surface struct {
	imports []Import
	inSigs  []signature // of imports
	exports map[string]signature
	memory  string // name under which a memory is exported
	readme  adapter.Text
}

// maxModule is the largest file that is looked at.
const maxModule = 32 << 20

// scan reads the outside of a module. What it does not understand it leaves to the pass that reads everything.
func scan(b []byte) (*surface, error) {
	if len(b) > maxModule {
		return nil, refuse("the file has %d bytes, more than %d", len(b), maxModule)
	}
	switch head := string(b[:min(8, len(b))]); {
	case !strings.HasPrefix(head, "\x00asm"):
		return nil, refuse("this is not a WebAssembly module")
	case len(b) < 8:
		return nil, refuse("the file ends within its first 8 bytes; it was not copied completely")
	case head[6] == 1:
		return nil, refuse("this is a component (wasip2); build it as a core module (wasip1)")
	case head[4:] != "\x01\x00\x00\x00":
		return nil, refuse("this is WebAssembly of another version; build it as a core module of version 1")
	}
	s := scanner{b: b, i: 8, out: &surface{exports: map[string]signature{}}}
	for s.i < len(s.b) && !s.bad {
		s.section()
	}
	if s.bad {
		return nil, refuse("the module is damaged near byte %d; it was not copied or built completely", s.i)
	}
	if s.wide {
		return nil, refuse("its memory has 64-bit addresses; build it for wasm32")
	}
	return s.out, nil
}

type scanner struct {
	b     []byte
	i     int
	bad   bool
	wide  bool
	types []signature
	funcs []signature
	out   *surface
}

func (s *scanner) section() {
	id := s.u8()
	n := s.u32()
	end := s.i + int(n)
	if end > len(s.b) || end < s.i {
		s.bad = true
		return
	}
	switch id {
	case 0:
		s.custom(end)
	case 1:
		s.each(s.typ)
	case 2:
		s.each(s.imported)
	case 3:
		s.each(func() { s.funcs = append(s.funcs, s.typeAt(s.u32())) })
	case 5:
		s.each(s.limits)
	case 7:
		s.each(s.exported)
	}
	if s.i > end {
		s.bad = true
	}
	s.i = end
}

// custom reads the sections that carry a manual. Of those with one name the first counts.
func (s *scanner) custom(end int) {
	name := s.name()
	if s.i > end || s.bad {
		return
	}
	switch text := s.b[s.i:end]; {
	case name == abi.ReadmeSection && s.out.readme.EN == "":
		s.out.readme.EN = abi.Readme(text)
	case name == abi.ReadmeSectionZH && s.out.readme.ZH == "":
		s.out.readme.ZH = abi.Readme(text)
	}
}

func (s *scanner) each(item func()) {
	for n := s.u32(); n > 0 && !s.bad; n-- {
		item()
	}
}

func (s *scanner) typ() {
	if s.u8() != 0x60 {
		s.bad = true
		return
	}
	var sig strings.Builder
	s.each(func() { sig.WriteByte(valueLetter(s.u8())) })
	sig.WriteByte(':')
	s.each(func() { sig.WriteByte(valueLetter(s.u8())) })
	s.types = append(s.types, signature(sig.String()))
}

func valueLetter(c byte) byte {
	switch c {
	case 0x7f:
		return 'i'
	case 0x7e:
		return 'l'
	case 0x7d:
		return 'f'
	case 0x7c:
		return 'd'
	case 0x7b:
		return 'v'
	}
	return 'r'
}

func (s *scanner) typeAt(i uint32) signature {
	if uint64(i) >= uint64(len(s.types)) {
		s.bad = true
		return ""
	}
	return s.types[i]
}

func (s *scanner) imported() {
	im := Import{s.name(), s.name()}
	var sig signature
	switch s.u8() {
	case 0:
		sig = s.typeAt(s.u32())
		s.funcs = append(s.funcs, sig)
	case 1:
		s.u8()
		s.limits()
		sig = "table"
	case 2:
		s.limits()
		sig = "memory"
	case 3:
		s.u8()
		s.u8()
		sig = "global"
	default:
		s.bad = true
	}
	if !s.bad {
		s.out.imports = append(s.out.imports, im)
		s.out.inSigs = append(s.out.inSigs, sig)
	}
}

func (s *scanner) limits() {
	flags := s.u8()
	if flags&4 != 0 {
		s.wide = true
	}
	s.u64()
	if flags&1 != 0 {
		s.u64()
	}
}

func (s *scanner) exported() {
	name := s.name()
	kind, i := s.u8(), s.u32()
	switch {
	case s.bad:
	case kind == 0 && uint64(i) < uint64(len(s.funcs)):
		s.out.exports[name] = s.funcs[i]
	case kind == 0:
		s.bad = true
	case kind == 2:
		if name == abi.ExportMemory || s.out.memory == "" {
			s.out.memory = name
		}
	}
}

func (s *scanner) u8() byte {
	if s.i >= len(s.b) {
		s.bad = true
		return 0
	}
	s.i++
	return s.b[s.i-1]
}

func (s *scanner) u32() uint32 {
	v := s.u64()
	if v > 1<<32-1 {
		s.bad = true
	}
	return uint32(v)
}

func (s *scanner) u64() (v uint64) {
	for shift := uint(0); shift < 64; shift += 7 {
		c := s.u8()
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	s.bad = true
	return 0
}

func (s *scanner) name() string {
	n := s.u32()
	if uint64(n) > uint64(len(s.b)-s.i) {
		s.bad = true
		return ""
	}
	s.i += int(n)
	return string(s.b[s.i-int(n) : s.i])
}

// check compares the outside of a module with the ABI.
func (s *surface) check() error {
	r := &Refused{}
	add := func(format string, args ...any) { r.Problems = append(r.Problems, fmt.Sprintf(format, args...)) }
	for i, im := range s.imports {
		want, ok := allowedImport(im)
		switch {
		case !ok && im.Module == abi.WASI:
			add("it imports %s, which no adapter needs: there are no files, sockets or environment in the sandbox", im)
		case !ok:
			add("it imports %s; allowed are %s.%s and what language runtimes need of %s", im, abi.Module, abi.Log, abi.WASI)
		case s.inSigs[i] != want:
			add("it imports %s as %s, not as %s", im, s.inSigs[i], want)
		}
	}
	if _, ok := s.exports[abi.Marker]; !ok {
		if other := s.otherVersion(); other != "" {
			add("it speaks ABI version %s, this proxy speaks version %d; build it with a matching SDK", other, abi.Version)
		} else {
			add("it exports no %s: it was not built with an SDK for these plugins, or not as a library (Go: -buildmode=c-shared)", abi.Marker)
		}
	}
	var missing []string
	for _, e := range abi.Exports() {
		got, ok := s.exports[e.Name]
		switch want := exportSignature(e); {
		case !ok && e.Required && e.Name != abi.Marker:
			missing = append(missing, e.Name)
		case ok && got != want:
			add("its export %s is %s, not %s", e.Name, got, want)
		}
	}
	if s.memory != abi.ExportMemory {
		missing = append(missing, abi.ExportMemory)
	}
	if len(missing) > 0 {
		add("it does not export %s", strings.Join(missing, ", "))
	}
	if len(r.Problems) > 0 {
		return r
	}
	return nil
}

// otherVersion is the ABI version that a module's marker names, "" without one.
func (s *surface) otherVersion() string {
	var found []string
	for name := range s.exports {
		if v, ok := strings.CutPrefix(name, abi.MarkerPrefix); ok {
			found = append(found, v)
		}
	}
	slices.Sort(found)
	return strings.Join(found, ", ")
}

func exportSignature(e abi.Export) signature {
	s := strings.Repeat("i", e.Params) + ":"
	switch e.Result {
	case 32:
		s += "i"
	case 64:
		s += "l"
	}
	return signature(s)
}

// allowedImport says whether a function may be imported, and as what.
func allowedImport(im Import) (signature, bool) {
	if im.Module == abi.Module && im.Name == abi.Log {
		return "iii:", true
	}
	if im.Module != abi.WASI || !slices.Contains(abi.WASIFunctions(), im.Name) {
		return "", false
	}
	for _, f := range wasiFuncs() {
		if f.name != im.Name {
			continue
		}
		if f.result {
			return signature(f.params + ":i"), true
		}
		return signature(f.params + ":"), true
	}
	return "", false
}
