package diagnose_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/pprof/profile"

	"github.com/go-holmes/holmes/diagnose"
)

// service is a CPU profile of a mid-size service: 2000 functions in stacks 30
// deep.
func service(stacks int) *diagnose.Profile {
	b := cpu(10 * time.Second)
	for i := range 2000 {
		name := fmt.Sprintf("example.com/shop/internal/pkg%d.(*Type).Method%d", i%50, i)
		if i%3 != 0 {
			name = fmt.Sprintf("net/http/internal.(*std%d).method%d", i%50, i)
		}
		fn := &profile.Function{Name: name, Filename: "x.go"}
		b.Function = append(b.Function, fn)
		b.Location = append(b.Location, &profile.Location{Line: []profile.Line{{Function: fn, Line: 7}}})
	}
	for i := range stacks {
		s := &profile.Sample{Value: []int64{3, 3 * tick}}
		for j := range 30 {
			s.Location = append(s.Location, b.Location[(i*31+j*j*17)%len(b.Location)])
		}
		b.Sample = append(b.Sample, s)
	}
	return b.parsed()
}

func BenchmarkJudge(b *testing.B) {
	before, after := service(500), service(5000)
	b.ReportAllocs()
	for b.Loop() {
		diagnose.Judge("cpu", before, after, diagnose.Options{Module: "example.com/shop"})
	}
}

// A hostile number of stacks is only a number.
func TestJudgeManyStacks(t *testing.T) {
	checkVerdict(t, diagnose.Judge("cpu", service(1000), service(100_000), diagnose.Options{}))
}
