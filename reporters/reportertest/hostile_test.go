package reportertest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters"
	"github.com/go-holmes/holmes/reporters/reportertest"
)

func TestAGoodReporterPassesAmongStrangers(t *testing.T) {
	reportertest.Hostile(t, func(t *testing.T, url string) holmes.Reporter {
		r, err := reporters.NewHTTP(url, reporters.WithToken("s3cr3t"))
		require.NoError(t, err)
		return r
	})
}

// naive is a reporter as one writes it on a Monday. What is set is what is wrong
// with it.
type naive struct {
	url       string
	follows   bool // redirects
	readsAll  bool // of the answer
	deaf      bool // to its context
	patient   bool // nothing is permanent
	impatient bool // everything is
	trusting  bool // any answer is a yes
	hasty     bool // does not pass on Retry-After
	stubborn  bool // tries on and on
	leaks     bool // a goroutine
	release   chan struct{}
}

type afterError struct {
	error
	after time.Duration
}

func (a afterError) RetryAfter() time.Duration { return a.after }
func (a afterError) Unwrap() error             { return a.error }

func (n *naive) Report(ctx context.Context, e *holmes.Event) (err error) {
	if n.leaks {
		go func() { <-n.release }()
	}
	tries := 1
	if n.stubborn {
		tries = 20
	}
	for range tries {
		if err = n.post(ctx, e); err == nil {
			return nil
		}
	}
	if n.impatient {
		return holmes.Permanent(err)
	}
	return err
}

func (n *naive) post(ctx context.Context, e *holmes.Event) error {
	if n.deaf {
		ctx = context.WithoutCancel(ctx)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10}}
	if !n.follows {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	raw, err := e.MarshalJSON()
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.url, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	most := int64(64 << 10)
	if n.readsAll {
		most = 1 << 40
	}
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, most)); err != nil && resp.StatusCode < 300 {
		return err
	}
	return n.judge(resp)
}

func (n *naive) judge(resp *http.Response) error {
	busy := []int{http.StatusTooManyRequests, http.StatusRequestTimeout, http.StatusTooEarly}
	switch err := fmt.Errorf("status %d", resp.StatusCode); {
	case resp.StatusCode < 300 || n.trusting:
		return nil
	case slices.Contains(busy, resp.StatusCode) || resp.StatusCode >= 500 || n.patient:
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		if n.hasty || seconds == 0 {
			return err
		}
		return afterError{err, time.Duration(seconds) * time.Second}
	default:
		return holmes.Permanent(err)
	}
}

// Every fault is found by the case that is made for it, which a reporter
// without the fault passes.
func TestBadReportersFailAmongStrangers(t *testing.T) {
	for name, tt := range map[string]struct {
		reporter naive
		finds    string
	}{
		"follows redirects":          {naive{follows: true}, "redirects elsewhere by 307"},
		"reads to the end":           {naive{readsAll: true}, "has an endless answer"},
		"reads refusals to the end":  {naive{readsAll: true}, "has an endless reason to refuse"},
		"is deaf in an answer":       {naive{deaf: true}, "stores byte by byte"},
		"is deaf to its context":     {naive{deaf: true}, "hangs after the request"},
		"never gives up":             {naive{patient: true}, "answers 400"},
		"gives up at once":           {naive{impatient: true}, "answers 503"},
		"gives up on a broken line":  {naive{impatient: true}, "resets after the request"},
		"takes any answer for a yes": {naive{trusting: true}, "answers 500"},
		"comes back at once":         {naive{hasty: true}, "asks for two minutes"},
		"knocks on and on":           {naive{stubborn: true}, "closes at once"},
		"leaves something behind":    {naive{leaks: true}, "says more than its length"},
	} {
		t.Run(name, func(t *testing.T) {
			require.False(t, fails(t, naive{}, tt.finds), "without the fault")
			require.True(t, fails(t, tt.reporter, tt.finds))
		})
	}
}

// fails reports whether a case finds something wrong with a reporter.
func fails(t *testing.T, n naive, name string) bool {
	t.Helper()
	n.release = make(chan struct{})
	defer close(n.release)
	r := &recorder{TB: t}
	var running sync.WaitGroup
	running.Go(func() {
		reportertest.RunHostile(r, name, func(url string) holmes.Reporter {
			out := n
			out.url = url
			return &out
		})
	})
	running.Wait()
	return r.failed
}
