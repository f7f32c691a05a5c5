package cgroup_test

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup"
)

var update = flag.Bool("update", false, "write what the fixtures give into them")

// Each fixture ends with the file "want": what the reader makes of the tree, in words.
func TestFixtures(t *testing.T) {
	for _, name := range fixtureNames(t) {
		t.Run(name, func(t *testing.T) {
			f := readFixture(t, name)
			root := f.write(t)
			got := strings.ReplaceAll(describe(root), string(root), "")
			if *update {
				f.files["want"] = got
				f.save(t, name)
			}
			require.Equal(t, f.files["want"], got)
		})
	}
}

// save writes the fixture back.
func (f *fixture) save(t *testing.T, name string) {
	t.Helper()
	var b strings.Builder
	b.WriteString(f.comment)
	for _, n := range f.names {
		if n != "want" {
			fmt.Fprintf(&b, "-- %s --\n%s", n, f.files[n])
		}
	}
	fmt.Fprintf(&b, "-- want --\n%s", f.files["want"])
	path := filepath.Join("testdata", "fixtures", name+".txtar")
	require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o644))
}

// describe reads a tree in both ways and writes down what they say.
func describe(root tree) string {
	r, err := cgroup.Open(cgroup.WithRoot(string(root)))
	if errors.Is(err, fs.ErrNotExist) { // each system says it in its own words
		return fmt.Sprintf("open: %v: %v\n", cgroup.ErrUnavailable, fs.ErrNotExist)
	}
	if err != nil {
		return fmt.Sprintf("open: %v\n", err)
	}
	defer r.Close()
	var u cgroup.Usage
	if err := r.Usage(&u); err != nil {
		return fmt.Sprintf("usage: %v\n", err)
	}
	var s cgroup.Sample
	if err := r.Sample(&s); err != nil {
		return fmt.Sprintf("sample: %v\n", err)
	}
	return describeUsage(&u) + describeSample(&s)
}

func describeUsage(u *cgroup.Usage) string {
	raw := ""
	if u.MemoryRaw {
		raw = ", cache included"
	}
	limit := "no limit"
	if u.MemoryLimit > 0 {
		limit = fmt.Sprintf("%s (%s of %s)", bytesOf(u.MemoryLimit), u.MemoryFile, u.MemoryPath)
	}
	room := "nothing kills"
	if u.MemoryRoom < math.MaxUint64 {
		room = "room " + bytesOf(u.MemoryRoom)
	}
	return fmt.Sprintf("usage: %s of %s at level %d%s, %s; %g cores; unseen: %s\n",
		bytesOf(u.MemoryUsed), limit, u.MemoryLevel, raw, room, u.CPULimit, u.Unseen)
}

func describeSample(s *cgroup.Sample) string {
	var b strings.Builder
	m, c := &s.Memory, &s.CPU
	fmt.Fprintf(&b, "memory: %s, limit %s, binding %d, pressure %v\n", m.Version, bytesOf(m.Limit), m.Binding, m.Pressure)
	if m.Err != nil {
		fmt.Fprintf(&b, "  error: %v\n", m.Err)
	}
	for i := range m.Levels {
		l := &m.Levels[i]
		fmt.Fprintf(&b, "  %s\n    used %s of %s (usage %s, max %s, high %s, inherited %s), anon %s, shmem %s, oom kills %d\n",
			l.Path, bytesOf(l.Used()), bytesOf(l.Limit()), bytesOf(l.Usage), bytesOf(l.Max), bytesOf(l.High),
			bytesOf(l.Inherited), bytesOf(l.Anon), bytesOf(l.Shmem), l.OOMKills)
	}
	fmt.Fprintf(&b, "cpu: %s, limit %g, binding %d, pressure %v\n", c.Version, c.Limit, c.Binding, c.Pressure)
	if c.Err != nil {
		fmt.Fprintf(&b, "  error: %v\n", c.Err)
	}
	for _, l := range c.Levels {
		fmt.Fprintf(&b, "  %s\n    quota %g, used %s, throttled %d of %d periods, %s\n",
			l.Path, l.Quota, l.Used, l.Throttled, l.Periods, l.ThrottledTime)
	}
	fmt.Fprintf(&b, "unseen: %s\n", s.Unseen)
	return b.String()
}

// bytesOf writes a number of bytes in MiB where that is exact.
func bytesOf(n uint64) string {
	switch {
	case n == 0:
		return "0"
	case n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	default:
		return fmt.Sprintf("%d B", n)
	}
}
