package flame_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/flame"
)

func TestTop(t *testing.T) {
	stacks := slices.Values([]flame.Stack{
		stack("main.a;main.b;main.a", 10, 1), stack("main.a", 5, 50), stack("main.a;main.b", -3, 0),
	})
	plain := flame.Top(stacks, flame.Options{})
	require.Equal(t, &flame.Table{Total: 12, TotalBase: 51, Whole: 18, Rows: []flame.Row{
		{Function: "main.a", Origin: flame.Own, Flat: 15, Cum: 12, FlatBase: 51, CumBase: 51}, // a call in a call counts once
		{Function: "main.b", Origin: flame.Own, Flat: -3, Cum: 7, CumBase: 1},
	}}, plain)
	diff := flame.Top(slices.Values([]flame.Stack{stack("main.a", 100, 101), stack("main.b", 1, 9), stack("main.c", 1, 9)}), flame.Options{Diff: true})
	require.Equal(t, "main.b", diff.Rows[0].Function)
	require.Equal(t, "main.c", diff.Rows[1].Function)
}
