package merge_test

import (
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/merge"
)

// The stacks are those of the profile, with inlined calls, the outermost first.
func TestStacks(t *testing.T) {
	for name, raw := range proftest.Real(t) {
		if len(raw) > largest {
			continue
		}
		f := fold(t, raw)
		p := decoded(t, f)
		column := len(p.SampleType) - 1
		p.Sample = slices.DeleteFunc(p.Sample, func(s *profile.Sample) bool { return s.Value[column] == 0 })
		i := 0
		for frames, value := range f.Stacks(column) {
			require.Equal(t, p.Sample[i].Value[column], value)
			want := []merge.Frame{}
			for _, l := range slices.Backward(p.Sample[i].Location) {
				for _, ln := range slices.Backward(l.Line) {
					want = append(want, merge.Frame{Function: ln.Function.Name, File: ln.Function.Filename})
				}
			}
			require.Equal(t, want, append([]merge.Frame{}, frames...), name)
			i++
		}
		require.Len(t, p.Sample, i)
		for range f.Stacks(column) {
			break
		}
	}
}

// A program in which main calls a and b, a calls b, and b itself; a function that
// is named by its address; and a name that is meant badly.
func calls() []byte {
	evil := `main.b"];evil[image="/etc/passwd` + "\n\\"
	return proftest.Message{}.Column().Strings("cpu", "nanoseconds", "main.main", "main.a", evil).
		Function(1, 3, 0).Function(2, 4, 0).Function(3, 5, 0).
		Location(1, 1).Location(2, 2).Location(3, 3).Bytes(4, proftest.Message{}.Num(1, 4).Num(3, 0xabc)).
		Sample(10, 2, 1).Sample(20, 3, 2, 1).Sample(300, 3, 3, 1).Sample(4000, 4, 1)
}

func TestDOT(t *testing.T) {
	f := merge.NewFold(0)
	require.NoError(t, f.Add(calls()))
	var b bytes.Buffer
	require.NoError(t, f.WriteDOT(&b, merge.GraphOptions{Title: "shop", Format: func(v float64) string { return strings.Repeat("i", int(v/1000)) + "v" }}))
	require.Contains(t, b.String(), `label="shop\niiiiv in all, 4 of 4 functions"`)
	b.Reset()
	require.NoError(t, f.WriteDOT(&b, merge.GraphOptions{}))
	dot := b.String()
	for _, line := range []string{
		`n1 [label="main.main\n0\nof 4330", fontsize=10,`,
		`n2 [label="0xabc\n4000\nof 4000", fontsize=28,`,
		`n3 [label="main.b\"];evil[image=\"/etc/passwd\n\\\n320\nof 320", `,
		`n4 [label="main.a\n10\nof 30"`,
		`n1 -> n2 [label="4000"];`, `n1 -> n3 [label="300"];`, `n1 -> n4 [label="30"];`, `n3 -> n3 [label="300"];`, `n4 -> n3 [label="20"];`,
	} {
		require.Contains(t, dot, line)
	}
	require.Equal(t, 5, strings.Count(dot, "->"))
	b.Reset()
	require.NoError(t, f.WriteDOT(&b, merge.GraphOptions{Functions: 2}))
	require.Equal(t, 1, strings.Count(b.String(), "->"))

	path, err := exec.LookPath("dot")
	if err != nil {
		t.Skip("needs Graphviz: ", err)
	}
	cmd := exec.CommandContext(t.Context(), path, "-Tplain")
	cmd.Stdin = strings.NewReader(dot)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, 4, strings.Count(string(out), "\nnode "), "the name is a text")
	require.Equal(t, 5, strings.Count(string(out), "\nedge "))
}
