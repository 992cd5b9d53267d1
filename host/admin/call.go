package admin

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"
)

// call is one request to the API on its way.
type call struct {
	w  http.ResponseWriter
	r  *http.Request
	id string
	op *operation
	// who asks; nil only for open operations.
	who *identity
	// address is the client's.
	address string
	// body is the request's body as it came.
	body []byte
	// target is what the audit log names.
	target string
	// etag becomes the header ETag; empty is none.
	etag string
}

// name returns a part of the path.
func (c *call) name(part string) string { return pathPart(c.r, part) }

// asks returns a parameter of the query.
func (c *call) asks(parameter string) string { return c.r.URL.Query().Get(parameter) }

// dry says that nothing is to be changed.
func (c *call) dry() bool { return c.asks("dry_run") == "1" }

// with makes the endpoint of a function whose body and answer are JSON.
func with[In, Out any](f func(*call, *In) (Out, error)) endpoint {
	e := shapes[In, Out]()
	e.serve = func(c *call) error {
		in := new(In)
		if e.in != nil {
			if err := c.read(in); err != nil {
				return err
			}
		}
		out, err := f(c, in)
		if err != nil {
			return err
		}
		if e.out == nil {
			c.w.WriteHeader(c.op.success())
			return nil
		}
		return c.answer(&out)
	}
	return e
}

// maxBody is the largest body of an ordinary request, in bytes. A plugins.yaml may have 4 MiB, and more as JSON text.
const maxBody = 16 << 20

// read decodes the body, which must be exactly one JSON value of the shape.
func (c *call) read(in any) error {
	body, err := c.take("application/json", maxBody)
	if err != nil {
		return err
	}
	c.body = body
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil {
		return badBody(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return refuse(codeBadRequest, "something follows the JSON value in the body")
	}
	return nil
}

// take reads a body of one media type, up to a limit.
func (c *call) take(media string, limit int64) ([]byte, error) {
	got, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || got != media {
		return nil, refuse(codeMediaType, "the content-type must be "+media)
	}
	if c.r.Header.Get("Content-Encoding") != "" {
		return nil, refuse(codeMediaType, "the body must come without a content-encoding")
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, limit))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, refuse(codeTooLarge, fmt.Sprintf("the body has more than %d bytes", limit))
	case err != nil:
		return nil, refuse(codeBadRequest, "the body broke off before its end")
	}
	return body, nil
}

// badBody says where a body is wrong without repeating any of it, since it may hold a secret.
func badBody(err error) *problem {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	p := refuse(codeBadRequest, "the body is not what this operation takes")
	switch {
	case errors.As(err, &kind):
		return p.at("/"+strings.ReplaceAll(kind.Field, ".", "/"), "a JSON "+kind.Value+" cannot stand here")
	case errors.As(err, &syntax):
		p.Detail = fmt.Sprintf("the body is not JSON: there is a mistake at byte %d", syntax.Offset)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		p.Detail = "the body is not JSON: it ends too early"
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		// The name of a field is the client's own, and no place for a secret; still it is not repeated at length.
		name := strings.Trim(strings.TrimPrefix(err.Error(), "json: unknown field "), `"`)
		return p.at("", fmt.Sprintf("there is no field %.60q here", name))
	}
	return p
}

// answer sends a value as JSON.
func (c *call) answer(out any) error {
	fill(reflect.ValueOf(out).Elem())
	b, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("the answer is no JSON: %w", err)
	}
	h := c.w.Header()
	h.Set("content-type", "application/json")
	h.Set("content-length", strconv.Itoa(len(b)))
	if c.etag != "" {
		h.Set("etag", strconv.Quote(c.etag))
	}
	c.w.WriteHeader(c.op.success())
	c.w.Write(b) // a client that left does not hear of it
	return nil
}

// filled is a copy of a shape in which lists are lists.
func filled(v any) any {
	p := reflect.New(reflect.TypeOf(v))
	p.Elem().Set(reflect.ValueOf(v))
	fill(p.Elem())
	return p.Interface()
}

// fill puts an empty list or map where there is none: the document says list, and null is none.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() {
				fill(f)
			}
		}
	case reflect.Slice:
		if v.IsNil() && v.Type().Elem().Kind() != reflect.Uint8 {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		if v.Type().Elem().Kind() == reflect.Struct {
			for i := range v.Len() {
				fill(v.Index(i))
			}
		}
	case reflect.Map:
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
	}
}

// newID makes an id that is hard to guess.
func newID(prefix string) string { return prefix + rand.Text()[:22] }
