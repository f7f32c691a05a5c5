package holmes_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
)

// Reporters come and go while holmes runs, by their name.
func TestReportersComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second, other := newReceiver("x"), newReceiver("y"), newReceiver("other")
		first.set(down)
		l := newLab(t, holmes.WithNamedReporter("main", first)).run(t)
		a := l.capture(t)
		seconds(30)
		require.Equal(t, 1, l.reporter(t, "main").Waiting)

		require.NoError(t, l.Set(holmes.WithNamedReporter("main", nil), holmes.WithReporter(other)))
		seconds(1)
		b := l.capture(t)
		seconds(300)
		require.Equal(t, []string{b}, other.ids(), "what was before is not its business")
		require.Len(t, l.Stats().Reporters, 2)
		tries := len(first.attempts())
		seconds(300)
		require.Len(t, first.attempts(), tries, "it is gone")

		require.NoError(t, l.Set(holmes.WithNamedReporter("main", second)))
		seconds(61)
		require.Equal(t, []string{a}, second.ids(), "it is back, and gets what waited for it")

		second.set(down)
		c := l.capture(t)
		seconds(30)
		before := l.reporter(t, "main")
		first.set(nil)
		require.NoError(t, l.Set(holmes.WithNamedReporter("main", first)))
		seconds(61)
		require.Equal(t, []string{c}, first.ids(), "who replaces another gets what waits for it")
		after := l.reporter(t, "main")
		require.Equal(t, before.Offered, after.Offered)
		require.Equal(t, before.Delivered+1, after.Delivered)
		require.Equal(t, 2, strings.Count(fmt.Sprint(names(l)), "main")+strings.Count(fmt.Sprint(names(l)), "other"))
	})
}

func names(l *lab) (out []string) {
	for _, s := range l.Stats().Reporters {
		out = append(out, s.Name)
	}
	return out
}

// Two reporters of one name are two.
func TestNamesOfReporters(t *testing.T) {
	l := newLab(t, holmes.WithReporter(newReceiver("r")), holmes.WithReporter(&collector{}), holmes.WithReporter(newReceiver("r")),
		holmes.WithReporter(newReceiver("r")))
	require.Equal(t, []string{"*holmes_test.collector", "r", "*holmes_test.collector#2", "r#2", "r#3"}, names(l))
	require.NoError(t, l.Set(holmes.WithNamedReporter("r#2", nil), holmes.WithNamedReporter("unknown", nil)))
	require.Equal(t, []string{"*holmes_test.collector", "r", "*holmes_test.collector#2", "r#3"}, names(l))
	require.ErrorContains(t, l.Set(holmes.WithNamedReporter("", newReceiver("r"))), `WithNamedReporter: name ""`)
	require.ErrorContains(t, l.Set(holmes.WithDumpAge(0)), "WithDumpAge: age 0s")
	require.ErrorContains(t, l.Set(holmes.WithDumpFree(-1)), "WithDumpFree: bytes -1")
}

// A reporter that is replaced while it hangs is not waited for for ever.
func TestReplacedReporterThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hung, next := newStuck(), newReceiver("next")
		l := newLab(t, holmes.WithNamedReporter("main", hung)).run(t)
		id := l.capture(t)
		synctest.Wait()
		require.NoError(t, l.Set(holmes.WithNamedReporter("main", next)))
		seconds(29)
		require.Empty(t, next.ids())
		seconds(5)
		require.Equal(t, []string{id}, next.ids())
		close(hung.release)
		seconds(1)
		require.Equal(t, holmes.ReporterStats{Name: "main", Offered: 1, Attempts: 2, Delivered: 1}, l.reporter(t, "main"))
	})
}
