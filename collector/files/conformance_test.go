package files_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/testkit"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/collector/files"
	"github.com/go-holmes/holmes/collector/storetest"
)

func TestMain(m *testing.M) {
	storetest.Child(open)
	goleak.VerifyTestMain(m)
}

func open(ctx context.Context, dir string) (storetest.Store, error) {
	return files.Open(ctx, dir, files.Options{})
}

func TestConformance(t *testing.T) { storetest.Test(t, storetest.Subject{Open: open}) }

// A handle is one of several on the same store: what the suite tells of stores that
// share a place holds for them.
type handle struct {
	*files.Store
	close func() error
}

func (h handle) Close() error { return h.close() }

// handles opens each place once, for as long as it has handles.
type handles struct {
	mu    sync.Mutex
	open  map[string]*files.Store
	count map[string]int
}

func (h *handles) get(ctx context.Context, place string) (storetest.Store, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.count[place] == 0 {
		s, err := files.Open(ctx, place, files.Options{})
		if err != nil {
			return nil, err
		}
		h.open[place] = s
	}
	h.count[place]++
	return handle{h.open[place], func() error {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.count[place]--; h.count[place] > 0 {
			return nil
		}
		return h.open[place].Close()
	}}, nil
}

func TestConformanceOfHandles(t *testing.T) {
	h := &handles{open: map[string]*files.Store{}, count: map[string]int{}}
	storetest.Test(t, storetest.Subject{Open: h.get, Shared: true})
}

// Acknowledged uploads survive kills, and are stored once.
func TestAcknowledgedUploadsSurviveKills(t *testing.T) {
	kills := storetest.Kills{Uploads: 200, Life: 300 * time.Millisecond}
	if testkit.IsHeavy() {
		kills = storetest.Kills{Uploads: 10_000}
	}
	storetest.Kill(t, storetest.Subject{Open: open}, kills)
}

// A full disk is reported and loses nothing.
func TestFullDisk(t *testing.T) { storetest.Full(t, open) }

// With a part of the disk to be kept free, a full disk removes old uploads for new
// ones in place of refusing them.
func TestFullDiskMakesRoom(t *testing.T) {
	storetest.Evict(t, func(ctx context.Context, dir string) (storetest.Store, error) {
		return files.Open(ctx, dir, files.Options{KeepFree: 1})
	})
}
