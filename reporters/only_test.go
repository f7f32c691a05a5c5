package reporters_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters"
	"github.com/go-holmes/holmes/reporters/reportertest"
)

// notes are a reporter that keeps the IDs that it is given.
type notes struct {
	ids  []string
	errs map[string]error
}

func (l *notes) Name() string { return "list" }

func (l *notes) Report(_ context.Context, e *holmes.Event) error {
	l.ids = append(l.ids, e.ID)
	return l.errs[e.ID]
}

// batch takes several at once, too.
type batch struct {
	notes
	sizes []int
}

func (b *batch) ReportBatch(_ context.Context, events []*holmes.Event) error {
	b.sizes = append(b.sizes, len(events))
	return nil
}

func event(id string, signal holmes.Signal, code string, state holmes.State) *holmes.Event {
	e := &holmes.Event{ID: id, State: state}
	e.Trigger.Sample.Signal, e.Trigger.Reason.Code = signal, code
	return e
}

var events = []*holmes.Event{
	event("cpu-diff", holmes.SignalCPU, holmes.CodeDiff, holmes.StateConfirmed),
	event("cpu-abs", holmes.SignalCPU, holmes.CodeAbs, holmes.StateConfirmed),
	event("mem-diff", holmes.SignalMem, holmes.CodeDiff, holmes.StateUnconfirmed),
	event("mem-abs", holmes.SignalMem, holmes.CodeAbs, holmes.StateConfirmed),
	event("heap-abs", holmes.SignalGCHeap, holmes.CodeAbs, holmes.StateUnconfirmed),
	event("mem-forecast", holmes.SignalMem, "forecast", holmes.StateConfirmed),
	event("crash", "cpu", "crash", holmes.StateConfirmed),
	event("thread-slow", holmes.SignalThread, holmes.CodeSlow, holmes.StateConfirmed),
	event("mine", "queue", "longer than ever", holmes.StateConfirmed),
	event("manual", "manual", holmes.CodeManual, holmes.StateConfirmed),
	event("continuous", "continuous", "continuous", holmes.StateConfirmed),
	event("dismissed", holmes.SignalMem, holmes.CodeAbs, holmes.StateDismissed),
}

func TestSeverity(t *testing.T) {
	want := map[reporters.Severity][]string{
		reporters.SeverityInfo:     {"manual", "continuous", "dismissed"},
		reporters.SeverityWarning:  {"cpu-diff", "cpu-abs", "mem-diff", "thread-slow", "mine"},
		reporters.SeverityCritical: {"mem-abs", "heap-abs", "mem-forecast", "crash"},
	}
	got := map[reporters.Severity][]string{}
	for _, e := range events {
		got[reporters.SeverityOf(e)] = append(got[reporters.SeverityOf(e)], e.ID)
	}
	require.Equal(t, want, got)
	require.Equal(t, "info warning critical unknown",
		reporters.SeverityInfo.String()+" "+reporters.SeverityWarning.String()+" "+reporters.SeverityCritical.String()+" "+reporters.Severity(9).String())
}

func TestOnly(t *testing.T) {
	for words, tt := range map[string]struct {
		conditions []reporters.Condition
		want       []string
	}{
		"list only signal cpu or queue": {
			[]reporters.Condition{reporters.Signals(holmes.SignalCPU, "queue")},
			[]string{"cpu-diff", "cpu-abs", "crash", "mine"},
		},
		"list only state unconfirmed": {[]reporters.Condition{reporters.States(holmes.StateUnconfirmed)}, []string{"mem-diff", "heap-abs"}},
		"list only reason abs, not (signal cpu), state confirmed": {
			[]reporters.Condition{
				reporters.Reasons(holmes.CodeAbs), reporters.Not(reporters.Signals(holmes.SignalCPU)), reporters.States(holmes.StateConfirmed),
			},
			[]string{"mem-abs"},
		},
		"list only severity critical and up": {
			[]reporters.Condition{reporters.AtLeast(reporters.SeverityCritical)},
			[]string{"mem-abs", "heap-abs", "mem-forecast", "crash"},
		},
		"list only short": {
			[]reporters.Condition{reporters.If("short", func(e *holmes.Event) bool { return len(e.ID) < 5 })}, []string{"mine"},
		},
	} {
		to := new(notes)
		r := reporters.Only(to, tt.conditions...)
		require.Equal(t, words, r.Name())
		for _, e := range events {
			require.NoError(t, r.Report(context.Background(), e))
		}
		require.Equal(t, tt.want, to.ids, words)
		require.NoError(t, r.ReportBatch(context.Background(), events))
		require.Len(t, to.ids, 2*len(tt.want), words)
	}
	require.Equal(t, "signal cpu", reporters.Signals(holmes.SignalCPU).String())
}

// The error of the other reporter is returned unchanged.
func TestOnlyPassesErrorsOn(t *testing.T) {
	passing, refused := errors.New("busy"), holmes.Permanent(errors.New("refused"))
	to := &notes{errs: map[string]error{"mem-diff": refused, "mem-abs": passing}}
	r := reporters.Only(to, reporters.Signals(holmes.SignalMem))
	require.Equal(t, refused, r.Report(context.Background(), events[2]))
	require.NoError(t, r.Report(context.Background(), events[0]))
	err := r.ReportBatch(context.Background(), events)
	require.ErrorIs(t, err, passing, "what a retry may mend comes first")
	require.False(t, holmes.IsPermanent(err))
	to.errs["mem-abs"] = nil
	require.True(t, holmes.IsPermanent(r.ReportBatch(context.Background(), events)))
}

func TestOnlyPassesBatchesOn(t *testing.T) {
	to := new(batch)
	r := reporters.Only(to, reporters.AtLeast(reporters.SeverityCritical))
	require.NoError(t, r.ReportBatch(context.Background(), events))
	require.NoError(t, r.ReportBatch(context.Background(), events[:1]))
	require.Equal(t, []int{4}, to.sizes)
	require.Empty(t, to.ids)
}

// A filtered reporter is a reporter like any other.
func TestOnlyConformance(t *testing.T) {
	reportertest.Test(t, func(t *testing.T) reportertest.Target {
		to := newReceiver(t)
		r := reporters.Only(newHTTP(t, to.URL), reporters.Signals(holmes.SignalMem))
		return reportertest.Target{Reporter: r, Received: to.received, Stall: to.hold}
	})
}

// A reporter without a name has that of its type.
func TestOnlyOfANamelessReporter(t *testing.T) {
	r := reporters.Only(nameless{}, reporters.States(holmes.StateConfirmed))
	require.Equal(t, "reporters_test.nameless only state confirmed", r.Name())
}

type nameless struct{}

func (nameless) Report(context.Context, *holmes.Event) error { return nil }
