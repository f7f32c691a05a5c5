package incident

import (
	"testing"

	"github.com/stretchr/testify/require"
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
