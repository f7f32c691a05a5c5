//go:build !linux

package blackbox

import (
	"errors"
	"os"
)

// livesInMemory is unknown on this system.
func livesInMemory(*os.File) bool { return false }

func mapFile(*os.File, int) ([]uint64, error) { return nil, errors.ErrUnsupported }

// offHeap leaves words where they are.
func offHeap(words []uint64) ([]uint64, bool) { return words, false }

func unmapFile([]uint64) error { return nil }
