package push_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/go-holmes/holmes/internal/protowire"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/internal/push"
)

// What is read of a request in protocol buffers is what a reader of whole messages
// reads, and what it refuses is refused.
func FuzzProto(f *testing.F) {
	f.Add(message(1, message(1, message(1, "service_name", 2, "shop"), 2, message(1, "PROFILE", 2, "an-id"))))
	f.Fuzz(func(t *testing.T, request []byte) {
		var got, want recorder
		err := push.Proto(bytes.NewReader(request), &got)
		wrong := whole(request, &want)
		if wrong != nil {
			require.Error(t, err, "%v", wrong)
			return
		}
		require.NoError(t, err)
		require.Equal(t, want.String(), got.String())
	})
}

// whole reads a request that is in memory.
func whole(request []byte, to *recorder) error {
	field := func(c *protowire.Cursor) error {
		if c.Field == 0 {
			return protowire.ErrType
		}
		return nil
	}
	text := func(c *protowire.Cursor) string {
		b := c.Bytes()
		return string(b[:min(len(b), push.MaxText)])
	}
	label := func(m []byte) error {
		var name, value string
		err := protowire.Each(m, func(c *protowire.Cursor) error {
			switch c.Field {
			case 1:
				name = text(c)
			case 2:
				value = text(c)
			}
			return field(c)
		})
		_ = to.Label(name, value)
		return err
	}
	sample := func(m []byte) error {
		_ = to.Sample()
		err := protowire.Each(m, func(c *protowire.Cursor) error {
			switch c.Field {
			case 1:
				_ = to.Profile(bytes.NewReader(c.Bytes()))
			case 2:
				_ = to.ID(text(c))
			}
			return field(c)
		})
		_ = to.EndSample()
		return err
	}
	series := func(m []byte) error {
		_ = to.Series()
		err := protowire.Each(m, func(c *protowire.Cursor) error {
			switch c.Field {
			case 1:
				return label(c.Bytes())
			case 2:
				return sample(c.Bytes())
			}
			return field(c)
		})
		_ = to.EndSeries()
		return err
	}
	return protowire.Each(request, func(c *protowire.Cursor) error {
		if c.Field == 1 {
			return series(c.Bytes())
		}
		return field(c)
	})
}

// What is read as JSON is JSON, as package encoding/json has it, and the texts are the
// same.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"series":[{"labels":[{"name":"service_name","value":"shop"}],"samples":[{"rawProfile":"UFJPRklMRQ==","ID":"an-id"}]}]}`))
	f.Fuzz(func(t *testing.T, request []byte) {
		err := push.JSON(bytes.NewReader(request), &recorder{})
		if err == nil {
			require.True(t, json.Valid(request), "%q", request)
		}
		// The same bytes as a string of JSON: an ID is what it stands for.
		text := fmt.Appendf(nil, `"%s"`, request)
		var want string
		wrong := json.Unmarshal(text, &want)
		var got recorder
		err = push.JSON(bytes.NewReader(fmt.Appendf(nil, `{"series":[{"samples":[{"ID":%s}]}]}`, text)), &got)
		switch {
		case wrong == nil && len(want) <= push.MaxText && bytes.Equal(request, bytes.ToValidUTF8(request, nil)):
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("series{sample(id=%q )}", want), got.String())
		case wrong != nil && err != nil:
			require.True(t, collector.CodeOf(err) == collector.Invalid || err.Error() == "unexpected EOF", "%v", err)
		}
	})
}
