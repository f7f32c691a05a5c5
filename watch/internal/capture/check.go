package capture

import (
	"errors"
	"fmt"

	"github.com/go-holmes/holmes/internal/pprofread"
)

// errEmpty is why a mutex or block profile is missing.
var errEmpty = errors.New("the target has recorded nothing: see runtime.SetMutexProfileFraction and SetBlockProfileRate")

// check says why what a target has sent is no profile of a kind. A target is not trusted:
// what would take too much memory is refused before it is decoded.
func check(k kind, raw []byte, memory int64) error {
	if need := pprofread.Needs(raw); need > uint64(memory) {
		return fmt.Errorf("it would take %d MiB of memory to read it", need>>20)
	}
	p, err := pprofread.Parse(raw)
	if err != nil {
		return err
	}
	if _, ok := pprofread.ColumnOf(p, string(k.Kind)); !ok {
		return fmt.Errorf("the target has sent another profile than that of %s", k.Kind)
	}
	if k.Delta && p.Len() == 0 {
		return errEmpty
	}
	return nil
}
