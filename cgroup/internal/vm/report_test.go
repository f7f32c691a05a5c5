package vm_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup/internal/vm"
)

func TestReport(t *testing.T) {
	const good = `vm: kernel 6.1.0
=== RUN   TestRealMove
--- PASS: TestRealMove (0.10s)
=== RUN   TestV2Root/a
--- PASS: TestV2Root (0.20s)
    --- PASS: TestV2Root/a (0.10s)
PASS
vm: exit 0
`
	r := vm.NewReport()
	for line := range strings.Lines(good) {
		r.Read(strings.TrimSuffix(line, "\n"))
	}
	require.Equal(t, &vm.Report{Kernel: "6.1.0", Passed: []string{"TestRealMove", "TestV2Root", "TestV2Root/a"}}, r)

	for _, tt := range []struct{ name, console, want string }{
		{"all passed", good, ""},
		{"nothing", "", "code -1"},
		{"panic while booting", "Kernel panic - not syncing", "code -1"},
		{"did not end", strings.Replace(good, "vm: exit 0\n", "", 1), "code -1"},
		{"killed", strings.Replace(good, "exit 0", "exit -1", 1), "code -1"},
		{"failed", strings.Replace(good, "exit 0", "exit 1", 1), "code 1"},
		{"failed all the same", good + "--- FAIL: TestX (0.00s)\n", "failed: [TestX]"},
		{"skipped", good + "    --- SKIP: TestX/y (0.00s)\n", "skipped, though the machine is made for them: [TestX/y]"},
		{"no such test", strings.ReplaceAll(good, "TestV2", "TestV1"), "no test TestV2"},
		{"no kernel", strings.Replace(good, "vm: kernel", "", 1), "kernel"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := vm.NewReport()
			for line := range strings.Lines(tt.console) {
				r.Read(strings.TrimSuffix(line, "\n"))
			}
			err := r.Verdict(vm.Layout{Tests: []string{"TestReal", "TestV2"}})
			if tt.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tt.want)
			}
		})
	}
}
