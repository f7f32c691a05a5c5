package files_test

import (
	"context"
	"os"
	"testing"
	"time"

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

func TestConformance(t *testing.T) { storetest.Test(t, open) }

// Acknowledged uploads survive kills, and are stored once.
func TestAcknowledgedUploadsSurviveKills(t *testing.T) {
	kills := storetest.Kills{Uploads: 200, Life: 300 * time.Millisecond}
	if os.Getenv("HOLMES_HEAVY") != "" {
		kills = storetest.Kills{Uploads: 10_000}
	}
	storetest.Kill(t, open, kills)
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
