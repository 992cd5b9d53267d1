package signature_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/signature"
)

// value indexes the signature as a client's body would hold it.
func value(t testing.TB, sig string) jsonindex.Value {
	t.Helper()
	b, err := json.Marshal(map[string]string{"signature": sig})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonindex.Parse(b, jsonindex.ClientMode())
	if err != nil {
		t.Fatal(err)
	}
	return doc.Root().Get("signature")
}

func TestRoundTrip(t *testing.T) {
	f := func(payload string, plain bool) {
		t.Helper()
		sig := signature.Tag("some-vendor2", payload)
		v := value(t, sig)
		if issuer, ok := signature.Issuer(v); !ok || issuer != "some-vendor2" {
			t.Errorf("%q: issuer %q %v", sig, issuer, ok)
		}
		if !signature.Tagged(v) || !signature.From(v, "some-vendor2") || signature.From(v, "some-vendor") {
			t.Errorf("%q: not recognised", sig)
		}
		if got, ok := signature.Payload(v, "some-vendor2"); !ok || got != payload {
			t.Errorf("%q: payload %q %v, want %q", sig, got, ok, payload)
		}
		if _, ok := signature.Payload(v, "other"); ok {
			t.Errorf("%q: payload given to another issuer", sig)
		}
		skip, ok := signature.Cut(v, "some-vendor2")
		if ok != plain || ok && sig[skip:] != payload {
			t.Errorf("%q: cut %d %v", sig, skip, ok)
		}
		if _, ok := signature.Cut(v, "other"); ok {
			t.Errorf("%q: cut for another issuer", sig)
		}
	}
	f("", true)
	f("rs_0123.gAAAAAB-_x==", true)
	f("CiQBVKhc7+/w=", true)
	f("~a.b.c~", true)
	f("with blank", false)
	f("quote \" backslash \\ and \x00 \xff", false)
	f("日本語", false)
	f(`{"id":"rs_1"}`, false)
}

func TestForeign(t *testing.T) {
	f := func(sig string) {
		t.Helper()
		v := value(t, sig)
		if issuer, ok := signature.Issuer(v); ok || signature.Tagged(v) {
			t.Errorf("%q counts as issued by %q", sig, issuer)
		}
	}
	f("")
	f("EqQBCkYIBRgCKkDfd9mT0H5v2R8sJ3Q==") // the shape of Claude's own
	f("cp1")
	f("cp1.")
	f("cp1..payload")
	f("cp1.~payload")
	f("cp1.gemini")
	f("cp1.Gemini.x")
	f("cp2.gemini.x")
	f("xcp1.gemini.x")
	f("cp1." + strings.Repeat("a", signature.MaxIssuer+1) + ".x")
	f(strings.Repeat("c", 40<<10))

	if signature.Tagged(jsonindex.Value{}) {
		t.Error("an absent value counts as tagged")
	}
}

// A payload too long to be read keeps its issuer and can still be passed on whole.
func TestLongPayloadIsPassedOn(t *testing.T) {
	payload := strings.Repeat("A+b/", 5<<10)
	issuer := strings.Repeat("v", signature.MaxIssuer)
	v := value(t, signature.Tag(issuer, payload))
	if !v.IsExtern() {
		t.Fatal("the string can be read; the test needs a longer one")
	}
	if got, ok := signature.Issuer(v); !ok || got != issuer {
		t.Fatalf("issuer %q %v", got, ok)
	}
	if _, ok := signature.Payload(v, issuer); ok {
		t.Error("an unreadable payload was read")
	}
	skip, ok := signature.Cut(v, issuer)
	if !ok {
		t.Fatal("no cut")
	}
	var w jsonindex.Writer
	w.InnerFrom(v, skip)
	if got := string(w.AppendTo(nil, v.Doc().Src)); got != payload {
		t.Errorf("passed on %d bytes, want %d", len(got), len(payload))
	}
}

func TestDamagedPayload(t *testing.T) {
	for _, sig := range []string{"cp1.v~a", "cp1.v~YQ==", "cp1.v~Y Q", "cp1.v~YR"} {
		if p, ok := signature.Payload(value(t, sig), "v"); ok {
			t.Errorf("%q gave %q", sig, p)
		}
	}
}

func TestTagRefusesBadIssuers(t *testing.T) {
	for _, issuer := range []string{"", "Gemini", "a.b", "a~b", "ä", strings.Repeat("a", 65)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("issuer %q was taken", issuer)
				}
			}()
			signature.Tag(issuer, "x")
		}()
	}
}

func TestNoAllocation(t *testing.T) {
	v := value(t, signature.Tag("gemini", "payload"))
	if n := testing.AllocsPerRun(100, func() {
		if !signature.Tagged(v) || !signature.From(v, "gemini") {
			t.Fatal("not recognised")
		}
		signature.Cut(v, "gemini")
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzTag(f *testing.F) {
	f.Add("gemini", "payload")
	f.Add("openai-responses", "rs_1.\"\x00")
	f.Fuzz(func(t *testing.T, issuer, payload string) {
		defer func() {
			if p := recover(); p != nil && !strings.HasPrefix(p.(string), "BUG: signature: issuer") {
				t.Fatal(p)
			}
		}()
		v := value(t, signature.Tag(issuer, payload))
		if got, ok := signature.Issuer(v); !ok || got != issuer {
			t.Fatalf("issuer %q %v, want %q", got, ok, issuer)
		}
		if got, ok := signature.Payload(v, issuer); ok == v.IsExtern() || ok && got != payload {
			t.Fatalf("payload %q %v, want %q", got, ok, payload)
		}
	})
}
