package files_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files"
)

// The newest profiles are found in full directories and in memory, in any order.
func TestNewestOfMany(t *testing.T) {
	const n = files.Slots + 1000
	s := closed(t, memoryDir(t), files.Options{})
	for _, i := range rand.New(rand.NewPCG(9, 9)).Perm(n) {
		put(t, s, i)
	}
	require.Equal(t, 1, s.Sealed())
	for _, limit := range []int{1, 10, 300, 3000} {
		require.Equal(t, down(n, n-limit), numbers(t, s, collector.Query{Limit: limit}))
	}
	even := collector.Query{Limit: 10, Labels: collector.Labels{{Key: "even", Value: "true"}}, To: moment(1001)}
	require.Equal(t, []int{1000, 998, 996, 994, 992, 990, 988, 986, 984, 982}, numbers(t, s, even))
}
