package holmes_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// Goroutines that wait in another module's function count against its caller, unless
// that module is the application's own.
func TestWithModule(t *testing.T) {
	end := make(chan struct{})
	var begun, waiting sync.WaitGroup
	for range 50 {
		begun.Add(1)
		first := sync.OnceFunc(begun.Done)
		waiting.Go(func() {
			require.Eventually(t, func() bool {
				first()
				select {
				case <-end:
					return true
				default:
					return false
				}
			}, time.Hour, time.Millisecond)
		})
	}
	defer waiting.Wait()
	defer close(end)
	begun.Wait()
	first := func(opts ...holmes.Option) string {
		h := started(t, append(opts, holmes.WithDumpPath(t.TempDir()), holmes.WithLogger(nil), holmes.WithBaseline(0))...)
		e := testkit.Must(h.CaptureNow(t.Context(), holmes.KindGoroutine))(t)
		require.NotEmpty(t, e.Diagnosis.Culprits)
		return e.Diagnosis.Culprits[0].Function
	}
	require.Equal(t, module+"_test.TestWithModule.func1", first())
	const testify = "github.com/stretchr/testify"
	require.Equal(t, testify+"/assert.Eventually", first(holmes.WithModule("github.com/acme/shop"), holmes.WithModule(testify)))
}
