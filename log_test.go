package holmes_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
)

// A profile's text and the labels are arguments of a log line, never its format.
func TestProfileIsNoFormat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lines := &lineLog{}
		l := newLab(t, holmes.WithLogger(lines), holmes.WithDumpToLogger(true), holmes.WithLabels(map[string]string{"a": "%d%s%!"}))
		l.run(t)
		_, err := l.CaptureNow(t.Context(), holmes.KindGoroutine)
		require.NoError(t, err)
		l.Stop()
		all := strings.Join(lines.all(), "\n")
		require.Contains(t, all, "goroutine.pb.gz")
		require.Contains(t, all, " %\n", "a percent sign before a line's end, which a format would mangle")
		for _, damage := range []string{"%!", "(MISSING)", "NOVERB"} {
			require.NotContains(t, all, damage)
		}
	})
}

// lineLog keeps formatted lines.
type lineLog struct {
	mu    sync.Mutex
	lines []string
}

func (l *lineLog) add(f string, a []any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(f, a...))
}

func (l *lineLog) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.lines...)
}

func (l *lineLog) Debugf(f string, a ...any) { l.add(f, a) }
func (l *lineLog) Infof(f string, a ...any)  { l.add(f, a) }
func (l *lineLog) Warnf(f string, a ...any)  { l.add(f, a) }
func (l *lineLog) Errorf(f string, a ...any) { l.add(f, a) }
