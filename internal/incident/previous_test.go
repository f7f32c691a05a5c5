package incident

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/blackbox"
)

func TestCrashLine(t *testing.T) {
	const frames = "\t/src/x.go:7 +0x1d\n"
	for text, want := range map[string]string{
		"panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n" + frames:                                                   "panic: boom",
		"goroutine 7 [running]:\ninternal/runtime/maps.fatal({0x4, 0x2})\n" + frames + "main.(*Shop).add(...)\n" + frames: "fatal error in main.(*Shop).add",
		"goroutine 7 [running]:\nruntime.throw({0x4, 0x2})\n" + frames + "\ngoroutine 8 [select]:\nmain.other()\n":        "goroutine 7 [running]:",
		"\n": "",
	} {
		require.Equal(t, want, crashLine(text))
	}
}

// The memory watcher finds a leak between two readings of the box. What the box has of
// memory is older than the event, and the sentence says so.
func TestLastEventAfterTheLastReading(t *testing.T) {
	begun := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	record := func(after time.Duration) *blackbox.Record {
		return &blackbox.Record{Kind: blackbox.KindSample, At: begun.Add(after), Since: after, Sample: blackbox.Sample{Memory: 20, MemoryLimit: 1000}}
	}
	forecast := &blackbox.Record{Kind: blackbox.KindEvent, At: begun.Add(2640 * time.Millisecond), ID: "1", Text: "memory 65 %: full in 238ms"}
	for want, records := range map[string][]*blackbox.Record{
		"at 2 % of memory 640 ms before its last event; last event: memory 65 %: full in 238ms": {record(time.Second), record(2 * time.Second), forecast},
		"at 2 % of memory; last event: memory 65 %: full in 238ms":                              {record(time.Second), forecast, record(3 * time.Second)},
		"": {record(time.Second)},
	} {
		_, why := previousRun(&blackbox.Orphan{Contents: &blackbox.Contents{Records: records}}, nil)
		require.Equal(t, want, why)
	}
}
