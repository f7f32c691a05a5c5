package render_test

import (
	"encoding/xml"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/collector/internal/render"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What Graphviz draws is XML for any names, and has them as they are.
func TestGraphOfAnyNames(t *testing.T) {
	path, err := exec.LookPath("dot")
	if err != nil {
		t.Skip("needs Graphviz: ", err)
	}
	for name, want := range map[string]string{
		"a\ufffeb\uffffc\x01d": "a b c d", "a&#1;b": "a&#1;b", "a&lt;b && c": "a&lt;b && c",
	} {
		svg, err := render.Graphviz(t.Context(), path, []byte(`digraph { n [label="`+name+`"] }`))
		require.NoError(t, err, name)
		var text strings.Builder
		for d := xml.NewDecoder(strings.NewReader(string(svg))); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, name)
			if chars, ok := token.(xml.CharData); ok {
				text.Write(chars)
			}
		}
		require.Contains(t, text.String(), want)
	}
}
