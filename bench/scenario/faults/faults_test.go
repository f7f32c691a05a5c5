package faults_test

import (
	"bytes"
	"debug/elf"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/bench/scenario"
	"github.com/go-holmes/holmes/bench/scenario/faults"
	"github.com/go-holmes/holmes/bench/scenario/outside"
	"github.com/go-holmes/holmes/bench/scenario/shop"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The bed has these kinds of faults, and a variant of each.
func TestEveryFaultHasVariants(t *testing.T) {
	testkit.OnLinux(t, "the faults with system calls are Linux's")
	variants := map[string]int{}
	faultCount, controls := 0, 0
	for _, s := range faults.All() {
		if s.Control() {
			controls++
			continue
		}
		faultCount++
		fault, _, _ := strings.Cut(s.Name, "/")
		variants[fault]++
	}
	for _, fault := range []string{
		"hot-loop", "regexp", "json-churn", "lock-held", "goroutine-leak", "http-leak", "map-grows", "huge-slice",
		"allocation-storm", "blocking-calls", "slow-leak", "log-storm", "rwmutex-writer", "generic-quadratic",
		"pool-exhausted", "substring",
	} {
		require.GreaterOrEqual(t, variants[fault], 2, fault)
	}
	require.GreaterOrEqual(t, faultCount, 32)
	require.GreaterOrEqual(t, controls, 5)
}

func TestScenariosAreDeclared(t *testing.T) {
	names := map[string]bool{}
	for _, s := range faults.All() {
		require.False(t, names[s.Name], "two are called %s", s.Name)
		names[s.Name] = true
		require.NotNil(t, s.Fault, s.Name)
		require.Equal(t, s.Control(), strings.HasPrefix(s.Name, "control/"), s.Name)
		require.Equal(t, s.Control(), len(s.Guilty) == 0, "%s: a control has no guilty function", s.Name)
		for _, signal := range s.Signals {
			require.Contains(t, []holmes.Signal{
				holmes.SignalCPU, holmes.SignalMem, holmes.SignalGCHeap, holmes.SignalGoroutine, holmes.SignalThread,
			}, signal, s.Name)
		}
		found, ok := faults.Find(s.Name)
		require.True(t, ok)
		require.Equal(t, s.Guilty, found.Guilty)
	}
	_, ok := faults.Find("hot-loop/")
	require.False(t, ok)
}

// A guilty function that has been renamed could never be named.
func TestGuiltyFunctionsAreInTheSymbolTable(t *testing.T) {
	testkit.OnLinux(t, "the symbol table is read from an ELF file")
	table := symbols(t)
	for _, s := range faults.All() {
		for _, g := range s.GuiltySymbols() {
			require.True(t, slices.ContainsFunc(table, func(symbol string) bool {
				one := scenario.Scenario{Guilty: []string{strings.TrimPrefix(g, scenario.Module+"/shop/")}}
				return one.Blames(symbol)
			}), "%s: there is no function %s", s.Name, g)
		}
	}
}

// symbols returns the names of all functions of this program, including those that
// are always inlined.
func symbols(t *testing.T) (names []string) {
	t.Helper()
	exe := testkit.Must(os.Executable())(t)
	f := testkit.Must(elf.Open(exe))(t)
	defer f.Close()
	table := testkit.Must(f.Section(".gopclntab").Data())(t)
	for name := range bytes.SplitSeq(table, []byte{0}) {
		if bytes.HasPrefix(name, []byte(scenario.Module)) {
			names = append(names, string(name))
		}
	}
	require.Contains(t, names, scenario.Module+"/shop.Open")
	return names
}

// Everything that a scenario starts ends with the shop.
func TestScenariosEnd(t *testing.T) {
	for _, s := range faults.All() {
		t.Run(s.Name, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			w := testkit.Must(outside.NewLocal())(t)
			sh := testkit.Must(shop.Open(shop.Config{World: w, Dir: t.TempDir(), Products: testkit.Heavy(12_000, 5000), Pace: s.Pace}))(t)
			if s.Open != nil {
				require.NoError(t, s.Open(sh))
			}
			require.NoError(t, s.Fault(sh))
			begun := sh.Served.Load()
			served := func() bool { return sh.Served.Load() > begun+20 }
			require.Eventually(t, served, time.Minute, 5*time.Millisecond, "visitors are served with the fault too")
			require.NoError(t, sh.Close())
			require.NoError(t, w.Close())
			require.NoError(t, goleak.Find(before))
		})
	}
}
