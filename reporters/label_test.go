package reporters_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/reporters"
)

// anything returns a text of what makes trouble.
func anything(random *rand.Rand) string {
	pieces := []string{",", "=", "%", "%2C", "+", "&", "{", "}", " ", "\n", "\x00", "\"", "\\", "<", "#", "?", "/", "a", "Z", "0", "_", "-", ".", "ü", "日", "\xff"}
	var b strings.Builder
	for range random.IntN(6) {
		b.WriteString(pieces[random.IntN(len(pieces))])
	}
	return b.String()
}

func text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// Profefe reads any label back as it was, but for bytes that are no text.
func TestProfefeReadsAnyLabels(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	f := newFakeProfefe(t)
	r := newProfefe(t, f.URL)
	e := wired(t)
	e.Profiles = e.Profiles[:1]
	for i := range 300 {
		e.ID = fmt.Sprintf("event-%d", i)
		e.Labels = map[string]string{"service": "x" + anything(random), anything(random): anything(random), anything(random): anything(random)}
		want := map[string]string{"event": e.ID, "file": "cpu.pb.gz", "reason": "diff"}
		for k, v := range e.Labels {
			if k != "service" && k != "" && v != "" {
				want[text(k)] = text(v)
			}
		}
		require.NoError(t, r.Report(context.Background(), e), "%q", e.Labels)
		u := f.of(e.ID)["cpu.pb.gz"][0]
		require.Equal(t, want, u.labels)
		require.Equal(t, text(e.Labels["service"]), u.service)
	}
}

// Pyroscope takes none of them apart, and refuses none.
func TestPyroscopeTakesAnyLabels(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	f := newFakePyroscope(t)
	f.age = 0
	r := newPyroscope(t, f.URL, reporters.WithPyroscopeLimits(reporters.PyroscopeLimits{Age: -time.Second}))
	e := wired(t)
	e.Profiles = e.Profiles[:1]
	for i := range 300 {
		e.ID = fmt.Sprintf("event-%d", i)
		e.Labels = map[string]string{"service": anything(random), anything(random): anything(random), anything(random): anything(random)}
		require.NoError(t, r.Report(context.Background(), e), "%q", e.Labels)
		u := f.of(e.ID)["cpu.pb.gz"]
		require.Len(t, u, 1, "%q", e.Labels)
		require.LessOrEqual(t, len(u[0].labels), 5)
		require.Equal(t, "diff", u[0].labels["reason"])
	}
}
