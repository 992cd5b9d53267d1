package httpapi

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/claude-proxy/claude-proxy/host/failure"
)

// A client has bodyGrace for its body and a further second for every bodyRate bytes that came.
const (
	bodyGrace = 60 * time.Second
	bodyRate  = 64 << 10
)

// readBody reads a whole request body of at most limit bytes.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, *failure.Answer) {
	if ct := r.Header.Get("Content-Type"); ct != "" && !isJSON(ct) {
		return nil, failure.BadRequest("", fmt.Sprintf("content-type is %q; send the body as application/json", printable(ct)))
	}
	if r.ContentLength > limit {
		return nil, failure.TooLarge(limit)
	}
	in := &timedBody{r: r.Body, conn: http.NewResponseController(w), start: time.Now()}
	defer in.done()
	switch enc := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); enc {
	case "", "identity":
		body, err := readAll(in, r.ContentLength, limit)
		return body, bodyFault(err, limit)
	case "gzip":
		z, err := gzip.NewReader(io.LimitReader(in, limit+1))
		if err != nil {
			return nil, bodyFault(err, limit)
		}
		body, err := readAll(z, -1, limit)
		return body, bodyFault(err, limit)
	default:
		return nil, failure.BadRequest("", fmt.Sprintf("content-encoding %q is not supported; send the body plain or as gzip", printable(enc)))
	}
}

func isJSON(contentType string) bool {
	if contentType == "application/json" {
		return true
	}
	t, _, err := mime.ParseMediaType(contentType)
	return err == nil && (t == "application/json" || strings.HasSuffix(t, "+json"))
}

var errTooLarge = errors.New("body too large")

// readAll reads r into a buffer of the declared size, or a growing one, and no further than limit.
func readAll(r io.Reader, size, limit int64) ([]byte, error) {
	if size >= 0 {
		b := make([]byte, size)
		_, err := io.ReadFull(r, b)
		return b, err
	}
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(r, limit+1))
	if err == nil && n > limit {
		err = errTooLarge
	}
	return b.Bytes(), err
}

// bodyFault explains why a body could not be read; nil when it could.
func bodyFault(err error, limit int64) *failure.Answer {
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errTooLarge), errors.As(err, &tooLarge):
		return failure.TooLarge(limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return failure.SlowBody()
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		return failure.BadRequest("", "content-encoding says gzip but the body is not valid gzip")
	}
	f := failure.BadRequest("", "the request body broke off before its end")
	f.Close = true
	return f
}

// timedBody keeps a deadline on a body that moves on with what arrives.
type timedBody struct {
	r     io.Reader
	conn  *http.ResponseController
	start time.Time
	n     int64
	set   time.Time
}

func (b *timedBody) Read(p []byte) (int, error) {
	deadline := b.start.Add(bodyGrace + time.Duration(b.n/bodyRate)*time.Second)
	if deadline != b.set {
		b.set = deadline
		// A connection without deadlines (a test's recorder) reads without them.
		_ = b.conn.SetReadDeadline(deadline)
	}
	n, err := b.r.Read(p)
	b.n += int64(n)
	return n, err
}

// done lifts the deadline, which would otherwise end the connection's next request.
func (b *timedBody) done() { _ = b.conn.SetReadDeadline(time.Time{}) }
