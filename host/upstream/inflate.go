package upstream

import (
	"compress/gzip"
	"io"

	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

const (
	// maxRatio is how many bytes one compressed byte may become, once more than ratioFrom came out.
	maxRatio  = 100
	ratioFrom = 1 << 20
)

// inflater decodes a gzip body while it is read and gives up on a bomb.
type inflater struct {
	counted counter
	zip     *gzip.Reader
	out     int64
	fault   *failure.Fault
}

func newInflater(body io.ReadCloser) *inflater { return &inflater{counted: counter{body: body}} }

// Read decodes. What is wrong with the encoding is a *failure.Fault; errors of the connection pass through.
func (z *inflater) Read(p []byte) (int, error) {
	if z.fault != nil {
		return 0, z.fault
	}
	if z.zip == nil {
		// The head of the stream is read here and not when the response head arrives, so that Do does not wait for it.
		var err error
		if z.zip, err = gzip.NewReader(&z.counted); err != nil {
			return 0, z.wrap(err)
		}
	}
	n, err := z.zip.Read(p)
	z.out += int64(n)
	if z.out > ratioFrom && z.out > maxRatio*z.counted.n {
		z.fault = encodingFault("sent a compressed answer that inflates without measure", nil)
		return 0, z.fault
	}
	return n, z.wrap(err)
}

// wrap tells what the connection did from what the encoding did.
func (z *inflater) wrap(err error) error {
	switch {
	case err == nil:
		return nil
	case z.counted.err != nil && z.counted.err != io.EOF:
		return z.counted.err
	case err == io.EOF && z.zip != nil:
		return io.EOF
	case err == io.EOF:
		return io.EOF // an empty body needs no gzip head
	}
	z.fault = encodingFault("says that its answer is gzip, but it is not, or it is cut off", err)
	return z.fault
}

func (z *inflater) Close() error { return z.counted.body.Close() }

// counter counts what comes off the wire and keeps its error.
type counter struct {
	body io.ReadCloser
	n    int64
	err  error
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.body.Read(p)
	c.n += int64(n)
	if err != nil {
		c.err = err
	}
	return n, err
}

func encodingFault(message string, err error) *failure.Fault {
	return &failure.Fault{Source: failure.Channel, Kind: failure.KindEncoding, Class: adapter.Protocol, Message: message, Err: err}
}
