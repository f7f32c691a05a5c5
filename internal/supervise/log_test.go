package supervise_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/supervise"
)

type lines []string

func (l *lines) Debugf(f string, a ...any) { *l = append(*l, "debug "+fmt.Sprintf(f, a...)) }
func (l *lines) Infof(f string, a ...any)  { *l = append(*l, "info "+fmt.Sprintf(f, a...)) }
func (l *lines) Warnf(f string, a ...any)  { *l = append(*l, "warn "+fmt.Sprintf(f, a...)) }

// drained returns what a log has queued.
func drained(l *supervise.Log) []string {
	var out lines
	stop := make(chan struct{})
	close(stop)
	l.Drain(stop, func() supervise.Sink { return &out })
	return out
}

// A condition is logged when it begins and when it ends, however long it lasts. One
// that comes and goes is logged once in five minutes, and one that nothing has met for
// an hour begins anew.
func TestConditions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := supervise.NewLog(supervise.SystemClock())
		l.End("disk", "before it began")
		for range 24 * 60 {
			l.Begin("disk", "is full")
			<-time.After(time.Minute)
		}
		l.End("disk", "has space")
		l.End("disk", "has space still")
		require.Equal(t, []string{"warn holmes: is full", "info holmes: has space"}, drained(l))

		l.Begin("disk", "is full")
		<-time.After(2 * time.Hour)
		l.Begin("disk", "is full, and the end was not seen")
		require.Len(t, drained(l), 2)
		l.End("disk", "has space")
		for range 60 { // for an hour it comes and goes
			l.Begin("disk", "is full")
			<-time.After(30 * time.Second)
			l.End("disk", "has space")
			<-time.After(30 * time.Second)
		}
		got := drained(l)
		require.LessOrEqual(t, len(got), 1+2*12)
		require.GreaterOrEqual(t, len(got), 1+2*11)
	})
}

// Attributes are in the text of a logger that takes none, unless the text has them.
func TestAttributesAsText(t *testing.T) {
	l := supervise.NewLog(supervise.SystemClock())
	about := l.With("event", "e1")
	about.With("signal", "cpu").Warnf("event %s: 100 %%", "e1")
	about.With("signal", "mem").Debugf("x")
	l.OnCause("a", "b")
	l.OnCause("a", "b")
	require.Equal(t, []string{
		"warn holmes: event e1: 100 % signal=cpu", "debug holmes: x event=e1 signal=mem", "warn holmes: b",
	}, drained(l))
}
