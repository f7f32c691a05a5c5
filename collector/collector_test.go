package collector_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
)

func TestLabels(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "",
		",,":                          "",
		"a=b":                         "a=b",
		"b=2,a=1":                     "a=1,b=2",
		"a = b , c":                   "a=b,c=",
		"a=b,a=b":                     "a=b",
		"a=b=c":                       "a=b%3Dc",
		"a":                           "a=",
		"a%2Cb=c%3D%2C":               "a%2Cb=c%3D%2C",
		"version=1.2.3+x,path=%2Fa/b": "path=%2Fa%2Fb,version=1.2.3+x",
		"ключ=значение":               "%D0%BA%D0%BB%D1%8E%D1%87=%D0%B7%D0%BD%D0%B0%D1%87%D0%B5%D0%BD%D0%B8%D0%B5",
	} {
		l, err := collector.ParseLabels(text)
		require.NoError(t, err, text)
		require.Equal(t, want, l.String(), text)
		again, err := collector.ParseLabels(l.String())
		require.NoError(t, err)
		require.Equal(t, l, again)
		raw, err := json.Marshal(l)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(raw, &again))
		require.Equal(t, l, again)
		require.Len(t, l.Map(), len(l))
	}
	for text, reason := range map[string]string{
		"=b":                                "missing label",
		"a=1,a=2":                           "twice",
		"a=%zz":                             "escape",
		"%zz=a":                             "escape",
		"a=%00":                             "not printable",
		"a%0Ab=c":                           "not printable",
		"a=%ff":                             "not printable",
		"a=" + strings.Repeat("x", 2000):    "longer than 1024 bytes",
		strings.Repeat("x", 300) + "=a":     "longer than 200 bytes",
		strings.Repeat("x=%d,", 1) + "=":    "escape",
		manyLabels(collector.MaxLabels + 1): "more than 64",
	} {
		_, err := collector.ParseLabels(text)
		require.ErrorContains(t, err, reason, "%.40s", text)
		require.Equal(t, collector.Invalid, collector.CodeOf(err))
		require.Less(t, len(err.Error()), 300)
	}
	_, err := collector.ParseLabels(manyLabels(collector.MaxLabels))
	require.NoError(t, err)
	l, err := collector.NewLabels(map[string]string{"a": "1", "b": "2", "c": "3"})
	require.NoError(t, err)
	require.Equal(t, "2", l.Get("b"))
	require.Empty(t, l.Get("x"))
	require.Equal(t, "b=2", l.Without("a", "c", "x").String())
	require.Equal(t, "a=1,b=2,c=3", l.String())
}

func manyLabels(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "k%d=v,", i)
	}
	return b.String()
}

func TestKinds(t *testing.T) {
	for _, k := range collector.Kinds() {
		got, err := collector.ParseKind(string(k))
		require.NoError(t, err)
		require.Equal(t, k, got)
		require.Equal(t, k != collector.KindTrace, k.Pprof())
	}
	_, err := collector.ParseKind("fish")
	require.ErrorContains(t, err, `"fish" is none of [cpu heap`)
	require.Equal(t, "cpu.pb.gz", collector.KindCPU.File())
	require.Equal(t, "trace.out", collector.KindTrace.File())
}

func TestErrors(t *testing.T) {
	require.Empty(t, collector.CodeOf(nil))
	require.Equal(t, collector.Internal, collector.CodeOf(fs.ErrNotExist))
	err := collector.Errorf(collector.Full, "no room: %w", fs.ErrNotExist)
	require.Equal(t, collector.Full, collector.CodeOf(fmt.Errorf("more: %w", err)))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.Equal(t, "holmes: no room: file does not exist", err.Error())
	prefixed := collector.Prefix(&collector.Error{Code: collector.Busy, Message: "later", RetryAfter: time.Second}, "cpu.pb.gz")
	require.Equal(t, "holmes: cpu.pb.gz: later", prefixed.Error())
	e, ok := errors.AsType[*collector.Error](prefixed)
	require.True(t, ok)
	require.Equal(t, time.Second, e.RetryAfter)
	require.Equal(t, collector.Busy, e.Code)
	require.NoError(t, collector.Prefix(nil, "x"))
	require.Equal(t, collector.Internal, collector.CodeOf(collector.Prefix(fs.ErrExist, "x")))
}

func TestQueries(t *testing.T) {
	at := time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)
	require.NoError(t, (&collector.Query{}).Validate())
	require.NoError(t, (&collector.Query{From: at, To: at, Kind: "cpu", Limit: 1}).Validate())
	for reason, q := range map[string]collector.Query{
		"is after to":            {From: at.Add(1), To: at},
		"limit -1":               {Limit: -1},
		`"fish"`:                 {Kind: "fish"},
		"year 1900":              {From: time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)},
		"to is in the year 9999": {To: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		require.ErrorContains(t, q.Validate(), reason)
	}
	require.Error(t, (&collector.EventQuery{Limit: -1}).Validate())

	p := collector.Position{At: at.Add(7), ID: "e~1"}
	again, err := collector.ParsePosition(p.String())
	require.NoError(t, err)
	require.Equal(t, p, again)
	again, err = collector.ParsePosition("")
	require.NoError(t, err)
	require.True(t, again.IsZero())
	require.Empty(t, again.String())
	for _, text := range []string{"1", "x~e", "1~", "1~" + strings.Repeat("x", 300)} {
		_, err := collector.ParsePosition(text)
		require.ErrorContains(t, err, "is not a position", text)
	}
}

// Texts of an event are bounded and printable, and none of them makes it be refused.
func TestReadEventCleans(t *testing.T) {
	long := strings.Repeat("a", 1_000_000)
	many := map[string]string{"service": "shop\n", "a\x00b": "\u202epod\u0000\u2028", "": "no key", long[:300]: long[:2000], "bad": "\xff"}
	for i := range collector.MaxLabels {
		many[fmt.Sprintf("k%d", i)] = "v"
	}
	labels, err := json.Marshal(many)
	require.NoError(t, err)
	for _, sentence := range []string{`"sentence":"` + long + `",`, `"sentence":"two\nlines \u202e\u2067",`} {
		e, err := collector.ReadEvent([]byte(`{"id":"e1","state":"confirmed\n","at":"2026-05-04T03:02:01Z",` + sentence[:min(len(sentence), 900_000)] +
			map[bool]string{true: `",`}[len(sentence) > 900_000] + `"trigger":{"signal":"cpu\t","reason":"abs"},"labels":` + string(labels) + `}`))
		require.NoError(t, err)
		require.NoError(t, e.Validate())
		require.LessOrEqual(t, len(e.Sentence), 2000)
		require.NotContains(t, e.Sentence, "\n")
		require.NotContains(t, e.Sentence, "\u202e")
		require.Equal(t, []string{"shop", "confirmed", "cpu"}, []string{e.Service, e.State, e.Signal})
		require.Equal(t, "pod", e.Labels.Get("a b"))
		require.Len(t, e.Labels.Get(long[:collector.MaxName]), collector.MaxValue)
		require.Len(t, e.Labels, collector.MaxLabels)
	}
}

const eventText = `{"id":"20260504T030201.000000000Z-cpu-a1","state":"confirmed","at":"2026-05-04T05:02:01+02:00",
"trigger":{"signal":"cpu","reason":"abs","value":91.5,"limit":2,"baseline":40,"sentence":"CPU 92 %"},
"diagnosis":{"sentence":"main.work","confident":true,"culprits":[{"function":"main.work"},{"function":""},{"function":"a\nb"}]},
"profiles":[{"kind":"cpu","file":"cpu.pb.gz","start":"2026-05-04T03:02:02Z","duration_seconds":9.5},
 {"kind":"heap","note":"there is none"},{"kind":"fish","file":"fish.pb.gz"}],
"labels":{"service":"shop","instance":"pod-1"},"later":[1,2,3]}`

func TestReadEvent(t *testing.T) {
	e, err := collector.ReadEvent([]byte(eventText))
	require.NoError(t, err)
	at := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	labels := collector.Labels{{Key: "instance", Value: "pod-1"}}
	require.Equal(t, &collector.Event{
		ID: "20260504T030201.000000000Z-cpu-a1", Service: "shop", State: "confirmed", Signal: "cpu", Reason: "abs",
		Value: 91.5, Limit: 2, Baseline: 40, At: at, Sentence: "CPU 92 %: main.work", Culprits: []string{"main.work", "a b"},
		Confident: true, Labels: labels, Profiles: []collector.Meta{
			{
				Service: "shop", Kind: collector.KindCPU, Labels: labels, CreatedAt: at.Add(time.Second),
				Duration: 9500 * time.Millisecond, Event: "20260504T030201.000000000Z-cpu-a1", File: "cpu.pb.gz",
			},
			{
				Service: "shop", Kind: collector.KindOther, Labels: labels, CreatedAt: at,
				Event: "20260504T030201.000000000Z-cpu-a1", File: "fish.pb.gz",
			},
		},
	}, e)
}

func TestReadEventRefuses(t *testing.T) {
	for reason, change := range map[string][2]string{
		"invalid character":        {`{"id"`, `{id`},
		"event id":                 {`20260504T030201.000000000Z-cpu-a1`, `../x`},
		"missing label service":    {`"service":"shop",`, ``},
		"missing signal":           {`"signal":"cpu"`, `"signal":""`},
		"profile file":             {`cpu.pb.gz`, `a/b`},
		"is there twice":           {`fish.pb.gz`, `cpu.pb.gz`},
		`"event.json" is there`:    {`fish.pb.gz`, `event.json`},
		"at is in the year":        {`2026-05-04T05`, `0026-05-04T05`},
		"created_at is in the":     {`2026-05-04T03`, `2926-05-04T03`},
		"is negative":              {`9.5`, `-9.5`},
		"33 profiles in one event": {`{"kind":"heap","note":"there is none"}`, strings.Repeat(`{"kind":"cpu","file":"x"},`, 30) + `{"kind":"cpu","file":"x"}`},
	} {
		require.Contains(t, eventText, change[0])
		_, err := collector.ReadEvent([]byte(strings.Replace(eventText, change[0], change[1], 1)))
		require.ErrorContains(t, err, reason)
		require.NotEqual(t, collector.Internal, collector.CodeOf(err), reason)
	}
	_, err := collector.ReadEvent(make([]byte, collector.MaxEventFile+1))
	require.Equal(t, collector.TooLarge, collector.CodeOf(err))
}

// Any input is an error, or an event that is valid.
func FuzzReadEvent(f *testing.F) {
	f.Add([]byte(eventText))
	f.Add([]byte(`{"profiles":[{"duration_seconds":1e300,"file":"x"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := collector.ReadEvent(raw)
		if err != nil {
			require.NotEqual(t, collector.Internal, collector.CodeOf(err))
			return
		}
		require.NoError(t, e.Validate())
		require.LessOrEqual(t, len(e.Sentence), 2000)
		require.LessOrEqual(t, len(e.Culprits), 10)
		require.False(t, math.IsNaN(e.Value) || math.IsInf(e.Value, 0))
		for _, m := range e.Profiles {
			require.GreaterOrEqual(t, m.Duration, time.Duration(0))
		}
	})
}
