package pprofread_test

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/pprofread"
	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/go-holmes/holmes/internal/testkit"
)

// allocated is what one call allocates in all, which is more than what is in
// use at any moment of it.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Memory is bounded for each kind of message. Each of these is the shortest on the
// wire in proportion to its decoded size.
func TestMemoryIsBounded(t *testing.T) {
	size := testkit.Heavy(1<<17, 1<<15)
	head := proftest.Message{}.Strings("cpu", "nanoseconds").Column()
	many := func(m proftest.Message) []byte { return slices.Concat(head, bytes.Repeat(m, size/len(m))) }
	scattered := slices.Clip(head)
	for id := range uint64(33_000) {
		scattered = append(scattered, proftest.Message{}.Bytes(5, proftest.Message{}.Num(1, id+1<<20))...)
	}
	for name, raw := range map[string][]byte{
		"empty samples":       many(proftest.Message{}.Bytes(2, nil)),
		"samples of a frame":  many(proftest.Message{}.Sample(7, 1)),
		"one long stack":      head.Bytes(2, proftest.Message{}.Bytes(1, make([]byte, size))),
		"one long sample":     head.Bytes(2, proftest.Message{}.Bytes(2, make([]byte, size))),
		"numbers one by one":  head.Bytes(2, bytes.Repeat(proftest.Message{}.Num(2, 1), size/2)),
		"empty locations":     many(proftest.Message{}.Bytes(4, nil)),
		"empty lines":         head.Bytes(4, bytes.Repeat(proftest.Message{}.Bytes(4, nil), size/2)),
		"locations of a line": many(proftest.Message{}.Location(1, 1)),
		"empty functions":     many(proftest.Message{}.Bytes(5, nil)),
		"scattered functions": scattered,
		"empty strings":       many(proftest.Message{}.Bytes(6, nil)),
		"one long string":     head.Bytes(6, make([]byte, size)),
		"unknown fields":      many(proftest.Message{}.Num(100, 1)),
	} {
		t.Run(name, func(t *testing.T) {
			for _, form := range [][]byte{raw, proftest.Zip(t, raw)} {
				got := allocated(func() { parse(t, form) })
				t.Logf("%.1f times its size", float64(got)/float64(len(raw)))
				require.LessOrEqual(t, got, uint64(20*len(raw)))
			}
		})
	}
}

// service is a profile of a mid-size service: 2000 functions of which a third
// is inlined, in stacks 30 deep.
func service(stacks int) *profile.Profile {
	p := types("samples", "cpu")
	p.Sample = nil
	for i := range uint64(2000) {
		p.Function = append(p.Function, &profile.Function{
			ID: i + 1, Name: fmt.Sprintf("example.com/shop/internal/pkg%d.(*Type).Method%d", i%50, i),
			Filename: fmt.Sprintf("/src/example.com/shop/internal/pkg%d/file%d.go", i%50, i%200),
		})
	}
	for i := range uint64(4000) { // a function is called from more than one line
		loc := &profile.Location{ID: i + 1, Address: 0x400000 + 64*i}
		for j := range 1 + i%3/2 {
			loc.Line = append(loc.Line, profile.Line{Function: p.Function[(i+j*7)%2000], Line: int64(10 + i%300)})
		}
		p.Location = append(p.Location, loc)
	}
	for i := range stacks {
		s := &profile.Sample{Value: []int64{3, 30_000_000}}
		for j := range 30 {
			s.Location = append(s.Location, p.Location[(i*31+j*j*17)%len(p.Location)])
		}
		p.Sample = append(p.Sample, s)
	}
	return p
}

func BenchmarkParse(b *testing.B) {
	raw := plain(b, service(5000))
	for name, raw := range map[string][]byte{"gzip": proftest.Zip(b, raw), "plain": raw} {
		b.Run(name+"/holmes", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				parse(b, raw)
			}
		})
		b.Run(name+"/google", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				_, err := profile.ParseData(raw)
				require.NoError(b, err)
			}
		})
	}
	b.Run("times", func(b *testing.B) {
		raw := proftest.Zip(b, raw)
		b.ReportAllocs()
		for b.Loop() {
			_, _, err := pprofread.Times(raw)
			require.NoError(b, err)
		}
	})
}
