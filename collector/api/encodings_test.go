package api_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/stretchr/testify/require"
)

// A profile is taken in each form in which encoders write it, and what is none in
// that of its format is refused with the reason.
func TestEncodings(t *testing.T) {
	w := newWorld(t)
	head := proftest.Message{}.Column().Strings("cpu", "nanoseconds", "main.a", "/a.go")
	small, message := proftest.Small(), proftest.Message{}
	timed := small.Num(9, uint64(taken().UnixNano()))
	text := "heap profile: 3: 48 [9: 144] @ heap/1048576\n1: 16 [1: 16] @ 0x1 0x2\n"
	for name, test := range map[string]struct {
		body   []byte
		zipped bool // is said in the header
		total  float64
		reason string // "" is accepted
	}{
		"plain":            {body: small, total: 7},
		"gzip":             {body: zipped(t, small), total: 7},
		"content-encoding": {body: zipped(t, small), zipped: true, total: 7},
		"members":          {body: slices.Concat(zipped(t, small[:30]), zipped(t, small[30:])), total: 7},
		"unpacked":         {body: head.Function(1, 3, 4).Location(1, 1).Bytes(2, message.Num(1, 1).Num(2, 7)), total: 7},
		"unknown fields":   {body: small.Bytes(20, []byte("new")).Num(21, 7), total: 7},
		"function 0":       {body: head.Bytes(5, message.Num(2, 3)).Bytes(4, message.Num(1, 1).Bytes(4, message.Num(2, 7))).Sample(7, 1), reason: "an ID that is missing or 0"},
		"no samples":       {body: head},
		"two profiles":     {body: slices.Concat(zipped(t, timed), zipped(t, timed)), reason: "several profiles in one"},
		"gzip twice":       {body: zipped(t, zipped(t, small)), reason: "not a profile: "},
		"zstd":             {body: append([]byte("\x28\xb5\x2f\xfd"), make([]byte, 60)...), reason: "not a profile: "},
		"text":             {body: []byte(strings.Repeat(text, 3)), reason: "the binary form is needed"},
		"html":             {body: []byte("<html><head><title>/debug/pprof/</title></head>"), reason: "the binary form is needed"},
	} {
		service := strings.ReplaceAll(name, " ", "-")
		var headers []string
		if test.zipped {
			headers = []string{"Content-Encoding", "gzip"}
		}
		for of, path := range map[string]string{
			service:          "/api/0/profiles?service=" + service + "&type=cpu",
			service + "-two": "/ingest?from=1777863721&until=1777863731&name=" + url.QueryEscape(service+"-two{}"),
		} {
			answer := w.post(path, test.body, headers...)
			if test.reason != "" {
				require.Equal(t, 400, answer.status, "%s: %s", of, answer.body)
				require.Contains(t, answer.body, test.reason, of)
				continue
			}
			require.Equal(t, 200, answer.status, "%s: %s", of, answer.body)
			top := w.top("merge?service=" + of + "&type=cpu&format=top")
			require.Equal(t, "cpu", top.Value, of)
			require.InDelta(t, test.total, top.Total, 0, of)
		}
	}
}
