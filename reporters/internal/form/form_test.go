package form_test

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/reporters/internal/form"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFormOnTheWire(t *testing.T) {
	f := form.New()
	f.Part("event", "", "application/json", strings.NewReader(`{"id":"1"}`))
	f.Part("profile", `odd"name.gz`, "application/octet-stream", strings.NewReader("profile bytes"))
	f.Field("token", "t")
	body, contentType := f.Body()
	_, params, err := mime.ParseMediaType(contentType)
	require.NoError(t, err)
	raw, err := io.ReadAll(iotest.OneByteReader(body))
	require.NoError(t, err)
	want := strings.ReplaceAll(strings.ReplaceAll(`--B
Content-Disposition: form-data; name="event"
Content-Type: application/json

{"id":"1"}
--B
Content-Disposition: form-data; name="profile"; filename="odd\"name.gz"
Content-Type: application/octet-stream

profile bytes
--B
Content-Disposition: form-data; name="token"

t
--B--
`, "\n", "\r\n"), "--B", "--"+params["boundary"])
	require.Equal(t, want, string(raw))
}

func TestFormReadsItsPartsOnlyWhenItIsRead(t *testing.T) {
	errRead := errors.New("read")
	f := form.New()
	f.Part("profile", "cpu.pb.gz", "application/octet-stream", iotest.ErrReader(errRead))
	body, contentType := f.Body()
	_, params, err := mime.ParseMediaType(contentType)
	require.NoError(t, err)
	part, err := multipart.NewReader(body, params["boundary"]).NextPart()
	require.NoError(t, err, "the frame is there")
	_, err = io.ReadAll(part)
	require.ErrorIs(t, err, errRead)
}
