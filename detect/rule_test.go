package detect_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/detect"
)

// The classic rule gives, case by case, what the arithmetic in the table gives.
func TestClassicRuleAgreesWithTheTable(t *testing.T) {
	raw, err := os.ReadFile("testdata/classic.golden")
	require.NoError(t, err)
	cases := 0
	for line := range strings.Lines(string(raw)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		cases++
		col := strings.Split(strings.TrimSpace(line), " | ")
		require.Len(t, col, 11, line)
		n := make([]int, len(col))
		for i := 2; i < 10; i++ {
			n[i], err = strconv.Atoi(col[i])
			require.NoError(t, err, line)
		}
		cur, minimum, diff, abs, maximum, sum, mean, bound := n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9]
		var values []float64
		total := 0
		for v := range strings.FieldsSeq(col[1]) {
			i, err := strconv.Atoi(v)
			require.NoError(t, err, line)
			values = append(values, float64(i)+0.9) // readings have fractions, the rule cuts them off
			total += i
		}
		require.Len(t, values, 10, line)
		require.Equal(t, total, sum, line)
		require.Equal(t, sum/10, mean, line)
		require.Equal(t, mean*(100+diff)/100, bound, line)

		rule := detect.Classic(detect.Threshold{Min: float64(minimum), Diff: float64(diff), Abs: float64(abs), Max: float64(maximum)})
		why, fires := rule.Eval(detect.NewRing(10, values...), detect.Sample{Value: float64(cur) + 0.9})
		require.Equal(t, col[10], why.Code, line)
		require.Equal(t, col[10] == "abs" || col[10] == "diff", fires, line)
		require.EqualValues(t, mean, why.Mean, line)
	}
	require.GreaterOrEqual(t, cases, 200)
}
