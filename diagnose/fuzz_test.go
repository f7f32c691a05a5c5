package diagnose_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/diagnose"
)

// FuzzJudge: no pair of profiles, however damaged on the way, makes Judge
// panic or answer with a number that JSON cannot hold. Holes are punched after
// the decoder, which would refuse them.
func FuzzJudge(f *testing.F) {
	seed := func(b builder) []byte {
		// Give all that points its ID: the encoder writes only those.
		for i, s := range b.Sample {
			for j, loc := range s.Location {
				id := uint64(100*i + j + 1)
				loc.ID, loc.Line[0].Function.ID = id, id
				b.Location, b.Function = append(b.Location, loc), append(b.Function, loc.Line[0].Function)
			}
		}
		var buf bytes.Buffer
		require.NoError(f, b.WriteUncompressed(&buf))
		return buf.Bytes()
	}
	calm := seed(cpu(time.Second).ticks("main.a < main.main", 7))
	f.Add("cpu", calm, seed(cpu(9*time.Second).ticks("main.a < main.main", 70).ticks("main.b", 900)), uint16(0))
	f.Add("cpu", calm, []byte{}, uint16(3))
	f.Add("heap", []byte{}, seed(heap().objects("main.a", 3, 1<<20)), uint16(1))
	f.Add("heap", seed(heap().objects("main.a", 1, -1)), seed(heap().objects("main.a", 1<<40, 1<<40)), uint16(9))
	f.Add("goroutine", calm, seed(goroutines().add("", 1)), uint16(0xffff))
	f.Fuzz(func(t *testing.T, kind string, before, after []byte, holes uint16) {
		if len(before)+len(after) > 1<<16 {
			t.Skip("size is tested elsewhere")
		}
		checkVerdict(t, diagnose.Judge(kind, punched(before, holes), punched(after, holes>>8), diagnose.Options{Module: kind}))
	})
}

func punched(raw []byte, holes uint16) *profile.Profile {
	p, err := profile.ParseUncompressed(raw)
	if err != nil {
		return nil
	}
	for i, s := range p.Sample {
		if holes>>(i%16)&1 == 0 {
			continue
		}
		switch {
		case len(s.Location) > 0 && i%3 == 0:
			s.Location[0] = nil
		case len(s.Location) > 0 && len(s.Location[0].Line) > 0 && i%3 == 1:
			s.Location[0].Line[0].Function = nil
		case len(s.Value) > 0:
			s.Value = s.Value[:len(s.Value)-1]
		default:
			p.Sample[i] = nil
		}
	}
	return p
}
