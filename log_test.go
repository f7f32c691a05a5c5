package holmes_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

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

// observed returns a logger of zap that keeps its lines.
func observed() (holmes.Logger, *observer.ObservedLogs) {
	core, lines := observer.New(zap.DebugLevel)
	return zap.New(core).Sugar(), lines
}

// count returns how many lines contain a text.
func count(lines *observer.ObservedLogs, text string) (n int) {
	for _, line := range lines.All() {
		if strings.Contains(line.Message, text) {
			n++
		}
	}
	return n
}

// A line says what it is about in attributes, under zap and slog, and routine is of the
// level debug.
func TestLogHasAttributes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logger, lines := observed()
		bad := newReceiver("bad")
		bad.set(down)
		l := newLab(t, holmes.WithLogger(logger), holmes.WithReporter(bad), holmes.WithContinuous(time.Minute, time.Second, holmes.KindGoroutine)).run(t)
		id := l.capture(t)
		seconds(61)
		l.Stop()
		of := func(text string) observer.LoggedEntry {
			t.Helper()
			for _, line := range lines.All() {
				if strings.Contains(line.Message, text) {
					require.Equal(t, "holmes", line.ContextMap()["component"])
					return line
				}
			}
			require.Fail(t, text)
			return observer.LoggedEntry{}
		}
		event := of("event " + id)
		require.Equal(t, zap.WarnLevel, event.Level)
		require.Equal(t, map[string]any{"component": "holmes", "event": id, "signal": "manual"}, event.ContextMap())
		require.Equal(t, zap.DebugLevel, of("-continuous-").Level)
		failed := of("reporter bad failed")
		require.Equal(t, zap.WarnLevel, failed.Level)
		require.Equal(t, map[string]any{"component": "holmes", "event": id, "reporter": "bad"}, failed.ContextMap())
	})
}

// The default logger and one of slog's get attributes. Another gets them as text.
func TestLogOfSlogAndOthers(t *testing.T) {
	var out bytes.Buffer
	slogger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelInfo}))
	plain := &lineLog{}
	for _, logger := range []holmes.Logger{holmes.NewSlogLogger(slogger), plain} {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, holmes.WithLogger(logger), holmes.WithContinuous(time.Minute, time.Second, holmes.KindGoroutine)).run(t)
			l.capture(t)
			seconds(61)
			l.Stop()
		})
	}
	require.Regexp(t, `(?m)^time=\S+ level=WARN msg="captured on demand.*" component=holmes event=\S+ signal=manual$`, out.String())
	require.NotContains(t, out.String(), "continuous", "which is of the level debug")
	all := strings.Join(plain.all(), "\n")
	require.Regexp(t, `(?m)^holmes: captured on demand.* \(event \S+-manual-\S+ in .*\)$`, all)
	require.Contains(t, all, "-continuous-")
}

// A calm process whose dump path cannot be used says so once, in hours, and that it
// can be used again.
func TestLogOfLastingFaultIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		logger, lines := observed()
		r := newReceiver("receiver")
		r.set(down)
		l := newLab(t, holmes.WithLogger(logger), holmes.WithDumpPath(filepath.Join(file, "below")), holmes.WithReporter(r),
			holmes.WithBaseline(5*time.Minute)).run(t)
		first := l.capture(t)
		seconds(3 * 3600)
		require.Positive(t, l.Stats().Baseline.Rounds)
		require.Equal(t, 1, count(lines, "in memory, the dump path cannot be used"))
		require.Equal(t, 3, lines.Len(), "that, the event, and the reporter: %v", lines.All())
		require.Equal(t, 1, count(lines, "reporter receiver failed"))
		require.Equal(t, 0, count(lines, "does not fail any more"))

		require.NoError(t, os.Remove(file))
		r.set(nil)
		seconds(600)
		require.Equal(t, []string{first}, r.ids())
		require.Equal(t, 1, count(lines, "can be used again"))
		require.Equal(t, 1, count(lines, "does not fail any more"))
	})
}
