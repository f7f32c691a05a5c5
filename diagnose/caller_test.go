package diagnose_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/diagnose"
)

func TestHelperIsNotToBlameForItsCaller(t *testing.T) {
	const marshal = "encoding/json.Marshal < main.writeJSON:5 < "
	calm := cpu(2*time.Second).ticks(marshal+"main.show:11 < net/http.x", 40).ticks(marshal+"main.list:12 < net/http.x", 30).ticks("main.hash:3", 60)
	busy := func() builder {
		return cpu(10*time.Second).ticks(marshal+"main.show:11 < net/http.x", 210).ticks(marshal+"main.list:12 < net/http.x", 160).ticks("main.hash:3", 310)
	}
	for _, tt := range []struct {
		name      string
		after     builder
		confident bool
		want      string
	}{
		{
			"one more caller", busy().ticks(marshal+"main.export:33 < net/http.x", 500),
			true, "main.export (main.export.go:33) took 94 % of the extra CPU, in main.writeJSON",
		},
		{
			"through a function of its own", busy().ticks(marshal+"main.row:40 < main.export:33 < net/http.x", 500),
			true, "main.row (main.row.go:40) took 94 % of the extra CPU, in main.writeJSON",
		},
		{
			"one of those before", busy().ticks(marshal+"main.list:18 < net/http.x", 500),
			true, "main.list (main.list.go:18) took 96 % of the extra CPU, in main.writeJSON",
		},
		{
			"all of them", busy().ticks(marshal+"main.show:11 < net/http.x", 300).ticks(marshal+"main.list:12 < net/http.x", 260),
			true, "main.writeJSON (main.writeJSON.go:5) took 98 % of the extra CPU",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := diagnose.Judge("cpu", calm.parsed(), tt.after.parsed(), diagnose.Options{})
			requireVerdict(t, tt.confident, tt.want, v)
		})
	}
}

// A new function without other callers is to blame itself.
func TestNewFunctionIsToBlame(t *testing.T) {
	calm := cpu(time.Second).ticks("main.hash:3", 60)
	event := cpu(time.Second).ticks("main.hash:3", 60).ticks("main.contains:9 < main.unique:4 < main.list:12", 80)
	v := diagnose.Judge("cpu", calm.parsed(), event.parsed(), diagnose.Options{})
	require.Equal(t, "main.contains", v.Culprits[0].Function)
	require.True(t, v.Confident)
}

func TestThirdPartyIsTold(t *testing.T) {
	calm := cpu(time.Second).ticks("main.hash:3", 60)
	event := cpu(time.Second).ticks("main.hash:3", 60).ticks("strconv.AppendInt < go.uber.org/zap/zapcore.addInt < go.uber.org/zap.(*Logger).Info < main.audit:9", 80)
	v := diagnose.Judge("cpu", calm.parsed(), event.parsed(), diagnose.Options{})
	require.Equal(t, "in go.uber.org/zap, called from main.audit (main.audit.go:9): 100 % of the extra CPU", v.Sentence)
	require.Equal(t, "go.uber.org/zap/zapcore.addInt", v.Culprits[0].Via)
	v = diagnose.Judge("cpu", nil, event.parsed(), diagnose.Options{})
	require.Equal(t, "no clear culprit, nothing to compare with: largest are in go.uber.org/zap, called from main.audit (main.audit.go:9, 57 %), main.hash (main.hash.go:3, 43 %)", v.Sentence)
}

// A hot loop is found under load growth, and load growth alone is no cause.
func TestRisingTraffic(t *testing.T) {
	at := func(d time.Duration, factor int64, hot int64) *diagnose.Profile {
		b := cpu(d)
		for i, name := range []string{"main.a", "main.b", "main.c", "main.d", "main.e"} {
			b = b.ticks(name, (20+int64(i))*factor/10)
		}
		if hot > 0 {
			b = b.ticks("main.hot:4", hot)
		}
		return b.parsed()
	}
	calm := at(time.Second, 10, 0)
	for factor := int64(100); factor <= 400; factor += 20 {
		v := diagnose.Judge("cpu", calm, at(10*time.Second, factor, 0), diagnose.Options{})
		require.False(t, v.Confident, "%d: %s", factor, v.Sentence)
	}
	v := diagnose.Judge("cpu", calm, at(10*time.Second, 120, 500), diagnose.Options{})
	require.True(t, v.Confident, v.Sentence)
	require.Equal(t, "main.hot (main.hot.go:4) took 69 % of the extra CPU", v.Sentence)
}

// Work without clients does not grow with the load, and must not make the functions
// that serve clients look guilty.
func TestRisingTrafficBesideSteadyWork(t *testing.T) {
	calm := cpu(2*time.Second).ticks("main.poll", 100).ticks("main.a", 40).ticks("main.b", 10).ticks("main.c", 10)
	event := cpu(10*time.Second).ticks("main.poll", 500).ticks("main.a", 480).ticks("main.b", 125).ticks("main.c", 115)
	v := diagnose.Judge("cpu", calm.parsed(), event.parsed(), diagnose.Options{})
	require.False(t, v.Confident, v.Sentence)
	require.Equal(t, "main.a", v.Culprits[0].Function)

	calm = cpu(4*time.Second).ticks("main.poll", 400).ticks("main.a", 100).ticks("main.b", 40).ticks("main.c", 40)
	event = cpu(20*time.Second).ticks("main.poll", 2000).ticks("main.a", 1200).ticks("main.b", 480).ticks("main.c", 480)
	v = diagnose.Judge("cpu", calm.parsed(), event.parsed(), diagnose.Options{})
	require.False(t, v.Confident, v.Sentence)
}

func TestTooShortToTell(t *testing.T) {
	calm := cpu(100*time.Millisecond).ticks("main.a", 4)
	v := diagnose.Judge("cpu", calm.parsed(), cpu(200*time.Millisecond).ticks("main.a", 8).ticks("main.b", 9).parsed(), diagnose.Options{})
	require.False(t, v.Confident, v.Sentence)
}

// A helper's allocations for other callers are freed, and still count among all
// allocations.
func TestHelperWhoseOtherCallersKeepNothing(t *testing.T) {
	shop := func() builder {
		return heap().objects("main.stock < main.main", 100, 512<<10).
			add("main.copyOf < main.serve < main.main", 200, 200<<16, 0, 0)
	}
	leak := shop().objects("main.copyOf < main.remember:7 < main.main", 2000, 64<<10)
	v := diagnose.Judge("heap", shop().parsed(), leak.parsed(), diagnose.Options{})
	require.True(t, v.Confident)
	require.Equal(t, "main.remember", v.Culprits[0].Function, v.Sentence)

	alone := heap().objects("main.stock < main.main", 100, 512<<10)
	leak = heap().objects("main.stock < main.main", 100, 512<<10).objects("main.copyOf < main.remember:7 < main.main", 2000, 64<<10)
	v = diagnose.Judge("heap", alone.parsed(), leak.parsed(), diagnose.Options{})
	require.Equal(t, "main.copyOf", v.Culprits[0].Function, "it has no other callers")
}
