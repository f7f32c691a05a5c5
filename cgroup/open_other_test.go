//go:build !linux

package cgroup_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup"
)

func TestUnsupported(t *testing.T) {
	_, err := cgroup.Open()
	require.ErrorIs(t, err, cgroup.ErrUnsupported)
}
