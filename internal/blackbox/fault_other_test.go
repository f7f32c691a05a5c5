//go:build !linux

package blackbox_test

import (
	"os"

	"github.com/go-holmes/holmes/internal/blackbox"
)

func platformJobs() map[string]func(*os.Root, blackbox.Config) error { return nil }
