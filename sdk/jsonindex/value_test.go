package jsonindex

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestAbsent(t *testing.T) {
	var none Value
	d := mustParse(t, `{"a":1}`, ClientMode())
	for _, v := range []Value{none, new(Doc).Root(), (*Doc)(nil).Root(), d.Root().Get("b"), d.Root().At(0), d.Root().Get("a").Get("x"), d.Value(3)} {
		_, text := v.Text()
		_, appended := v.AppendText(nil)
		_, raw := v.Raw()
		_, inner := v.Inner()
		_, integer := v.Int()
		_, float := v.Float()
		_, num := v.Num()
		_, boolean := v.Bool()
		if v.Exists() || text || appended || raw || inner || integer || float || num || boolean || v.True() || v.Is("") {
			t.Errorf("%v answers something", v)
		}
		if it := v.Iter(); it.Next() || it.Key() != nil || it.RawKey() != nil {
			t.Errorf("%v iterates", v)
		}
		if !v.IsNull() || v.IsString() || v.IsExtern() || v.Kind() != Null || v.Len() != 0 || v.Head() != nil || v.At(0).Exists() || v.Get("").Exists() || v.Doc() != nil || v.Entry() != 0 {
			t.Errorf("%v is something", v)
		}
	}
}

func TestStrings(t *testing.T) {
	f := func(src, text string, kind Kind) {
		t.Helper()
		v := mustParse(t, src, ClientMode()).Root()
		got, ok := v.Text()
		appended, okAppended := v.AppendText([]byte("dst "))
		inner, okInner := v.Inner()
		raw, okRaw := v.Raw()
		if got != text || !ok || string(appended) != "dst "+text || !okAppended || !v.Is(text) || v.Kind() != kind || !v.IsString() {
			t.Errorf("%s: %q %v %q %v %v", src, got, ok, appended, okAppended, v.Kind())
		}
		if string(inner) != src[1:len(src)-1] || !okInner || string(raw) != src || !okRaw || string(v.Head()) != string(inner) {
			t.Errorf("%s: inner %q, raw %q, head %q", src, inner, raw, v.Head())
		}
		for _, other := range []string{text + "x", text + "\ufffd", "x" + text, text[:len(text)/2], strings.ToUpper(text) + "_"} {
			if other != text && v.Is(other) {
				t.Errorf("%s is %q", src, other)
			}
		}
	}
	f(`""`, "", String)
	f(`"plain"`, "plain", String)
	f(`"日本"`, "日本", String)
	f(`"a\nb"`, "a\nb", Escaped)
	f(`"\"\\\/\b\f\n\r\t"`, "\"\\/\b\f\n\r\t", Escaped)
	f(`"\u0000\u001F\u00e9\u65E5"`, "\x00\x1fé日", Escaped)
	f(`"\ud83d\ude00!"`, "😀!", Escaped)
	// C08: lone surrogates
	f(`"\ud83d"`, "\ufffd", Escaped)
	f(`"\ud83dx"`, "\ufffdx", Escaped)
	f(`"\ude00\ud83d"`, "\ufffd\ufffd", Escaped)
	f(`"\ud83d\ud83d\ude00"`, "\ufffd😀", Escaped)
	f(`"\ud83d\n"`, "\ufffd\n", Escaped)
	f(`"\ud83d\u0041"`, "\ufffdA", Escaped)
}

func TestGetAndAt(t *testing.T) {
	d := mustParse(t, `{"a":1,"b\n":[10,[20],{"x":30}],"a":2,"\u0063":"see"}`, UpstreamMode())
	root := d.Root()
	f := func(v Value, want string) {
		t.Helper()
		raw, ok := v.Raw()
		if string(raw) != want || ok != (want != "") {
			t.Errorf("got %q %v, want %q", raw, ok, want)
		}
		if ok {
			if again := d.Value(v.Entry()); again != v || v.Doc() != d {
				t.Errorf("entry %d does not lead back", v.Entry())
			}
		}
	}
	f(root.Get("a"), "2") // the last of equal keys
	f(root.Get("A"), "")
	f(root.Get("c"), `"see"`)
	f(root.Get(`\u0063`), "")
	f(root.Get("b\n"), `[10,[20],{"x":30}]`)
	f(root.Get("b\n").At(0), "10")
	f(root.Get("b\n").At(1), "[20]")
	f(root.Get("b\n").At(2).Get("x"), "30")
	f(root.Get("b\n").At(3), "")
	f(root.Get("b\n").At(-1), "")
	f(root.At(0), "")
	f(root.Get("b\n").Get("x"), "")
	if root.Len() != 4 || root.Get("b\n").Len() != 3 || root.Get("a").Len() != 0 {
		t.Errorf("lengths %d %d %d", root.Len(), root.Get("b\n").Len(), root.Get("a").Len())
	}
}

func TestIter(t *testing.T) {
	d := mustParse(t, `{"a":[1,{}],"\u0062\n":{"c":null},"":"x"}`, ClientMode())
	var got []string
	for it := d.Root().Iter(); it.Next(); {
		raw, _ := it.Val.Raw()
		got = append(got, fmt.Sprintf("%q %s %s", it.Key(), it.RawKey(), raw))
	}
	want := []string{`"a" a [1,{}]`, `"b\n" \u0062\n {"c":null}`, `""  "x"`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	n := 0
	for it := d.Root().Get("a").Iter(); it.Next(); n++ {
		if it.Key() != nil || it.RawKey() != nil {
			t.Error("an element has a key")
		}
	}
	if n != 2 {
		t.Errorf("%d elements", n)
	}
	if it := d.Root().Iter(); it.Key() != nil || it.RawKey() != nil {
		t.Error("there is a key before Next")
	}
	nested := mustParse(t, `[0,{"a":1}]`, ClientMode()).Root().At(1).Iter()
	if nested.Key() != nil || nested.RawKey() != nil {
		t.Error("there is a key before Next in an inner object")
	}
}

// TestReadingAllocatesNothing covers everything an adapter does for each value.
func TestReadingAllocatesNothing(t *testing.T) {
	body := toolRequest()
	var b Builder
	var d Doc
	if err := b.Index(&d, body, ClientMode()); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(20, func() {
		if err := b.Index(&d, body, ClientMode()); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("indexing again allocates %v times", n)
	}
	text := make([]byte, 0, 1<<16)
	values, keys := 0, 0
	var read func(v Value)
	read = func(v Value) {
		values++
		v.Raw()
		v.Inner()
		v.Head()
		v.Int()
		v.Float()
		v.Num()
		v.Is("enabled with \"quotes\"\n")
		v.True()
		text, _ = v.AppendText(text[:0])
		for it := v.Iter(); it.Next(); {
			switch string(it.Key()) {
			case "role", "content", "type", "text":
				keys++
			}
			read(it.Val)
		}
	}
	if n := testing.AllocsPerRun(20, func() {
		read(d.Root())
		d.Root().Get("messages").At(1).Get("content").Len()
	}); n != 0 {
		t.Errorf("reading allocates %v times", n)
	}
	if values < 20*200 || keys < 20*20 {
		t.Errorf("only %d values and %d keys were read", values, keys)
	}
	var w Writer
	buf := make([]byte, 0, 1<<16)
	root := d.Root()
	w.Reset(buf)
	w.Raw(root) // so that Segs has room
	if n := testing.AllocsPerRun(20, func() {
		w.Reset(buf)
		w.Raw(root.Get("system"))
		w.Escape(root.Get("tool_choice"))
		w.Inner(root.Get("model"))
		w.Quote("x\n")
		w.Int(-5)
		w.Raw(root.Get("messages"))
		w.Finish()
	}); n != 0 {
		t.Errorf("writing allocates %v times", n)
	}
}

func TestPathOf(t *testing.T) {
	d := mustParse(t, `{"messages":[{"role":"user"},{"content":[1,{"source":{"data":"x"},"e":[]}]}],"a b":[true],"é":0}`, ClientMode())
	f := func(v Value, want string) {
		t.Helper()
		if got := d.PathOf(v.Entry()); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	root := d.Root()
	block := root.Get("messages").At(1).Get("content").At(1)
	f(root, "")
	f(root.Get("messages"), "messages")
	f(root.Get("messages").At(0).Get("role"), "messages[0].role")
	f(block, "messages[1].content[1]")
	f(block.Get("source").Get("data"), "messages[1].content[1].source.data")
	f(block.Get("e"), "messages[1].content[1].e")
	f(root.Get("a b").At(0), `["a b"][0]`)
	f(root.Get("é"), `["é"]`)
	if got := d.PathOf(1); got != "messages" {
		t.Errorf("a key has the path %q", got)
	}
	if got := d.PathOf(9999) + new(Doc).PathOf(0); got != "" {
		t.Errorf("no entry has the path %q", got)
	}
	scalar := mustParse(t, `5`, ClientMode())
	if got := scalar.PathOf(0); got != "" {
		t.Errorf("a scalar root has the path %q", got)
	}
}

func TestUntouched(t *testing.T) {
	const src = `{"a":1,"b":"x","c":[true,null,{"d":"y\n","e":{}}],"f":{"g":[1,2]},"h":[]}`
	f := func(name string, read func(root Value), want ...string) {
		t.Helper()
		d := mustParse(t, src, ClientMode())
		d.Track()
		read(d.Root())
		if got := d.Untouched(); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	all := []string{"a", "b", "c[0]", "c[1]", "c[2].d", "c[2].e", "f.g[0]", "f.g[1]", "h"}
	without := func(gone ...string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(gone, s) })
	}
	f("nothing read", func(Value) {}, all...)
	f("walking and kinds are no reading", func(r Value) {
		for it := r.Iter(); it.Next(); {
			it.Key()
			_ = it.Val.Kind() == String && it.Val.IsString() && it.Val.Exists() && it.Val.IsExtern()
		}
	}, all...)
	f("Raw of everything", func(r Value) { r.Raw() })
	f("a question that does not fit reads nothing", func(r Value) {
		r.Get("a").Text()
		r.Get("a").True()
		r.Get("b").Int()
		r.Get("c").Is("x")
		r.Get("b").IsNull()
		r.Get("h").Inner()
	}, all...)
	f("Int", func(r Value) { r.Get("a").Int() }, without("a")...)
	f("Float", func(r Value) { r.Get("a").Float() }, without("a")...)
	f("Num", func(r Value) { r.Get("a").Num() }, without("a")...)
	f("Is, though not equal", func(r Value) { r.Get("b").Is("other") }, without("b")...)
	f("Text", func(r Value) { r.Get("c").At(2).Get("d").Text() }, without("c[2].d")...)
	f("AppendText", func(r Value) { r.Get("b").AppendText(nil) }, without("b")...)
	f("Inner", func(r Value) { r.Get("b").Inner() }, without("b")...)
	f("Head", func(r Value) { r.Get("b").Head() }, without("b")...)
	f("Bool", func(r Value) { r.Get("c").At(0).Bool() }, without("c[0]")...)
	f("IsNull of a null", func(r Value) { r.Get("c").At(1).IsNull() }, without("c[1]")...)
	f("Raw of a part", func(r Value) { r.Get("c").Raw() }, without("c[0]", "c[1]", "c[2].d", "c[2].e")...)
	f("iterating empty containers", func(r Value) { r.Get("h").Iter(); r.Get("c").At(2).Get("e").Len() }, without("h", "c[2].e")...)
	f("Writer", func(r Value) {
		var w Writer
		w.Raw(r.Get("f"))
		w.Inner(r.Get("b"))
		w.Escape(r.Get("c").At(2))
	}, "a", "c[0]", "c[1]", "h")

	if d := mustParse(t, src, ClientMode()); d.Untouched() != nil {
		t.Error("without Track something is reported")
	}
	d := mustParse(t, `"x"`, ClientMode())
	d.Track()
	if got := d.Untouched(); !slices.Equal(got, []string{""}) {
		t.Errorf("scalar root: %q", got)
	}
	var none Doc
	none.Track()
	if got := none.Untouched(); len(got) != 0 {
		t.Errorf("empty document: %q", got)
	}
}
