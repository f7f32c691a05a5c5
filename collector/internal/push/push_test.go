package push_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-holmes/holmes/internal/protowire"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/internal/push"
)

// A recorder is a sink that writes down what it is told.
type recorder struct {
	strings.Builder
	head int // bytes of a profile that are read; 0 for all
}

func (r *recorder) Series() error           { r.WriteString("series{"); return nil }
func (r *recorder) EndSeries() error        { r.WriteString("}"); return nil }
func (r *recorder) Sample() error           { r.WriteString("sample("); return nil }
func (r *recorder) EndSample() error        { r.WriteString(")"); return nil }
func (r *recorder) ID(id string) error      { _, err := fmt.Fprintf(r, "id=%q ", id); return err }
func (r *recorder) Label(n, v string) error { _, err := fmt.Fprintf(r, "%q=%q ", n, v); return err }
func (r *recorder) Profile(raw io.Reader) error {
	if r.head > 0 {
		raw = io.LimitReader(raw, int64(r.head))
	}
	all, err := io.ReadAll(raw)
	_, failed := fmt.Fprintf(r, "profile=%q ", all)
	return errors.Join(err, failed)
}

// message is a message of those fields: numbers and their content in turn.
func message(fields ...any) (m []byte) {
	var number uint64
	for _, f := range fields {
		switch f := f.(type) {
		case int:
			number = uint64(f)
		case string:
			m = protowire.AppendBytes(m, number, []byte(f))
		case []byte:
			m = protowire.AppendBytes(m, number, f)
		}
	}
	return m
}

func TestProto(t *testing.T) {
	label := message(1, "service_name", 2, "shop")
	sample := message(1, "PROFILE", 2, "an-id")
	for _, tt := range []struct {
		name    string
		request []byte
		want    string
	}{
		{"nothing", nil, ""},
		{"empty series", message(1, ""), "series{}"},
		{"as agents write it", message(1, message(1, label, 2, sample)), `series{"service_name"="shop" sample(profile="PROFILE" id="an-id" )}`},
		{"two series", message(1, message(1, label), 1, message(2, sample, 2, sample)), `series{"service_name"="shop" }series{sample(profile="PROFILE" id="an-id" )sample(profile="PROFILE" id="an-id" )}`},
		{"samples first", message(1, message(2, message(2, "x", 1, "P"), 1, label)), `series{sample(id="x" profile="P" )"service_name"="shop" }`},
		{"half a label", message(1, message(1, message(1, "n"))), `series{"n"="" }`},
		{"later fields", message(9, "new", 1, message(3, "annotation", 1, message(1, "n", 2, "v", 3, "w"), 2, message(1, "P", 7, "x"))), `series{"n"="v" sample(profile="P" )}`},
		{"a long label", message(1, message(1, message(1, strings.Repeat("n", 5000), 2, "v"))), fmt.Sprintf(`series{%q="v" }`, strings.Repeat("n", push.MaxText))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			requireRead(t, tt.want, push.Proto, tt.request)
		})
	}
}

// requireRead reads a request as a whole and byte by byte.
func requireRead(t *testing.T, want string, read func(io.Reader, push.Sink) error, request []byte) {
	t.Helper()
	for _, r := range []io.Reader{bytes.NewReader(request), iotest.OneByteReader(bytes.NewReader(request))} {
		var got recorder
		require.NoError(t, read(r, &got))
		require.Equal(t, want, got.String())
	}
}

func TestProtoRefuses(t *testing.T) {
	for name, request := range map[string]string{
		"JSON":                  `{"series":[]}`,
		"text":                  "hello",
		"field 0":               "\x02\x00",
		"a number for a series": "\x08\x01",
		"a sample that is longer than its series": "\x0a\x03\x12\x05abcde",
		"a number for a name":                     "\x0a\x04\x0a\x02\x08\x01",
		"a group":                                 "\x0b\x0c",
	} {
		err := push.Proto(strings.NewReader(request), &recorder{})
		require.Equal(t, collector.Invalid, collector.CodeOf(err), "%s: %v", name, err)
		require.ErrorContains(t, err, "not a PushRequest in protocol buffers: ", name)
	}
	whole := message(1, message(1, message(1, "n", 2, "v"), 2, message(1, strings.Repeat("P", 200))))
	for n := 1; n < len(whole); n++ {
		require.ErrorIs(t, push.Proto(bytes.NewReader(whole[:n]), &recorder{}), io.ErrUnexpectedEOF, "the first %d bytes", n)
	}
}

func TestJSON(t *testing.T) {
	for _, tt := range []struct{ name, request, want string }{
		{"nothing", `{}`, ""},
		{"null", `{"series":null}`, ""},
		{"null within", `{"series":[null,{"labels":null,"samples":[null,{"rawProfile":null,"ID":null}]}]}`, `series{}series{sample()sample(id="" )}`},
		{
			"as the documents have it",
			`{"series": [{"labels": [{"name": "__name__", "value": "process_cpu"}], "samples": [{"ID": "1", "rawProfile": "UFJPRklMRQ=="}]}]}` + "\n",
			`series{"__name__"="process_cpu" sample(id="1" profile="PROFILE" )}`,
		},
		{"the names of the fields", `{"series":[{"samples":[{"raw_profile":"UA=="}]}]}`, `series{sample(profile="P" )}`},
		{"without padding", `{"series":[{"samples":[{"rawProfile":"UA"}]}]}`, `series{sample(profile="P" )}`},
		{"the alphabet of addresses", `{"series":[{"samples":[{"rawProfile":"-_8="}]}]}`, `series{sample(profile="\xfb\xff" )}`},
		{"escapes in base64", `{"series":[{"samples":[{"rawProfile":"\u002b\/8\u003D"}]}]}`, `series{sample(profile="\xfb\xff" )}`},
		{"escapes", `{"series":[{"labels":[{"name":"\"\\\/\b\f\n\r\t","value":"\u00e9\ud83d\ude00\ud83dx\ude00\ud83d\u0041"}]}]}`, `series{"\"\\/\b\f\n\r\t"="é😀` + "\ufffdx\ufffd\ufffdA" + `" }`},
		{"samples first", `{"series":[{"samples":[{"ID":"x"}],"labels":[{"value":"v","name":"n"}]}]}`, `series{sample(id="x" )"n"="v" }`},
		{"later fields", `{"a":[1,-2.5e+10,true,false,null,"\"]",{"b":{}}],"series":[{"annotations":[{"key":"k"}],"labels":[{"name":"n","x":[]}]}]}`, `series{"n"="" }`},
		{"a long label", `{"series":[{"labels":[{"name":"` + strings.Repeat("n", 5000) + `"}]}]}`, fmt.Sprintf(`series{%q="" }`, strings.Repeat("n", push.MaxText))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.True(t, json.Valid([]byte(tt.request)))
			requireRead(t, tt.want, push.JSON, []byte(tt.request))
		})
	}
}

func TestJSONRefuses(t *testing.T) {
	for _, request := range []string{
		`[]`, `"series"`, `{}{}`, `{"series":[]} x`, `{"series":{}}`, `{"series":[1]}`, `{"series":[[]]}`, `{"series":"x"}`,
		`{"series":[{"labels":[{"name":1}]}]}`, `{"series":[{"samples":[{"rawProfile":1}]}]}`, `{"series":[{"samples":[{"rawProfile":["UA=="]}]}]}`,
		`{"series":[],}`, `{"series":[,]}`, `{null:1}`, `{series:1}`, `{"a" 1}`, `{"a":nul}`, `{"a":01}`, `{"a":+1}`, `{"a":1e}`,
		`{"a":"\x"}`, `{"a":"\u12g4"}`, `{"a":"\ud83d\u12g4"}`, "{\"a\":\"\n\"}", `{"a":}`, `{"a":` + strings.Repeat("1", 100) + `}`,
		`{"a":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `}`,
	} {
		err := push.JSON(strings.NewReader(request), &recorder{})
		require.Equal(t, collector.Invalid, collector.CodeOf(err), "%.50s: %v", request, err)
		require.ErrorContains(t, err, "not a PushRequest in JSON: ", "%.50s", request)
	}
	whole := `{"a":[1,{"b":"c"}],"series":[{"labels":[{"name":"n","value":"\u00e9"}],"samples":[{"rawProfile":"UFJPRklMRQ==","ID":"\ud83d\ude00"}]}]}`
	for n := range whole {
		require.ErrorIs(t, push.JSON(strings.NewReader(whole[:n]), &recorder{}), io.ErrUnexpectedEOF, "the first %d bytes", n)
	}
}

func TestJSONRefusesBase64(t *testing.T) {
	for _, text := range []string{"U", "U===", "UA==UA==", "!", "U A", "UA=A", `\u00e9\u00e9`} {
		request := `{"series":[{"samples":[{"rawProfile":"` + text + `"},{"ID":"next"}]}]}`
		err := push.JSON(strings.NewReader(request), &recorder{})
		require.Equal(t, collector.Invalid, collector.CodeOf(err), text)
		require.ErrorContains(t, err, "rawProfile is not base64", text)
	}
}

// What a sink does not read of a profile is passed over.
func TestPartOfAProfile(t *testing.T) {
	proto := message(1, message(2, message(1, strings.Repeat("P", 5000), 2, "x")))
	got := recorder{head: 3}
	require.NoError(t, push.Proto(bytes.NewReader(proto), &got))
	require.Equal(t, `series{sample(profile="PPP" id="x" )}`, got.String())
	got = recorder{head: 3}
	require.NoError(t, push.JSON(strings.NewReader(`{"series":[{"samples":[{"rawProfile":"`+strings.Repeat("UFBQ", 5000)+`","ID":"x"}]}]}`), &got))
	require.Equal(t, `series{sample(profile="PPP" id="x" )}`, got.String())
}

// failing is a sink whose n-th call fails.
type failing struct {
	recorder
	n int
}

var errSink = errors.New("the sink fails")

func (f *failing) call(do func() error) error {
	if f.n--; f.n == 0 {
		return errSink
	}
	return do()
}

func (f *failing) Series() error      { return f.call(f.recorder.Series) }
func (f *failing) EndSeries() error   { return f.call(f.recorder.EndSeries) }
func (f *failing) Sample() error      { return f.call(f.recorder.Sample) }
func (f *failing) EndSample() error   { return f.call(f.recorder.EndSample) }
func (f *failing) ID(id string) error { return f.call(func() error { return f.recorder.ID(id) }) }

func (f *failing) Label(n, v string) error {
	return f.call(func() error { return f.recorder.Label(n, v) })
}

func (f *failing) Profile(raw io.Reader) error {
	return f.call(func() error { return f.recorder.Profile(raw) })
}

// The first error of the sink is the error.
func TestSinkFails(t *testing.T) {
	proto := message(1, message(1, message(1, "n", 2, "v"), 2, message(1, "PROFILE", 2, "x")))
	text := `{"series":[{"labels":[{"name":"n","value":"v"}],"samples":[{"rawProfile":"UFJPRklMRQ==","ID":"x"}]}]}`
	for n := 1; n <= 7; n++ {
		require.ErrorIs(t, push.Proto(bytes.NewReader(proto), &failing{n: n}), errSink, n)
		require.ErrorIs(t, push.JSON(strings.NewReader(text), &failing{n: n}), errSink, n)
	}
	require.NoError(t, push.Proto(bytes.NewReader(proto), &failing{n: 8}))
	require.NoError(t, push.JSON(strings.NewReader(text), &failing{n: 8}))
}

// An error of the source is the error, wherever it comes.
func TestSourceFails(t *testing.T) {
	broken := errors.New("broken")
	proto := message(1, message(1, message(1, "n", 2, "v"), 2, message(1, "PROFILE", 2, "x")))
	text := []byte(`{"a":1,"series":[{"labels":[{"name":"n","value":"v"}],"samples":[{"rawProfile":"UFJPRklMRQ==","ID":"x"}]}]}`)
	for n := range proto {
		require.ErrorIs(t, push.Proto(io.MultiReader(bytes.NewReader(proto[:n]), iotest.ErrReader(broken)), &recorder{}), broken, n)
	}
	for n := range text {
		require.ErrorIs(t, push.JSON(io.MultiReader(bytes.NewReader(text[:n]), iotest.ErrReader(broken)), &recorder{}), broken, n)
	}
}

// A request of any size takes the memory of a small one.
func TestMemory(t *testing.T) {
	const n = 1 << 20
	text := io.MultiReader(strings.NewReader(`{"x":"`), endless("y", n), strings.NewReader(`","series":[{"samples":[{"rawProfile":"`),
		endless("UFBQ", n), strings.NewReader(`"}]}]}`))
	sample := head(1, n)
	series := head(2, len(sample)+n)
	proto := io.MultiReader(bytes.NewReader(head(1, len(series)+len(sample)+n)), bytes.NewReader(series), bytes.NewReader(sample), endless("P", n))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	require.NoError(t, push.JSON(text, drain{}))
	require.NoError(t, push.Proto(proto, drain{}))
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(256<<10))
}

// head is what begins a field of so many bytes.
func head(field uint64, size int) []byte {
	m := protowire.AppendNumber(nil, field, uint64(size))
	m[0] |= protowire.Bytes
	return m
}

// endless is text again and again, n bytes in all.
func endless(text string, n int) io.Reader {
	return io.LimitReader(repeated(text), int64(n))
}

type repeated string

func (r repeated) Read(p []byte) (int, error) {
	n := 0
	for n+len(r) <= len(p) {
		n += copy(p[n:], r)
	}
	return n, nil
}

// drain is a sink that reads profiles and drops them.
type drain struct{}

func (drain) Series() error               { return nil }
func (drain) EndSeries() error            { return nil }
func (drain) Sample() error               { return nil }
func (drain) EndSample() error            { return nil }
func (drain) ID(string) error             { return nil }
func (drain) Label(_, _ string) error     { return nil }
func (drain) Profile(raw io.Reader) error { _, err := io.Copy(io.Discard, raw); return err }
