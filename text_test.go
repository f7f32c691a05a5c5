package holmes_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// The text form keeps the ten largest records, or all with WithFullStack.
func TestTextKeepsTheLargest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithTextDump())
		l.SetCapture(holmes.KindHeap, 0, func(w io.Writer) error { return heapOfSizes(40).Write(w) })
		l.run(t)
		e := testkit.Must(l.CaptureNow(t.Context(), holmes.KindHeap))(t)
		text := testkit.Must(os.ReadFile(filepath.Join(e.Dir, "heap.txt")))(t)
		require.Contains(t, string(text), "main.site40 ")
		require.Contains(t, string(text), "main.site31 ")
		require.NotContains(t, string(text), "main.site30 ")
		require.Less(t, bytes.Index(text, []byte("site40 ")), bytes.Index(text, []byte("site39 ")))

		require.NoError(t, l.Set(holmes.WithFullStack(true)))
		e = testkit.Must(l.CaptureNow(t.Context(), holmes.KindHeap))(t)
		text = testkit.Must(os.ReadFile(filepath.Join(e.Dir, "heap.txt")))(t)
		require.Contains(t, string(text), "main.site1 ", "all of them, if asked for")
		require.NoError(t, l.Set(holmes.WithBinaryDump()))
		e = testkit.Must(l.CaptureNow(t.Context(), holmes.KindHeap))(t)
		require.NoFileExists(t, filepath.Join(e.Dir, "heap.txt"))
	})
}

// heapOfSizes is a heap profile of n sites, the i-th with i MiB.
func heapOfSizes(n int) *profile.Profile {
	p := &profile.Profile{
		SampleType:        []*profile.ValueType{{Type: "alloc_objects", Unit: "count"}, {Type: "alloc_space", Unit: "bytes"}, {Type: "inuse_objects", Unit: "count"}, {Type: "inuse_space", Unit: "bytes"}},
		DefaultSampleType: "inuse_space", PeriodType: &profile.ValueType{Type: "space", Unit: "bytes"}, Period: 512 << 10,
	}
	for i := 1; i <= n; i++ {
		f := &profile.Function{ID: uint64(i), Name: fmt.Sprintf("main.site%d", i), Filename: "main.go"}
		loc := &profile.Location{ID: uint64(i), Line: []profile.Line{{Function: f, Line: int64(i)}}}
		v := int64(i) << 20
		p.Function, p.Location = append(p.Function, f), append(p.Location, loc)
		p.Sample = append(p.Sample, &profile.Sample{Location: []*profile.Location{loc}, Value: []int64{1, v, 1, v}})
	}
	return p
}
