package holmes_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// Some tests start the test binary again, as a service that is killed.
const (
	childEnv      = "HOLMES_TEST_CHILD"
	childEvidence = "HOLMES_TEST_EVIDENCE"
	childReceiver = "HOLMES_TEST_RECEIVER"
)

// inbox is a receiver in a directory: a file for each event, a line in it for
// each time that it was delivered. It is down while there is a file "down".
type inbox struct{ dir string }

func (m inbox) Name() string { return "inbox" }

func (m inbox) Report(_ context.Context, e *holmes.Event) error {
	if _, err := os.Stat(filepath.Join(m.dir, "down")); err == nil {
		return errDown
	}
	for i := range e.Profiles {
		if err := whole(&e.Profiles[i]); err != nil {
			return holmes.Permanent(err) // counted, and seen in the end
		}
	}
	f, err := os.OpenFile(filepath.Join(m.dir, e.ID), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%d %s\n", os.Getpid(), e.State)
	return errors.Join(err, f.Close())
}

// whole reads a profile to its end, where its content says that it ends.
func whole(p *holmes.Profile) error {
	if !p.Captured() {
		return nil
	}
	f, err := p.Open()
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(f)
	err = errors.Join(err, f.Close())
	if err == nil && !strings.HasSuffix(string(raw), contentEnd) {
		err = fmt.Errorf("%s is cut off at %d bytes", p.File, len(raw))
	}
	return err
}

const contentEnd = "the end"

// received returns the deliveries of each event, as "<process> <state>".
func (m inbox) received(t *testing.T) map[string][]string {
	t.Helper()
	found := testkit.Must(filepath.Glob(filepath.Join(m.dir, "2*")))(t)
	out := map[string][]string{}
	for _, path := range found {
		raw := testkit.Must(os.ReadFile(path))(t)
		out[filepath.Base(path)] = strings.Split(strings.TrimSpace(string(raw)), "\n")
	}
	return out
}

func (m inbox) set(t *testing.T, down bool) {
	t.Helper()
	path := filepath.Join(m.dir, "down")
	if down {
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		return
	}
	require.NoError(t, os.Remove(path))
}

// jobs are other services, of the tests that only some systems have.
var jobs = map[string]func() error{}

// child is the service. It says on stdout what it does, takes orders on stdin,
// and ends with it.
func child(job string) error {
	if run := jobs[job]; run != nil {
		return run()
	}
	h, err := holmes.New(holmes.WithDumpPath(os.Getenv(childEvidence)), holmes.WithLogger(nil),
		holmes.WithReporter(inbox{os.Getenv(childReceiver)}), holmes.WithDumpLimits(100_000, 1<<30), holmes.WithDumpFree(0),
		holmes.WithForcedGC(false), holmes.WithCollectInterval("10ms"),
		holmes.WithSource(&seesaw{}, holmes.Threshold{Abs: 1, Hold: 50 * time.Millisecond}, holmes.KindHeap, holmes.KindThreadcreate))
	if err != nil {
		return err
	}
	content := func(w io.Writer) error {
		return testkit.Err(io.WriteString(w, strings.Repeat("profile ", 1000)+contentEnd))
	}
	for _, k := range []holmes.Kind{holmes.KindHeap, holmes.KindThreadcreate, holmes.KindGoroutine} {
		h.SetCapture(k, 0, content)
	}
	h.SetSpoolEvery(20 * time.Millisecond)
	if job == "killed" {
		var calls atomic.Int64
		h.SetFault(func(string, string) error { fmt.Printf("op %d\n", calls.Add(1)); return nil })
	}
	h.Disable(holmes.SignalCPU, holmes.SignalMem, holmes.SignalGCHeap, holmes.SignalGoroutine, holmes.SignalThread)
	if err := h.Start(); err != nil {
		return err
	}
	defer h.Stop()
	fmt.Println("ready")
	if job == "killed" {
		for {
			if err := sayCapture(h); err != nil {
				return err
			}
		}
	}
	for orders := bufio.NewScanner(os.Stdin); orders.Scan(); {
		if err := sayCapture(h); err != nil {
			return err
		}
	}
	return nil
}

func sayCapture(h *holmes.Holmes) error {
	e, err := h.CaptureNow(context.Background(), holmes.KindGoroutine, holmes.KindThreadcreate)
	if err == nil {
		fmt.Println("confirmed " + e.ID)
	}
	return err
}

// seesaw is a signal that is suspected now and then, and sometimes confirmed.
type seesaw struct{ n int }

func (s *seesaw) Signal() holmes.Signal { return "seesaw" }

func (s *seesaw) Read(time.Time) (holmes.Sample, error) {
	s.n++
	if s.n < 12 || s.n%30 < 20 {
		return holmes.Sample{}, nil
	}
	return holmes.Sample{Value: 2}, nil
}

// A service is a child under way.
type service struct {
	*testkit.Child

	mu        sync.Mutex
	confirmed []string
}

func serve(t *testing.T, job, evidence string, to inbox) *service {
	t.Helper()
	s := &service{Child: testkit.Start(t, childEnv+"="+job, childEvidence+"="+evidence, childReceiver+"="+to.dir)}
	require.Equal(t, "ready", s.line(t, "ready"))
	return s
}

// line returns the next line that begins so.
func (s *service) line(t *testing.T, prefix string) string {
	t.Helper()
	for s.Lines.Scan() {
		s.note(s.Lines.Text())
		if strings.HasPrefix(s.Lines.Text(), prefix) {
			return s.Lines.Text()
		}
	}
	t.Fatalf("the child ended before it said %q: %v", prefix, s.Lines.Err())
	return ""
}

func (s *service) note(line string) {
	if id, ok := strings.CutPrefix(line, "confirmed "); ok {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.confirmed = append(s.confirmed, id)
	}
}

// capture has an event taken.
func (s *service) capture(t *testing.T) (id string) {
	t.Helper()
	require.NoError(t, testkit.Err(io.WriteString(s.Stdin, "capture\n")))
	return strings.TrimPrefix(s.line(t, "confirmed "), "confirmed ")
}

// kill ends the child as the kernel would, and returns what it had confirmed.
func (s *service) kill(t *testing.T) []string {
	t.Helper()
	require.NoError(t, s.Process.Kill())
	for s.Lines.Scan() {
		s.note(s.Lines.Text())
	}
	require.Error(t, s.Wait())
	return s.confirmed
}

// end ends the child as an operator would.
func (s *service) end(t *testing.T) {
	t.Helper()
	require.NoError(t, s.Stdin.Close())
	for s.Lines.Scan() {
		s.note(s.Lines.Text())
	}
	require.NoError(t, s.Wait())
}

// A service is killed at random instants, most of them in the middle of what
// it does to the disk. Every file that is visible is whole, what was never
// finished is gone after the next start, and every event that was confirmed is
// delivered in the end.
func TestKilledAtAnyInstant(t *testing.T) {
	testkit.Parallel(t)
	lives := testkit.Heavy(25, 15) // in one directory: the more events, the longer it is looked at
	kills := testkit.Heavy(1000, 15)
	rng := rand.New(rand.NewPCG(1, 2))
	states := map[string]int{}
	// How much a life confirms depends on the disk and the processor: a slow
	// machine takes more lives for as much, at most three times as many.
	for n := 0; n < kills || states["confirmed before a kill"] <= kills && n < 3*kills; n += lives {
		evidence, to := filepath.Join(testkit.FastDir(t), "evidence"), inbox{testkit.FastDir(t)}
		var confirmed []string
		for range lives {
			confirmed = append(confirmed, killedOnce(t, evidence, to, rng)...)
		}
		states["confirmed before a kill"] += len(confirmed)
		c := serve(t, "obedient", evidence, to)
		confirmed = append(confirmed, c.capture(t))
		requireNoTemporaries(t, evidence)
		require.Eventually(t, func() bool { return len(waitingMarks(evidence)) == 0 }, time.Minute, 10*time.Millisecond)
		c.end(t)
		requireAllDelivered(t, evidence, to, confirmed, states)
	}
	t.Logf("%v", states)
	require.Positive(t, states["unconfirmed"], "what was under way is reported too")
	require.Greater(t, states["confirmed before a kill"], kills)
}

// killedOnce starts a service, kills it, and returns what it had confirmed.
func killedOnce(t *testing.T, evidence string, to inbox, rng *rand.Rand) []string {
	t.Helper()
	if rng.IntN(4) == 0 {
		to.set(t, true)
	}
	c := serve(t, "killed", evidence, to)
	for range rng.IntN(1500) {
		c.line(t, "op ")
	}
	confirmed := c.kill(t)
	requireWholeFiles(t, evidence)
	_ = os.Remove(filepath.Join(to.dir, "down"))
	return confirmed
}

func requireAllDelivered(t *testing.T, evidence string, to inbox, confirmed []string, states map[string]int) {
	t.Helper()
	got := to.received(t)
	for _, id := range confirmed {
		require.Contains(t, got, id)
		require.Contains(t, got[id][0], "confirmed")
	}
	for _, deliveries := range got {
		_, state, _ := strings.Cut(deliveries[0], " ")
		states[state]++
	}
	all := testkit.Must(filepath.Glob(filepath.Join(evidence, "2*")))(t)
	for _, dir := range all {
		e := testkit.Must(holmes.LoadEvent(dir))(t)
		require.NotEqual(t, holmes.StateSuspected, e.State, "its process is dead")
	}
	refused := testkit.Must(filepath.Glob(filepath.Join(evidence, "*", ".refused-*")))(t)
	require.Empty(t, refused, "no profile was cut off")
	damaged := testkit.Must(filepath.Glob(filepath.Join(evidence, "*", ".damaged")))(t)
	require.Empty(t, damaged, "no kill looks like damage")
}

// requireWholeFiles looks at every visible file.
func requireWholeFiles(t *testing.T, dir string) {
	t.Helper()
	profiles := testkit.Must(filepath.Glob(filepath.Join(dir, "2*", "[a-z]*.pb.gz")))(t)
	for _, path := range profiles {
		raw := testkit.Must(os.ReadFile(path))(t)
		require.True(t, strings.HasSuffix(string(raw), contentEnd), path)
	}
	events := testkit.Must(filepath.Glob(filepath.Join(dir, "2*", "event.json")))(t)
	for _, path := range events {
		require.NoError(t, testkit.Err(holmes.LoadEvent(filepath.Dir(path))))
	}
}

// requireNoTemporaries looks for what the dead left, while one process lives,
// whose own are gone in a moment.
func requireNoTemporaries(t *testing.T, dir string) {
	t.Helper()
	require.Eventually(t, func() bool {
		temps, _ := filepath.Glob(filepath.Join(dir, "2*", ".*.tmp"))
		gone, _ := filepath.Glob(filepath.Join(dir, ".*.gone"))
		return len(temps)+len(gone) == 0
	}, 10*time.Second, time.Millisecond)
}

func waitingMarks(dir string) []string {
	found, _ := filepath.Glob(filepath.Join(dir, "2*", ".to-*"))
	return found
}

// Two processes share a directory, one of them is killed, and at times a
// third one starts. No event is lost, none is delivered by two, and what the
// dead one had is taken over by the living.
func TestProcessesShareADirectory(t *testing.T) {
	testkit.Parallel(t)
	for round := range testkit.Heavy(20, 2) {
		evidence, to := filepath.Join(testkit.FastDir(t), "evidence"), inbox{testkit.FastDir(t)}
		to.set(t, true)
		a, b := serve(t, "obedient", evidence, to), serve(t, "obedient", evidence, to)
		want := map[string]bool{}
		for range 10 {
			want[a.capture(t)], want[b.capture(t)] = true, true
		}
		a.kill(t)
		living := []*service{b}
		if round%2 == 1 {
			living = append(living, serve(t, "obedient", evidence, to))
		}
		for _, s := range living {
			want[s.capture(t)] = true
		}
		to.set(t, false)
		require.Eventually(t, func() bool { return len(waitingMarks(evidence)) == 0 }, 2*time.Minute, 10*time.Millisecond)
		for _, s := range living {
			s.end(t)
		}
		got := to.received(t)
		for id := range want {
			require.Len(t, got[id], 1, "round %d: event %s", round, id)
		}
		for id, deliveries := range got {
			require.Len(t, deliveries, 1, "round %d: event %s", round, id)
			require.NotContains(t, deliveries[0], fmt.Sprint(a.Process.Pid, " "), "it was down while this one lived")
		}
		locks := testkit.Must(filepath.Glob(filepath.Join(evidence, ".owner-*")))(t)
		require.Empty(t, locks)
	}
}
