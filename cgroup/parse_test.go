package cgroup

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLimit(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       uint64
		ok         bool
	}{
		{"bytes", "536870912\n", 536870912, true},
		{"max", "max\n", 0, true},
		{"minus one", "-1\n", 0, true},
		{"v1, pages of 4 KiB", "9223372036854771712\n", 0, true},
		{"v1, pages of 64 KiB", "9223372036854710272\n", 0, true},
		{"largest", "18446744073709551615\n", 0, true},
		{"zero is a limit", "0\n", 1, true},
		{"empty", "", 0, false},
		{"empty line", "\n", 0, false},
		{"cut off", "5368", 0, false},
		{"two lines", "1\n2\n", 0, false},
		{"negative", "-2\n", 0, false},
		{"too large", "18446744073709551616\n", 0, false},
		{"blank", " 1\n", 0, false},
		{"word", "lots\n", 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := limit([]byte(tt.text))
			require.Equal(t, tt.ok, ok)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestCPUMax(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       float64
		ok         bool
	}{
		{"half a core", "50000 100000\n", 0.5, true},
		{"fraction", "51000 20000\n", 2.55, true},
		{"none", "max 100000\n", 0, true},
		{"no period", "50000\n", 0, false},
		{"period zero", "50000 0\n", 0, false},
		{"quota zero", "0 100000\n", 0, false},
		{"negative", "-1 100000\n", 0, false},
		{"cut off", "50000 1000", 0, false},
		{"three numbers", "1 2 3\n", 0, false},
		{"empty", "", 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var l cpuLevel
			require.Equal(t, tt.ok, l.takeMax([]byte(tt.text)))
			require.Equal(t, tt.want, l.Quota)
		})
	}
}

func TestMembership(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       membership
	}{
		{"v2", "0::/a\n", membership{"": "/a"}},
		{"v1", "2:cpu,cpuacct:/a\n1:name=systemd:/b\n", membership{"cpu": "/a", "cpuacct": "/a", "name=systemd": "/b"}},
		{"colons in the path", "0::/a:b::c\n", membership{"": "/a:b::c"}},
		{"blanks in the path", "0::/a b \n", membership{"": "/a b "}},
		{"the first line wins", "3:cpu:/a\n2:cpu:/b\n", membership{"cpu": "/a"}},
		{"last line cut off", "3:cpu:/a\n2:memory:/ab", membership{"cpu": "/a"}},
		{"no path", "3:cpu\n0::\n", membership{}},
		{"relative path", "3:cpu:a\n", membership{}},
		{"v1 without a name", "3::/a\n", membership{}},
		{"empty", "", membership{}},
	} {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, parseMembership([]byte(tt.text))) })
	}
}

func TestMounts(t *testing.T) {
	v2 := mount{version: V2, root: "/", point: "/sys/fs/cgroup"}
	for _, tt := range []struct {
		name, text string
		want       []mount
	}{
		{"v2", "41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", []mount{v2}},
		{"optional fields", "41 31 0:38 / /sys/fs/cgroup rw shared:1 master:2 - cgroup2 none rw\n", []mount{v2}},
		{
			"v1", "41 31 0:38 /docker/x /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n",
			[]mount{{V1, "/docker/x", "/sys/fs/cgroup/cpu,cpuacct", []string{"rw", "cpu", "cpuacct"}}},
		},
		{"escapes", "41 31 0:38 /a\\134b /c\\040d\\011\\012 rw - cgroup2 x rw\n", []mount{{V2, `/a\b`, "/c d\t\n", nil}}},
		{"no escapes", "41 31 0:38 /a\\13 /c\\089 rw - cgroup2 x rw\n", []mount{{V2, `/a\13`, `/c\089`, nil}}},
		{"escape out of range", "41 31 0:38 /a\\777 /c rw - cgroup2 x rw\n", []mount{{V2, `/a\777`, "/c", nil}}},
		{"other file systems", "22 27 0:21 / /proc rw - proc proc rw\n", nil},
		{"no separator", "41 31 0:38 / /sys/fs/cgroup rw cgroup2 cgroup2 rw\n", nil},
		{"cut off", "41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 r", nil},
		{"mount point leaves the root", "41 31 0:38 / /../x rw - cgroup2 cgroup2 rw\n", nil},
		{"relative mount point", "41 31 0:38 / x rw - cgroup2 cgroup2 rw\n", nil},
		{"empty", "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, parseMounts([]byte(tt.text))) })
	}
}

// Where each hierarchy is mounted as v2, and what else is mounted, in the order of the file.
func TestCoveredMounts(t *testing.T) {
	const v2, other = "cgroup2", "tmpfs"
	type line struct {
		id, parent  int
		point, kind string
	}
	for _, tt := range []struct {
		name  string
		lines []line
		want  []string
	}{
		{"by another hierarchy", []line{{1, 0, "/", other}, {2, 1, "/a", v2}, {3, 2, "/a", v2}}, []string{"3 /a"}},
		{"by another file system", []line{{1, 0, "/", other}, {2, 1, "/a", v2}, {3, 2, "/a", other}}, nil},
		{"two deep", []line{{1, 0, "/", other}, {2, 1, "/a", v2}, {3, 2, "/a", v2}, {4, 3, "/a", v2}}, []string{"4 /a"}},
		{"what it stands on", []line{{1, 0, "/", other}, {2, 1, "/a", other}, {3, 2, "/a/b", v2}, {4, 2, "/a", other}}, nil},
		{"and made again", []line{{1, 0, "/", other}, {2, 1, "/a", other}, {3, 2, "/a/b", v2}, {4, 2, "/a", other}, {5, 4, "/a/b", v2}}, []string{"5 /a/b"}},
		{"a directory above", []line{{1, 0, "/", other}, {2, 1, "/a/b", v2}, {3, 1, "/a", other}}, nil},
		{"the root", []line{{2, 1, "/a", v2}, {3, 1, "/", other}}, nil},
		{"beside", []line{{1, 0, "/", other}, {2, 1, "/ab", v2}, {3, 1, "/a", other}}, []string{"2 /ab"}},
		{"the root comes later", []line{{2, 3, "/a", other}, {4, 2, "/a/b", v2}, {3, 1, "/", other}}, []string{"4 /a/b"}},
		{"the root stands on itself", []line{{1, 1, "/", other}, {2, 1, "/a", v2}}, []string{"2 /a"}},
		{"a circle", []line{{1, 2, "/a", v2}, {2, 1, "/a", v2}}, nil},
		{"a circle within reach", []line{{1, 0, "/", other}, {1, 1, "/a", v2}}, []string{"1 /a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var text strings.Builder
			for _, l := range tt.lines {
				fmt.Fprintf(&text, "%d %d 0:1 /%d %s rw - %s x rw\n", l.id, l.parent, l.id, l.point, l.kind)
			}
			var got []string
			for _, m := range parseMounts([]byte(text.String())) {
				got = append(got, m.root[1:]+" "+m.point)
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestStrip(t *testing.T) {
	for _, tt := range []struct {
		group, root, want string
		ok                bool
	}{
		{"/a/b", "/", "/a/b", true},
		{"/a/b", "/a", "/b", true},
		{"/a/b", "/a/b", "", true},
		{"/", "/", "", true},
		{"/a", "/a/b", "", false},
		{"/ab", "/a", "", false},
		{"/", "/..", "", false},
		{"/a", "/../..", "", false},
		{"/../b", "/", "", false},
		{"/../b", "/..", "/b", true},
		{"/../..", "/..", "", false},
		{"/a/../b", "/", "", false},
		{"/a/./b", "/", "", false},
		{"/a//b", "/", "", false},
		{"/a/", "/a", "", false},
		{"//", "/", "", false},
	} {
		got, ok := strip(tt.group, tt.root)
		require.Equal(t, tt.ok, ok, "%q below %q", tt.group, tt.root)
		if ok {
			require.Equal(t, tt.want, got, "%q below %q", tt.group, tt.root)
		}
	}
}

func TestDecimal(t *testing.T) {
	for text, want := range map[string]float64{"0.00": 0, "1.39": 1.39, "99.99": 99.99, "100.00": 100} {
		got, ok := decimal([]byte(text))
		require.True(t, ok, text)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", "1", "1.", "1.3", "1.390", "-1.39", "NaN"} {
		_, ok := decimal([]byte(text))
		require.False(t, ok, text)
	}
}

func TestDuration(t *testing.T) {
	require.Equal(t, 3*time.Millisecond, duration(3000, time.Microsecond))
	require.Equal(t, time.Duration(math.MaxInt64), duration(math.MaxUint64, time.Microsecond))
}

func TestHostMemory(t *testing.T) {
	require.Equal(t, uint64(16<<30), parseHostMemory([]byte("MemTotal:       16777216 kB\nMemFree: 1 kB\n")))
	require.Zero(t, parseHostMemory([]byte("MemTotal:       16777216 kB")))
	require.Zero(t, parseHostMemory([]byte("MemTotal:       99999999999999999 kB\n")))
	require.Zero(t, parseHostMemory(nil))
}

func TestRetry(t *testing.T) {
	var r retry
	require.False(t, r.due())
	var waits []int
	for range 11 {
		r.done(true)
		n := 1
		for !r.due() {
			n++
		}
		waits = append(waits, n)
	}
	require.Equal(t, []int{1, 2, 4, 8, 16, 32, 64, 128, 256, 256, 256}, waits)
	r.done(false)
	require.False(t, r.due())
}
