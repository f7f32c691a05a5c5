package scenario_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/bench/scenario"
)

func TestBlames(t *testing.T) {
	const shop = scenario.Module + "/shop/"
	for _, tt := range []struct {
		guilty, function string
		want             bool
	}{
		{"pricing.applyCoupons", shop + "pricing.applyCoupons", true},
		{"pricing.applyCoupons", shop + "pricing.applyCouponsTwice", false},
		{"pricing.applyCoupons", "pricing.applyCoupons", false},
		{"pricing.applyCoupons", "", false},
		{"recommend.(*Model).Similar", shop + "recommend.(*Model).Similar.func2", true},
		{"recommend.(*Model).Similar", shop + "recommend.(*Model).Similar.func2.1", true},
		{"recommend.(*Model).Similar", shop + "recommend.(*Model).Similar.func1.gowrap1", true},
		{"recommend.(*Model).Similar", shop + "recommend.(*Model).Similar.deferwrap1", true},
		{"recommend.(*Model).Similar", shop + "recommend.(*Model).Similar-fm", true},
		{"recommend.(*Model).Similar", shop + "recommend.(*Model).Similar-range1", true},
		{"recommend.(*Model).Similar", shop + "recommend.(*Model).ServeHTTP", false},
		{"account.(*Keys).get.func1", shop + "account.(*Keys).get.func1", true},
		{"account.(*Keys).get.func1", shop + "account.(*Keys).get", false},
		{"collate.Unique", shop + "collate.Unique[...]", true},
		{"collate.Unique", shop + "collate.Unique[go.shape.struct { a.b/c.d []int; e map[string]int }]", true},
		{"collate.Unique", shop + "collate.Unique[...].func1", true},
		{"collate.(*Set).Merge", shop + "collate.(*Set[...]).Merge", true},
		{"collate.(*Set).Merge", shop + "collate.(*Set[go.shape.string]).has", false},
	} {
		s := scenario.Scenario{Guilty: []string{"stock.other", tt.guilty}}
		require.Equal(t, tt.want, s.Blames(tt.function), "%s for %s", tt.function, tt.guilty)
	}
}
