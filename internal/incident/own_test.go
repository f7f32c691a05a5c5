package incident_test

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/diagnose"
	"github.com/go-holmes/holmes/internal/incident"
	"github.com/go-holmes/holmes/internal/testkit"
)

const module = "github.com/go-holmes/holmes"

// A program that was built by the name of its file has no main module in its build
// information.
func TestOwnCodeOfAProgramBuiltByItsFile(t *testing.T) {
	for _, tt := range []struct{ name, mode, what string }{
		{"by its file", "", "testdata/byfile/main.go"},
		{"by its package", "", "./testdata/byfile"},
		{"by its file in no workspace", "off", "testdata/byfile/main.go"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			program := filepath.Join(t.TempDir(), "program")
			build := exec.CommandContext(t.Context(), "go", "build", "-o", program, tt.what)
			build.Env = append(build.Environ(), "GOWORK="+tt.mode)
			out, err := build.CombinedOutput()
			require.NoError(t, err, "%s", out)
			var own diagnose.Options
			require.NoError(t, json.Unmarshal(testkit.Must(exec.CommandContext(t.Context(), program).Output())(t), &own))
			require.Equal(t, module, own.Module)
			require.False(t, own.ByFile)
		})
	}
}

func TestOwnCodeOfATest(t *testing.T) { require.Equal(t, module, incident.OwnCode().Module) }
