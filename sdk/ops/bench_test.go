package ops

import (
	"encoding/json"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// stream is 200 text deltas and the end, as an adapter emits them.
func stream(e *Emitter, delta jsonindex.Value) {
	e.Reset()
	for range 200 {
		e.Text(0, delta)
	}
	e.Stop(EndTurn, "", nil)
	e.Done()
}

func BenchmarkEmitStream(b *testing.B) {
	doc, _ := jsonindex.Parse([]byte(`" quick \"brown\" fox"`), jsonindex.UpstreamMode())
	var e Emitter
	b.ReportAllocs()
	for b.Loop() {
		stream(&e, doc.Root())
	}
}

func BenchmarkReadStream(b *testing.B) {
	doc, _ := jsonindex.Parse([]byte(`" quick \"brown\" fox"`), jsonindex.UpstreamMode())
	var e Emitter
	stream(&e, doc.Root())
	var r Reader
	b.ReportAllocs()
	for b.Loop() {
		for r.Reset(e.Buf); r.More(); {
			if _, err := r.Next(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func arguments() (plain, escaped []byte) {
	plain = []byte(`{"file_path":"/home/user/project/main.go","old_string":"` +
		"func main() {\\n\\tfmt.Println(\\\"hello\\\")\\n}\\n" + `","replace_all":false,"lines":[1,2,3,40.5],"note":"größer 日本語"}`)
	return plain, jsonindex.AppendEscaped(nil, plain)
}

func BenchmarkArgs(b *testing.B) {
	plain, escaped := arguments()
	b.Run("plain", func(b *testing.B) {
		b.SetBytes(int64(len(plain)))
		for b.Loop() {
			var a Args
			if !a.Feed(plain) || !a.Complete() {
				b.Fatal(a)
			}
		}
	})
	b.Run("escaped", func(b *testing.B) {
		b.SetBytes(int64(len(escaped)))
		for b.Loop() {
			var a Args
			if !a.FeedEscaped(escaped) || !a.Complete() {
				b.Fatal(a)
			}
		}
	})
	b.Run("json.Valid", func(b *testing.B) {
		b.SetBytes(int64(len(plain)))
		for b.Loop() {
			if !json.Valid(plain) {
				b.Fatal()
			}
		}
	})
}
