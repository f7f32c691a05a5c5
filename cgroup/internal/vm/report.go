package vm

import (
	"fmt"
	"strings"
)

// Report is what the console of a machine printed.
type Report struct {
	// Kernel is its release, as "uname -r" has it.
	Kernel string
	// Exit is the exit code of the tests, -1 if it is unknown.
	Exit int
	// Passed, Skipped and Failed are the names of tests and their subtests.
	Passed, Skipped, Failed []string
}

// NewReport returns the report of a machine that has said nothing yet.
func NewReport() *Report { return &Report{Exit: -1} }

// Read takes one line of the console.
func (r *Report) Read(line string) {
	if printed, ok := strings.CutPrefix(line, Mark); ok {
		// A line of another form changes nothing.
		_, _ = fmt.Sscanf(printed, KernelFormat, &r.Kernel)
		_, _ = fmt.Sscanf(printed, ExitFormat, &r.Exit)
		return
	}
	for _, result := range []struct {
		prefix string
		names  *[]string
	}{
		{"--- PASS: ", &r.Passed},
		{"--- SKIP: ", &r.Skipped},
		{"--- FAIL: ", &r.Failed},
	} {
		if rest, ok := strings.CutPrefix(strings.TrimLeft(line, " "), result.prefix); ok {
			name, _, _ := strings.Cut(rest, " ")
			*result.names = append(*result.names, name)
		}
	}
}

// Verdict returns what is wrong with a run in the layout, nil if nothing is: all of its tests ran and passed, and there
// were such tests.
func (r *Report) Verdict(l Layout) error {
	switch {
	case r.Exit != 0:
		return fmt.Errorf("the tests ended with code %d", r.Exit)
	case len(r.Failed) > 0:
		return fmt.Errorf("failed: %v", r.Failed)
	case len(r.Skipped) > 0:
		return fmt.Errorf("skipped, though the machine is made for them: %v", r.Skipped)
	case r.Kernel == "":
		return fmt.Errorf("the release of the kernel is unknown")
	}
	for _, prefix := range l.Tests {
		if !r.passed(prefix) {
			return fmt.Errorf("no test %s... has passed", prefix)
		}
	}
	return nil
}

func (r *Report) passed(prefix string) bool {
	for _, name := range r.Passed {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
