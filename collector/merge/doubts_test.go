package merge_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/merge"
)

// Recordings of one instance that were made at the same time are counted: both have what
// happened then. Those that follow each other, and those of others, are not.
func TestOverlappingRecordings(t *testing.T) {
	p := newPlace(t)
	put := func(second int, labels string) {
		p.putLasting(collector.KindCPU, made(t, cpuTypes, map[string][]int64{"main.a": {1, 1e9}}), start().Add(time.Duration(second)*time.Second), labels, 10*time.Second)
	}
	ask := func(view merge.View) (m merge.Measure) {
		for range 2 {
			_, m = p.value(collector.KindCPU, "", view)
			p.round()
		}
		return m
	}
	put(0, "instance=a")
	put(10, "instance=a")
	put(19, "instance=a") // clocks differ that much
	put(25, "instance=b")
	require.Equal(t, "total over 40s of 2 instances", ask(merge.View{}).Text)
	put(25, "instance=a")
	put(26, "instance=a")
	m := ask(merge.View{})
	require.Equal(t, 2, m.Overlapping)
	require.Equal(t, "total over 1m of 2 instances; 2 profiles recorded while another one of the same instance was", m.Text)
	require.Equal(t, "2 profiles recorded while another one of the same instance was", m.Missing())
}

// Profiles without the label of an instance are said where that matters to the values, and
// where others have it.
func TestUnnamedInstances(t *testing.T) {
	p := newPlace(t)
	put := func(minute int, labels string) {
		p.putLasting(collector.KindCPU, made(t, cpuTypes, map[string][]int64{"main.a": {1, 1e9}}), start().Add(time.Duration(minute)*time.Minute), labels, 10*time.Second)
	}
	text := func(view merge.View) string {
		_, m := p.value(collector.KindCPU, "", view)
		return m.Text
	}
	put(0, "version=1")
	require.Equal(t, "per second of one instance, from 10s", text(merge.View{Over: merge.Rate}), "one profile is of one instance")
	put(1, "version=1")
	require.Equal(t, "total over 20s", text(merge.View{}), "a total is that of all")
	require.Equal(t, "per second of one instance, from 20s"+unnamed(2), text(merge.View{Over: merge.Rate}))
	require.Equal(t, "total over 20s"+unnamed(2), text(merge.View{PerInstance: true}))
	put(2, "instance=a")
	require.Equal(t, "total over 30s of 2 instances"+unnamed(2), text(merge.View{}))

	p = newPlace(t)
	put(0, "version=1")
	put(0, "version=1")
	require.Equal(t, "total over 20s"+unnamed(2)+"; 1 profile recorded while another one of the same instance was", text(merge.View{}),
		"they are of two instances, or one twice")
}

// unnamed is what is said of profiles without the label of an instance.
func unnamed(n int) string {
	return fmt.Sprintf("; %d profiles without an instance label, taken as those of one", n)
}
