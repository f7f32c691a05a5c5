package term_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/internal/term"
)

// A sender's text reaches the terminal as text only.
func TestPlain(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, term.Table(&b, "A\tB", []string{"\x1b]0;x\a", "a\tb\nc", "\u009b31m"}, func(s string) []string { return []string{s, "."} }))
	require.Equal(t, "A       B\n?]0;x?  .\na?b?c   .\n?31m    .\n", b.String())
}
