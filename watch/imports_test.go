package watch_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/go-holmes/holmes/watch"

// rooms returns the packages of holmes-watch in their order: each may import only those
// before it.
func rooms() []string {
	return []string{
		"internal/config", "internal/targets", "internal/client", "internal/values", "internal/judge", "internal/capture",
		"internal/deliver", "internal/fleet", "internal/page", "internal/serve", "internal/demo", "internal/command", "cmd/holmes-watch",
	}
}

// Imports go in one direction, discovery's mechanisms are in one room, and the collector
// is known by its HTTP API only.
func TestImports(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "./...").Output()
	require.NoError(t, err)
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		pkg, imports, _ := strings.Cut(strings.TrimSpace(line), " ")
		name := strings.TrimPrefix(pkg, module+"/")
		if strings.HasSuffix(name, "test") || pkg == module {
			continue
		}
		at := slices.Index(rooms(), name)
		require.GreaterOrEqual(t, at, 0, "%s is in no order", name)
		seen[name] = true
		for dep := range strings.FieldsSeq(imports) {
			require.NotContains(t, dep, "go-holmes/holmes/collector", name)
			if own, ok := strings.CutPrefix(dep, module+"/"); ok {
				require.Less(t, slices.Index(rooms(), own), at, "%s imports %s", name, own)
			}
			if strings.HasPrefix(dep, "github.com/prometheus/prometheus/discovery/") && !strings.HasSuffix(dep, "/targetgroup") {
				require.Equal(t, "internal/targets", name, dep)
			}
		}
	}
	require.Len(t, seen, len(rooms()))
}
