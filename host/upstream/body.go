package upstream

import (
	"bytes"
	"io"
	"net/http"
)

// joinUpTo is the size in bytes up to which several pieces are copied into one: net/http sends the head in a write of
// its own unless the body is a bytes.Reader, and such a write costs more than the copy.
const joinUpTo = 64 << 10

// setBody gives the request its pieces as body, and a way to send them again.
func setBody(req *http.Request, pieces [][]byte) {
	req.ContentLength = 0
	for _, p := range pieces {
		req.ContentLength += int64(len(p))
	}
	if req.ContentLength == 0 {
		req.Body, req.GetBody = http.NoBody, nil
		return
	}
	if len(pieces) > 1 && req.ContentLength <= joinUpTo {
		pieces = [][]byte{bytes.Join(pieces, nil)}
	}
	if len(pieces) == 1 {
		req.Body = io.NopCloser(bytes.NewReader(pieces[0]))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(pieces[0])), nil }
		return
	}
	req.Body = &body{pieces: pieces}
	req.GetBody = func() (io.ReadCloser, error) { return &body{pieces: pieces}, nil }
}

// body reads pieces one after the other without joining them.
type body struct {
	pieces [][]byte
	// at is how much of the first piece was read.
	at int
}

func (b *body) Read(p []byte) (n int, err error) {
	for len(b.pieces) > 0 && n < len(p) {
		k := copy(p[n:], b.pieces[0][b.at:])
		n += k
		b.at += k
		if b.at == len(b.pieces[0]) {
			b.pieces, b.at = b.pieces[1:], 0
		}
	}
	if n == 0 && len(b.pieces) == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// Close ends the body. The pieces belong to the caller.
func (b *body) Close() error { return nil }
