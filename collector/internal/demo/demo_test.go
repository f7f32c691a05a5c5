package demo

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/go-holmes/holmes/example/shop"
	"github.com/go-holmes/holmes/reporters"
	"github.com/go-holmes/holmes/reporters/reportertest"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/collector/internal/source"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == TargetCommand { // this is the target
		if err := RunTarget(context.Background(), os.Stdin, os.Stdout, os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// A target without its demo ends, and a demo whose target ends fails.
func TestTargetEnds(t *testing.T) {
	p, err := startTarget(t.Context(), os.Stderr, "http://127.0.0.1:1", t.TempDir())
	require.NoError(t, err)
	require.NoError(t, p.inject("goroutine"))
	require.NoError(t, p.inject(""))
	require.NoError(t, p.stop())

	p, err = startTarget(t.Context(), os.Stderr, "http://127.0.0.1:1", t.TempDir())
	require.NoError(t, err)
	require.NoError(t, p.cmd.Process.Kill())
	d := &demo{target: p}
	require.ErrorContains(t, d.wait(t.Context(), func() (bool, error) { return false, nil }), "the shop has ended")
	require.Error(t, p.stop())
}

// The error says what is wrong with an event.
func TestDemoChecks(t *testing.T) {
	var out bytes.Buffer
	d := &demo{Config: Config{Addr: "127.0.0.1:0", Data: t.TempDir(), JSON: true, Out: &out, Err: os.Stderr}, reported: map[string]bool{}}
	address, stop, err := d.collect(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, stop()) }()
	d.remote, err = source.NewRemote("http://"+address, "", false)
	require.NoError(t, err)
	r, err := reporters.NewCollector("http://" + address)
	require.NoError(t, err)
	sent := reportertest.MemoryEvent(t)
	require.NoError(t, r.Report(t.Context(), sent))
	require.NoError(t, d.news(t.Context()))
	require.NoError(t, d.news(t.Context()))
	require.Equal(t, 1, strings.Count(out.String(), "\n"), "printed once, on one line")

	f := shop.Fault{Signal: string(sent.Trigger.Sample.Signal), Guilty: "main.guilty"}
	stored := d.eventOf(f)
	require.NotNil(t, stored)
	require.Nil(t, d.eventOf(shop.Fault{Signal: "fish"}))
	for want, change := range map[string]func(*api.Event){
		"":                       func(*api.Event) {},
		"the event is suspected": func(e *api.Event) { e.State = "suspected" },
		`names ["main.other"]`:   func(e *api.Event) { e.Culprits = []string{"main.other"} },
		"no culprit is named":    func(e *api.Event) { e.Confident = false },
		"names []":               func(e *api.Event) { e.Culprits = nil },
		"has no profile":         func(e *api.Event) { e.Profiles = nil },
		"lost.pb.gz": func(e *api.Event) {
			e.Profiles = []api.Profile{{Type: collector.KindCPU, File: "lost.pb.gz"}}
		},
	} {
		e := *stored
		e.State, e.Confident, e.Culprits = "confirmed", true, []string{"main.guilty"}
		change(&e)
		err := d.check(t.Context(), f, &e)
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, want)
	}
}
