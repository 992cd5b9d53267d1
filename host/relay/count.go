package relay

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/routing"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

const (
	// askedASecond is how many token counts a second go to upstreams. Editors and agents send 40 at once, which no quota
	// is for.
	askedASecond = 4
	// countTimeout is how long upstreams may take for one before the estimate answers: a count is worth no waiting.
	countTimeout = 5 * time.Second
	// estimateHeader names what in an answer is an estimate of the proxy's: input_tokens of a count, or usage of a message. A
	// stream has sent its head before that is known.
	estimateHeader = "x-claude-proxy-estimate"
)

// allowance lets a few things happen in each second. It is safe for concurrent use.
type allowance struct {
	mu     sync.Mutex
	second int64
	used   int
}

// take says whether one more may happen.
func (a *allowance) take(now time.Time, most int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s := now.Unix(); s != a.second {
		a.second, a.used = s, 0
	}
	a.used++
	return a.used <= most
}

// asksForCount says whether an upstream is asked for the count, which then has little time for it.
func (x *exchange) asksForCount(candidates []routing.Candidate) bool {
	if !x.counts(candidates) || !x.r.asks.take(time.Now(), askedASecond) {
		return false
	}
	if soon := x.call.Received.Add(countTimeout); soon.Before(x.deadline) {
		x.deadline = soon
	}
	return true
}

// counts says whether an upstream among the candidates counts tokens itself.
func (x *exchange) counts(candidates []routing.Candidate) bool {
	for _, c := range candidates {
		lease, err := x.snap.Channels[c.Channel.Name].Adapter.Lease()
		if err != nil {
			continue
		}
		offers := lease.Manifest.Offers(adapter.CountTokens)
		lease.Release()
		if offers {
			return true
		}
	}
	return false
}

// countable says whether an estimate is a better answer than this refusal: unless the request itself is at fault.
func countable(refusal *failure.Answer) bool {
	return refusal.Status != http.StatusBadRequest && refusal.Status != http.StatusRequestEntityTooLarge
}

// estimate answers count_tokens where no upstream does, and says that it is an estimate.
func (x *exchange) estimate() {
	x.out.describe([]adapter.Header{{Name: estimateHeader, Value: "input_tokens"}})
	x.out.whole(200, "application/json", appendCount(nil, countTokens(x.call.Doc))) // a client that left is recorded by the answer
}

func appendCount(dst []byte, n int64) []byte {
	dst = append(dst, `{"input_tokens":`...)
	dst = strconv.AppendInt(dst, n, 10)
	return append(dst, '}')
}

// estimateTokens guesses the input tokens of a request from its sizes alone, at no cost: it stands in message_start until
// the upstream has counted.
func estimateTokens(doc *jsonindex.Doc) int64 {
	if doc == nil {
		return 0
	}
	text, n := int64(len(doc.Src)), int64(0)
	for _, x := range doc.Ext {
		if isMedia(head(doc, x)) {
			text -= int64(x.Len)
			n += mediaTokens(head(doc, x), int64(x.Len))
		}
	}
	return n + text/4 + 1
}

// countTokens is a better guess, for count_tokens: it reads the whole body, so that system, tools and every kind of block
// count, and is biased high, because a client that compacts its history early loses less than one that does so too late.
// Eight bytes of ASCII are three tokens (JSON's own signs included), and five others two, which was measured: with an older
// tokenizer of Claude's, prose, code and JSON come out at 1.0 to 1.45 times the truth, other scripts at 1.0 to 1.3, and
// newer ones make up to a third more tokens. Pictures and documents count by their size.
func countTokens(doc *jsonindex.Doc) int64 {
	if doc == nil {
		return 0
	}
	n, from := int64(0), uint32(0)
	ascii, other := int64(0), int64(0)
	until := func(to uint32) {
		high := highBytes(doc.Src[from:to])
		other += high
		ascii += int64(to-from) - high
	}
	next := 0
	for i, e := range doc.Ents {
		if i == 0 || e.Start < from || !isData(doc, i) {
			continue
		}
		end := e.End
		for next < len(doc.Ext) && doc.Ext[next].At < e.Start {
			next++
		}
		if e.Kind() == jsonindex.Extern && next < len(doc.Ext) {
			end = doc.Ext[next].At + doc.Ext[next].Len
		}
		value := doc.Src[e.Start:e.End]
		if !isMedia(value) {
			continue
		}
		until(e.Start)
		n += mediaTokens(value, int64(end-e.Start))
		from = end
	}
	until(uint32(len(doc.Src)))
	return n + ascii*3/8 + other*2/5 + 1
}

// isData says whether entry i is a string under the name data, as the sources of pictures and documents have it.
func isData(doc *jsonindex.Doc, i int) bool {
	switch doc.Ents[i].Kind() {
	case jsonindex.String, jsonindex.Extern:
		key := doc.Ents[i-1]
		return key.Kind() == jsonindex.String && string(doc.Src[key.Start:key.End]) == "data"
	}
	return false
}

// head is the end of a long string's readable beginning.
func head(doc *jsonindex.Doc, x jsonindex.Ext) []byte {
	return doc.Src[x.At-min(x.At, looked) : x.At]
}

// looked is how many bytes of a string tell whether it is base64.
const looked = 64

// isMedia says whether a string looks like base64, by its first bytes.
func isMedia(s []byte) bool {
	if len(s) < looked {
		return false
	}
	for _, c := range s[:looked] {
		if c|0x20-'a' >= 26 && c-'0' >= 10 && c != '+' && c != '/' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// mediaTokens guesses what so many characters of base64 cost: a picture by its size up to what the largest costs
// (https://docs.claude.com/en/docs/build-with-claude/vision), a PDF, which is text and a picture for each page, without limit.
func mediaTokens(head []byte, size int64) int64 {
	const largestPicture = 1600
	if bytes.HasPrefix(head, []byte("JVBERi")) { // %PDF-
		return size/10 + 1500
	}
	return min(size/80+100, largestPicture)
}

// highBytes counts the bytes that are no ASCII.
func highBytes(b []byte) int64 {
	n := 0
	for len(b) >= 8 {
		n += bits.OnesCount64(binary.LittleEndian.Uint64(b) & 0x8080808080808080)
		b = b[8:]
	}
	for _, c := range b {
		n += int(c >> 7)
	}
	return int64(n)
}
