package holmes

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-holmes/holmes/internal/incident"
	"github.com/go-holmes/holmes/internal/monitor"
)

// FromEnv is the options that the environment variables HOLMES_* set, so that an
// operator changes them without a new build; docs/options.md has the table. Variables
// that are not set or empty change nothing, and white space around a value does not
// count. FromEnv counts where it stands among the options: put it last to let the
// environment win. The variables count in the order of the table, so a signal that is in
// HOLMES_ENABLE and in HOLMES_DISABLE is off.
//
// The variables HOLMES_COLLECTOR and HOLMES_COLLECTOR_* are read by the FromEnv of
// package reporters: an address without a reporter named "collector" is told in the log,
// once, and so are other variables HOLMES_* that are not in the table.
//
//	h, err := holmes.New(holmes.WithReporter(r), holmes.FromEnv(), reporters.FromEnv())
//
// A wrong value is an error of [New] that names the variable and the value.
func FromEnv() Option {
	return option{"FromEnv", func(c *config) error {
		var errs []error
		known := []string{"HOLMES_COLLECTOR", "HOLMES_COLLECTOR_TOKEN_FILE", "HOLMES_COLLECTOR_CA_FILE", "HOLMES_COLLECTOR_TIMEOUT", "HOLMES_COLLECTOR_PLAIN_HTTP"}
		for _, v := range variables() {
			known = append(known, v.name)
			value := strings.TrimSpace(os.Getenv(v.name))
			if value == "" {
				continue
			}
			set, err := v.read(value)
			if err == nil {
				err = set(c)
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("%s=%q: %w", v.name, value, err))
			}
		}
		c.env.unknown = unknownVariables(known)
		c.env.dumpPath, c.env.collector = isSet("HOLMES_DUMP_PATH"), isSet("HOLMES_COLLECTOR")
		return errors.Join(errs...)
	}}
}

func isSet(name string) bool { return strings.TrimSpace(os.Getenv(name)) != "" }

// unknownVariables returns the names HOLMES_* in the environment that are not known.
func unknownVariables(known []string) (names []string) {
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "HOLMES_") && value != "" && !slices.Contains(known, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// A setting is what the value of a variable does.
type setting func(*config) error

// A variable is the name of one and how its value is read.
type variable struct {
	name string
	read func(string) (setting, error)
}

// variables returns them in the order in which they count, that of docs/options.md.
func variables() []variable {
	out := []variable{
		{"HOLMES_OFF", one(strconv.ParseBool, turnOff)},
		{"HOLMES_ENABLE", one(signalsIn, func(s []Signal) Option { return WithEnabled(s...) })},
		{"HOLMES_DISABLE", one(signalsIn, func(s []Signal) Option { return WithDisabled(s...) })},
	}
	for _, row := range builtin {
		out = append(out, variable{"HOLMES_RULE_" + strings.ToUpper(string(row.name)), func(value string) (setting, error) {
			return func(c *config) error { return changeRule(c, row.name, value) }, nil
		}})
	}
	return append(out, []variable{
		{"HOLMES_COLLECT_INTERVAL", one(asText, WithCollectInterval)},
		{"HOLMES_SLOW_RULES", one(strconv.ParseBool, WithSlowRules)},
		{"HOLMES_DAILY_BUDGET", one(strconv.Atoi, WithDailyBudget)},
		{"HOLMES_GRACE", one(time.ParseDuration, WithGrace)},
		{"HOLMES_MEMORY_WATCH", one(strconv.ParseBool, WithMemoryWatch)},
		{"HOLMES_CPU_MAX", one(strconv.Atoi, WithCPUMax)},
		{"HOLMES_CPU_CORES", one(number, WithCPUCore)},
		{"HOLMES_MEMORY_LIMIT", one(size, func(n int64) Option { return WithMemoryLimit(uint64(n)) })},
		{"HOLMES_CGROUP", one(strconv.ParseBool, WithCGroup)},
		{"HOLMES_CPU_SAMPLING_TIME", one(asText, WithCPUSamplingTime)},
		{"HOLMES_BASELINE", one(time.ParseDuration, WithBaseline)},
		{"HOLMES_CONTINUOUS", two(time.ParseDuration, time.ParseDuration, func(a, b time.Duration) Option { return WithContinuous(a, b) })},
		{"HOLMES_FLIGHT_RECORDER", one(recorderMode, WithFlightRecorder)},
		{"HOLMES_FORCED_GC", one(strconv.ParseBool, WithForcedGC)},
		{"HOLMES_CAPTURE_BUDGET", two(time.ParseDuration, size, WithCaptureBudget)},
		{"HOLMES_CRASH_OUTPUT", one(strconv.ParseBool, WithCrashOutput)},
		{"HOLMES_LABELS", one(incident.ParseAttributes, WithLabels)},
		{"HOLMES_DUMP_PATH", one(asText, WithDumpPath)},
		{"HOLMES_MEMORY_ONLY", one(strconv.ParseBool, WithMemoryOnly)},
		{"HOLMES_DUMP_LIMITS", two(strconv.Atoi, size, WithDumpLimits)},
		{"HOLMES_DUMP_AGE", one(time.ParseDuration, WithDumpAge)},
		{"HOLMES_DUMP_FREE", one(size, WithDumpFree)},
	}...)
}

// one reads a value for an option with one argument.
func one[T any](parse func(string) (T, error), with func(T) Option) func(string) (setting, error) {
	return func(value string) (setting, error) {
		v, err := parse(value)
		if err != nil {
			return nil, err
		}
		return with(v).apply, nil
	}
}

// two reads "a,b" for an option with two arguments.
func two[A, B any](parseA func(string) (A, error), parseB func(string) (B, error), with func(A, B) Option) func(string) (setting, error) {
	return func(value string) (setting, error) {
		first, second, ok := strings.Cut(value, ",")
		if !ok {
			return nil, errors.New("want two values with a comma between them")
		}
		a, errA := parseA(strings.TrimSpace(first))
		b, errB := parseB(strings.TrimSpace(second))
		if err := errors.Join(errA, errB); err != nil {
			return nil, err
		}
		return with(a, b).apply, nil
	}
}

func turnOff(off bool) Option {
	return option{"FromEnv", func(c *config) error { c.off = off; return nil }}
}

func asText(s string) (string, error) { return s, nil }

func number(s string) (float64, error) { return strconv.ParseFloat(s, 64) }

// size reads a number of bytes with a unit, as Kubernetes and Go write it.
func size(s string) (int64, error) {
	digits := strings.TrimRight(s, "KMGTiB")
	for exponent, unit := range []string{"", "K", "M", "G", "T"} {
		shift := 10 * exponent
		if rest := s[len(digits):]; rest != unit+"iB" && rest != unit+"i" && (rest != unit || unit != "") {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n > math.MaxInt64>>shift || n < 0 {
			break
		}
		return n << shift, nil
	}
	return 0, errors.New("want a size such as 256MiB")
}

// signalsIn reads a list of signals.
func signalsIn(list string) (out []Signal, err error) {
	for name := range strings.SplitSeq(list, ",") {
		out = append(out, Signal(strings.TrimSpace(name)))
	}
	return out, nil
}

func recorderMode(s string) (RecorderMode, error) {
	mode := slices.Index([]string{"suspicion", "off", "always"}, s)
	if mode < 0 {
		return 0, errors.New("want suspicion, off or always")
	}
	return RecorderMode(mode), nil
}

// changeRule changes parts of a signal's rule: "abs=80,cooldown=5m". The parts that are
// not named stay as the options before have set them.
func changeRule(c *config, name Signal, parts string) error {
	t, ok := c.monitor.Signals[name].Rule.(Threshold)
	if !ok {
		return errors.New("the signal has a rule of the program's own")
	}
	numbers := map[string]*float64{"min": &t.Min, "diff": &t.Diff, "abs": &t.Abs, "max": &t.Max, "margin": &t.Margin}
	durations := map[string]*time.Duration{"window": &t.Window, "hold": &t.Hold, "cooldown": &t.CoolDown}
	for part := range strings.SplitSeq(parts, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		var err error
		switch {
		case numbers[key] != nil:
			*numbers[key], err = number(value)
		case durations[key] != nil:
			*durations[key], err = time.ParseDuration(value)
		default:
			err = errors.New("want min, diff, abs, max, margin, window, hold or cooldown, each with = and a value")
		}
		if err != nil {
			return fmt.Errorf("%q: %w", part, err)
		}
	}
	if err := t.Check(); err != nil {
		return err
	}
	c.change(name, func(set *monitor.Signal) {
		if set.Rule = t; set.Slow.Diff > 0 { // there is a slow rule
			set.Slow.Min = t.Min
		}
	})
	return nil
}
