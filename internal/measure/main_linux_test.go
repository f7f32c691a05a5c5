package measure_test

import (
	"testing"

	"github.com/go-holmes/holmes/internal/testkit"
)

// TestMain also is the main function of the processes that some tests start.
func TestMain(m *testing.M) { testkit.Main(m, childEnv, child) }
