package procstat

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A parsed text has a number, or is bad.
type parsed[N any] struct {
	name, text string
	want       N
	bad        bool
}

func requireParsed[N any](t *testing.T, parse func([]byte) (N, error), all []parsed[N]) {
	t.Helper()
	for _, tt := range all {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parse([]byte(tt.text))
			require.Equal(t, tt.bad, err != nil)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestParsePages(t *testing.T) {
	requireParsed(t, parsePages, []parsed[pages]{
		{"as the kernel writes it", "310126 2512 1024 500 0 9000 0\n", pages{310126, 2512, 1024, 9000}, false},
		{"zero", "0 0 0 0 0 0 0\n", pages{}, false},
		{"empty", "", pages{}, true},
		{"too few fields", "310126 2512 1024 500 0 9000", pages{}, true},
		{"cut off within the field", "310126 25", pages{}, true},
		{"negative", "310126 -1 2 3 4 5 6\n", pages{}, true},
		{"too large", "1 99999999999999999999 1 1 1 1 1\n", pages{}, true},
	})
}

func TestSharedMemory(t *testing.T) {
	requireParsed(t, sharedMemory, []parsed[uint64]{
		{"as the kernel writes it", "Name:\tserver\nRssFile:\t    1636 kB\nRssShmem:\t      24 kB\n", 24 << 10, false},
		{"a name that looks like it", "Name:\tRssShmem: 5 kB\n", 0, true},
		{"cut off", "RssShmem:\t      24 k", 0, true},
		{"before Linux 4.5", "VmRSS:\t    1748 kB\n", 0, true},
		{"empty", "", 0, true},
	})
}

func TestThreadCount(t *testing.T) {
	const tail = " S 1 2 3 0 -1 4194560 2512 0 0 0 10 5 0 0 20 0 17 0 11111 1269 99\n"
	requireParsed(t, threadCount, []parsed[int]{
		{"plain name", "42 (server)" + tail, 17, false},
		{"name with spaces and parentheses", "42 (my ) (server) 1 2)" + tail, 17, false},
		{"empty name", "42 ()" + tail, 17, false},
		{"empty", "", 0, true},
		{"no name", "42 server S 1", 0, true},
		{"cut off before the field", "42 (server)" + tail[:40], 0, true},
		{"cut off within the field", "42 (server)" + tail[:strings.Index(tail, "17")+1], 0, true},
		{"not a number", "42 (server)" + strings.Replace(tail, "17", "x", 1), 0, true},
		{"too large", "42 (server)" + strings.Replace(tail, "17", "2147483648", 1), 0, true},
	})
}

func FuzzParsePages(f *testing.F) {
	f.Add([]byte("310126 2512 1024 500 0 9000 0\n"))
	f.Add([]byte("1 18446744073709551615 "))
	f.Fuzz(func(t *testing.T, line []byte) {
		if n, err := parsePages(line); err != nil {
			require.Zero(t, n)
		}
	})
}

func FuzzThreadCount(f *testing.F) {
	f.Add([]byte("42 (my ) (server)) S 1 2 3 0 -1 4194560 2512 0 0 0 10 5 0 0 20 0 17 0 11111\n"))
	f.Add([]byte(")"))
	f.Fuzz(func(t *testing.T, line []byte) {
		n, err := threadCount(line)
		require.GreaterOrEqual(t, n, 0)
		if err != nil {
			require.Zero(t, n)
		}
	})
}

func TestMemAvailable(t *testing.T) {
	const head = "MemTotal:       24689984 kB\nMemFree:        21234567 kB\n"
	requireParsed(t, memAvailable, []parsed[uint64]{
		{"as the kernel writes it", head + "MemAvailable:   23456789 kB\nBuffers:  1 kB\n", 23456789 << 10, false},
		{"none left", head + "MemAvailable:          0 kB\n", 0, false},
		{"cut off within the line", head + "MemAvailable:   23456", 0, true},
		{"before Linux 3.14", head + "Buffers:  1 kB\n", 0, true},
		{"another unit", head + "MemAvailable:   23456789 MB\n", 0, true},
		{"too large", head + "MemAvailable:   18446744073709551615 kB\n", 0, true},
		{"empty", "", 0, true},
	})
}
