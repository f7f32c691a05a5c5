// Package form streams a multipart/form-data body: what is in it is read when
// the body is read, and never held whole in memory.
package form

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/textproto"
)

// A Form is a multipart body under construction. The zero value is not usable.
type Form struct {
	parts  []io.Reader
	frame  *multipart.Writer // writes the headers of parts to buffer
	buffer bytes.Buffer
}

// New returns an empty form.
func New() *Form {
	f := new(Form)
	f.frame = multipart.NewWriter(&f.buffer)
	return f
}

// Field adds a text field.
func (f *Form) Field(name, value string) {
	// A bytes.Buffer takes everything, so nothing here can fail.
	_ = f.frame.WriteField(name, value)
}

// Part adds a part with a content type and, unless it is empty, a file name.
// The name has to be plain. The content is read when the body is, and not
// closed.
func (f *Form) Part(name, filename, contentType string, content io.Reader) {
	disposition := `form-data; name="` + name + `"`
	if filename != "" {
		disposition = multipart.FileContentDisposition(name, filename)
	}
	header := textproto.MIMEHeader{
		"Content-Disposition": {disposition},
		"Content-Type":        {contentType},
	}
	_, _ = f.frame.CreatePart(header)
	f.flush()
	f.parts = append(f.parts, content)
}

// Body ends the form and returns it as one reader, with its content type. It
// is called once.
func (f *Form) Body() (body io.Reader, contentType string) {
	_ = f.frame.Close()
	f.flush()
	return io.MultiReader(f.parts...), f.frame.FormDataContentType()
}

// flush turns what is framed so far into a part of its own.
func (f *Form) flush() {
	f.parts = append(f.parts, bytes.NewReader(bytes.Clone(f.buffer.Bytes())))
	f.buffer.Reset()
}
