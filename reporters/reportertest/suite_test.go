package reportertest_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters/reportertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a reporter that is its own receiver. What is set in it is what it
// does wrong.
type memory struct {
	reads        func(p *holmes.Profile) (io.ReadCloser, error) // default: Open
	forgets      bool                                           // of the second delivery on, everything
	keeps        bool                                           // the event, to read it later
	permanent    bool                                           // about a stall
	panics       bool
	deletes      bool // the evidence
	leaks        bool // the files
	stalled      chan struct{}
	mu           sync.Mutex
	held         map[string]map[string][]byte
	kept         []*holmes.Event
	leakedHandle []io.Closer
}

func (m *memory) Report(ctx context.Context, e *holmes.Event) error {
	if m.panics {
		panic("oops")
	}
	if m.stalled != nil {
		select {
		case <-ctx.Done():
			if m.permanent {
				return holmes.Permanent(ctx.Err())
			}
			return ctx.Err()
		case <-m.stalled:
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if m.keeps {
		m.kept = append(m.kept, e)
		return nil
	}
	return m.store(e)
}

func (m *memory) store(e *holmes.Event) error {
	files := map[string][]byte{}
	for i := range e.Profiles {
		p := &e.Profiles[i]
		if !p.Captured() {
			continue
		}
		read := m.reads
		if read == nil {
			read = (*holmes.Profile).Open
		}
		r, err := read(p)
		if err != nil {
			return err
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if m.leaks {
			m.leakedHandle = append(m.leakedHandle, r)
		} else {
			r.Close()
		}
		files[p.File] = raw
	}
	if m.deletes {
		_ = os.RemoveAll(e.Dir)
	}
	var err error
	files["event.json"], err = e.MarshalJSON()
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, again := m.held[e.ID]; again && m.forgets {
		files = nil
	}
	if m.held == nil {
		m.held = map[string]map[string][]byte{}
	}
	m.held[e.ID] = files
	return err
}

func (m *memory) received(id string) map[string][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.kept {
		m.keeps = false
		m.mu.Unlock()
		_ = m.store(e)
		m.mu.Lock()
	}
	return m.held[id]
}

func (m *memory) target(t *testing.T) reportertest.Target {
	t.Cleanup(func() {
		for _, c := range m.leakedHandle {
			c.Close()
		}
	})
	return reportertest.Target{
		Reporter: m,
		Received: m.received,
		Stall: func() func() {
			m.stalled = make(chan struct{})
			return func() { close(m.stalled) }
		},
	}
}

func TestAGoodReporterPasses(t *testing.T) {
	reportertest.Test(t, func(t *testing.T) reportertest.Target { return new(memory).target(t) })
}

func TestAReporterWithoutAViewOfItsReceiverPasses(t *testing.T) {
	reportertest.Test(t, func(t *testing.T) reportertest.Target {
		return reportertest.Target{Reporter: new(memory)}
	})
}

// A recorder takes note of what a test of the suite finds.
type recorder struct {
	testing.TB
	mu     sync.Mutex
	failed bool
}

func (r *recorder) Errorf(string, ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = true
}

func (r *recorder) Fatalf(string, ...any) {
	r.Errorf("")
	runtime.Goexit()
}

func (r *recorder) Fatal(...any) { r.Fatalf("") }

// Every fault is found, by the test that is named after it.
func TestBadReportersFail(t *testing.T) {
	for _, tt := range []struct {
		name  string
		with  func() *memory
		finds string
	}{
		{"reads paths instead of Open", func() *memory {
			return &memory{reads: func(p *holmes.Profile) (io.ReadCloser, error) { return os.Open(p.Path) }}
		}, "delivers a whole event from memory"},
		{"truncates", func() *memory {
			return &memory{reads: func(p *holmes.Profile) (io.ReadCloser, error) {
				r, err := p.Open()
				return io.NopCloser(io.LimitReader(r, 9)), err
			}}
		}, "delivers a whole event from disk"},
		{"one file a kind", func() *memory {
			return &memory{reads: func(p *holmes.Profile) (io.ReadCloser, error) {
				if p.Path != "" {
					return os.Open(filepath.Join(filepath.Dir(p.Path), string(p.Kind)+".pb.gz"))
				}
				return p.Open()
			}}
		}, "delivers a whole event from disk"},
		{"fails on what is missing", func() *memory {
			return &memory{reads: func(*holmes.Profile) (io.ReadCloser, error) { return nil, errors.New("x") }}
		}, "keeps events apart"},
		{"forgets", func() *memory { return &memory{forgets: true} }, "is safe to repeat"},
		{"deletes", func() *memory { return &memory{deletes: true} }, "leaves the evidence alone"},
		{"keeps", func() *memory { return &memory{keeps: true} }, "keeps nothing of the event"},
		{"gives up", func() *memory { return &memory{permanent: true} }, "returns when its receiver stalls"},
		{"panics", func() *memory { return &memory{panics: true} }, "delivers an event whose captures failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			expect(t, tt.with, tt.finds)
		})
	}
}

func TestLeakedDescriptorsAreFound(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux shows them")
	}
	expect(t, func() *memory { return &memory{leaks: true} }, "leaves the evidence alone")
}

func expect(t *testing.T, with func() *memory, finds string) {
	open := func(t *testing.T) reportertest.Target { return with().target(t) }
	reportertest.Run(t, open, func(t *testing.T, name string, run func(testing.TB)) {
		if name != finds {
			return
		}
		r := &recorder{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			run(r)
		}()
		<-done
		require.True(t, r.failed)
	})
}
