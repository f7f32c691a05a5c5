package incident

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/go-holmes/holmes/diagnose"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/baseline"
	"github.com/go-holmes/holmes/internal/humanize"
	"github.com/go-holmes/holmes/internal/pprofread"
)

// maxParsed is the maximum size of a compressed profile that is parsed: the parsed
// form takes many times its size, in the user's process.
const maxParsed = 4 << 20

// diagnose parses the profiles of the event once, for the diagnosis and for the text
// form, which the kinds of the signal have. The memory for that is asked for like that of
// a capture, since an event of memory is concluded when there is little: first with the
// baseline, then without.
func (b *builder) diagnose(kinds []event.Kind) {
	base := &baseline.Baseline{}
	if b.options.Compare && !b.Event.Routine() {
		*base = b.in.Baseline.Baseline()
	}
	own := b.parsingNeeds()
	err := b.Afford(own+base.Needs(), func() { b.interpret(kinds, base) })
	if err != nil && base.Needs() > 0 {
		leftOut := fmt.Sprintf("the profiles of calm times were left out: to read them %v", err)
		err = b.Afford(own, func() { b.interpret(kinds, &baseline.Baseline{}) })
		b.Event.Diagnosis.Caveats = append(b.Event.Diagnosis.Caveats, leftOut)
	}
	if err != nil && !b.Event.Routine() {
		b.Event.Diagnosis = diagnose.Verdict{Sentence: fmt.Sprintf("no verdict, which %v", err)}
	}
}

// parsingNeeds returns how many bytes it takes to parse the profiles of the event.
func (b *builder) parsingNeeds() (sum uint64) {
	for i := range b.Event.Profiles {
		p := &b.Event.Profiles[i]
		if !parsable(p) {
			continue
		}
		if raw, err := b.Files.Read(p, maxParsed); err == nil { // else interpret logs it
			sum += pprofread.Needs(raw)
		}
	}
	return sum
}

func parsable(p *event.Profile) bool { return p.Captured() && p.Kind != event.KindTrace }

// interpret parses the profiles, judges them, and writes their text forms.
func (b *builder) interpret(kinds []event.Kind, base *baseline.Baseline) {
	read := map[*event.Profile]*diagnose.Profile{}
	for i := range b.Event.Profiles {
		p := &b.Event.Profiles[i]
		if !parsable(p) {
			continue
		}
		parsed, err := b.parse(p)
		if err != nil {
			b.Log().OnCause("parse", "event %s is diagnosed without its %s profile, which cannot be read: %v", b.Event.ID, p.Kind, err)
			continue
		}
		read[p] = parsed
		b.Learn(p.Kind, parsed)
	}
	if !b.Event.Routine() {
		b.judge(kinds, read, base)
	}
	for _, k := range kinds {
		if p := b.Event.Profile(k); p != nil && read[p] != nil {
			b.text(p, read[p])
		}
	}
}

// judge compares the event with the baseline.
func (b *builder) judge(kinds []event.Kind, read map[*event.Profile]*diagnose.Profile, base *baseline.Baseline) {
	idle := base.IdleBeside(&b.Event.Readings)
	if idle {
		base = &baseline.Baseline{}
	}
	parsed, err := base.Parse()
	if err != nil {
		b.Log().OnCause("parse", "profiles of calm times cannot be read, so events are not compared with them: %v", err)
	}
	c := diagnose.Case{Signal: string(b.Event.Trigger.Sample.Signal), Baseline: parsed}
	for _, k := range kinds {
		c.Kinds = append(c.Kinds, string(k))
	}
	c.Event.Memory = b.Event.Readings.MemoryParts
	for kind, to := range map[event.Kind]**diagnose.Profile{
		event.KindCPU: &c.Event.CPU, event.KindHeap: &c.Event.Heap, event.KindGoroutine: &c.Event.Goroutine,
		event.KindThreadcreate: &c.Event.Threadcreate, event.KindMutex: &c.Event.Mutex, event.KindBlock: &c.Event.Block,
	} {
		*to = read[b.Event.Profile(kind)]
	}
	for i := range b.Event.Profiles {
		if p := &b.Event.Profiles[i]; p.Kind == event.KindGoroutine && read[p] != nil {
			c.Goroutines = append(c.Goroutines, read[p])
		}
	}
	clock := b.Scope.Clock
	if heap := b.Event.Profile(event.KindHeap); heap != nil && base.HeapAt() != 0 {
		c.SinceBaseline = clock.Mono() - base.HeapAt() - clock.Wall().Sub(heap.Start)
	}
	v := diagnose.Diagnose(c, b.options.Own)
	if v.Compared != "" && !base.At.IsZero() {
		v.Compared += ", the latest " + humanize.Duration(clock.Wall().Sub(base.At)) + " before"
	}
	if idle {
		v.Caveats = append(v.Caveats, "the process was idle in calm times, so there is nothing to compare its load with")
	}
	b.Event.Diagnosis = v
}

func (b *builder) parse(p *event.Profile) (*diagnose.Profile, error) {
	raw, err := b.Files.Read(p, maxParsed)
	if err != nil {
		return nil, err
	}
	return pprofread.Parse(raw)
}

// textTop is the number of stacks in the text form without WithFullStack.
const textTop = 10

// text writes and logs the text form of a profile, as the options say.
func (b *builder) text(p *event.Profile, parsed *diagnose.Profile) {
	if !b.options.Text && !b.options.ToLogger {
		return
	}
	top := textTop
	if b.options.FullStack {
		top = 0
	}
	var buf bytes.Buffer
	if err := b.options.TextForm(&buf, parsed, top); err != nil {
		b.Log().OnCause("text", "%s has no text form: %v", p.File, err)
		return
	}
	if b.options.ToLogger {
		b.Log().Infof("%s of event %s\n%s", p.File, b.Event.ID, buf.Bytes())
	}
	if b.options.Text {
		b.Report(b.Files.Replace(strings.TrimSuffix(p.File, ".pb.gz")+".txt", buf.Bytes()))
	}
}
