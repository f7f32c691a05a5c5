//go:build !linux

package faults

import "github.com/go-holmes/holmes/bench/scenario"

// threads is empty where there are no such system calls.
func threads() []scenario.Scenario { return nil }
