package holmes

import (
	"bytes"
	"math"
	"strings"

	"github.com/go-holmes/holmes/cgroup"
	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/diagnose"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/humanize"
	"github.com/go-holmes/holmes/internal/measure"
	"github.com/go-holmes/holmes/internal/pprofread"
	"github.com/go-holmes/holmes/internal/pproftext"
)

// A dossier is one event while it is put together. It belongs to one
// goroutine, which may wait for the disk.
type dossier struct {
	*run
	cfg      *config
	captures map[Kind]capture
	files    eventstore.Files
	ev       *Event
	groups   cgroup.Sample          // as of the beginning
	outlook  *detect.MemoryForecast // of the memory watcher, nil for other events
	previous *PreviousRun           // what the event is about, if it is about one
	sites    []GoroutineSite
	cpu      cpuFile
}

// look reads the state of the process as of the last tick.
func (d *dossier) look() (Readings, uint64) { return d.meter.Look(&d.cfg.measure) }

// newDossier makes the place of an event on disk. What cannot be written stays
// in memory.
func (r *run) newDossier(c *config, f *finding, state State) *dossier {
	d := &dossier{run: r, cfg: c, captures: r.h.captures}
	d.ev = &Event{ID: r.h.ids.Next(f.onset, f.signal), State: state, At: f.onset, Trigger: f.trigger}
	var err error
	if d.files, err = r.h.store.Create(c.store, d.ev.ID, r.h.delivery.Names()); err != nil {
		r.h.store.Report("events are kept in memory, the dump path cannot be used", err)
	}
	d.ev.Dir = d.files.Dir()
	d.note()
	return d
}

// describe adds what the event is told with, and writes it down.
func (d *dossier) describe() {
	d.ev.Labels = d.h.labels(d.cfg)
	d.read()
	d.save()
}

// openDossier begins an event on disk.
func (r *run) openDossier(c *config, f *finding, state State) *dossier {
	d := r.newDossier(c, f, state)
	d.describe()
	return d
}

// read takes the readings around the event.
func (d *dossier) read() {
	d.ev.Readings, _ = d.look()
	d.ev.Readings.GoroutineStates, d.ev.Readings.GoroutineSites = measure.GoroutineStates(), d.sites
	d.ev.Readings.PreviousRun = d.previous
	if o := d.outlook; o != nil { // of its moment, which may be over
		r := &d.ev.Readings
		r.MemoryUsed, r.MemoryLimit = o.Used, o.Limit
		r.MemoryRoom, r.MemoryRate = o.Room, math.Round(o.Rate)
		r.HeapLive, r.HeapGoal, r.HeapObjects = o.Live, o.Goal, o.Objects
	}
	d.readGroups()
}

// readGroups adds to the readings what the control groups say. The first call
// is what the others are compared with.
func (d *dossier) readGroups() {
	var now cgroup.Sample
	if !d.meter.ReadGroups(&d.cfg.measure, &now) {
		return
	}
	if d.groups.Generation == 0 {
		d.groups = now
	}
	d.ev.Readings.Groups = measure.GroupsSince(&d.groups, &now)
}

// save writes event.json as the event stands.
func (d *dossier) save() {
	d.h.store.Report("event "+d.ev.ID, d.files.Describe(d.ev))
}

// note tells the black box of the event, unless it is one that the end of the
// process has nothing to do with.
func (d *dossier) note() {
	if !d.ev.Routine() {
		d.past.event(d.ev.ID, d.ev.Sentence())
	}
}

// snapshots takes all kinds that are a moment's picture.
func (d *dossier) snapshots(kinds []Kind) {
	for _, k := range kinds {
		if take := d.captures[k]; take.write != nil && !take.counted {
			d.snapshot(k, k.File(), "")
		}
	}
}

// conclude diagnoses and completes the event on disk.
func (d *dossier) conclude(f *finding, state State) {
	d.ev.State, d.ev.Trigger = state, f.trigger
	d.read()
	if state != StateDismissed {
		d.diagnose(f.kinds)
		d.note()
	}
	d.h.store.Report("event "+d.ev.ID, d.files.Summarize(d.ev))
	d.save()
}

// maxParsed is how large a compressed profile may be to be parsed here: the
// parsed form takes many times its size, inside the user's process.
const maxParsed = 4 << 20

// diagnose reads the profiles of the event once, for the verdict and for the
// text form, which there is of those that tell of the signal.
func (d *dossier) diagnose(kinds []Kind) {
	read := map[*Profile]*diagnose.Profile{}
	for i := range d.ev.Profiles {
		p := &d.ev.Profiles[i]
		if !p.Captured() || p.Kind == KindTrace {
			continue
		}
		parsed, err := parse(p)
		if err != nil {
			d.Log.OnCause("parse", "event %s: %s profile: %v", d.ev.ID, p.Kind, err)
			continue
		}
		read[p] = parsed
	}
	if !d.ev.Routine() {
		d.judge(kinds, read)
	}
	for _, k := range kinds {
		if p := d.ev.Profile(k); p != nil && read[p] != nil {
			d.text(p, read[p])
		}
	}
}

// judge compares the event with what is normal.
func (d *dossier) judge(kinds []Kind, read map[*Profile]*diagnose.Profile) {
	n := d.h.normal.look()
	if d.cfg.baseline == 0 {
		n = normal{}
	}
	base, err := n.parse()
	if err != nil {
		d.Log.OnCause("parse", "what is normal: %v", err)
	}
	c := diagnose.Case{Signal: string(d.ev.Trigger.Sample.Signal), Baseline: base}
	for _, k := range kinds {
		c.Kinds = append(c.Kinds, string(k))
	}
	for _, k := range []struct {
		kind Kind
		to   **diagnose.Profile
	}{
		{KindCPU, &c.Event.CPU},
		{KindHeap, &c.Event.Heap},
		{KindGoroutine, &c.Event.Goroutine},
		{KindThreadcreate, &c.Event.Threadcreate},
		{KindMutex, &c.Event.Mutex},
		{KindBlock, &c.Event.Block},
	} {
		*k.to = read[d.ev.Profile(k.kind)]
	}
	for i := range d.ev.Profiles {
		if p := &d.ev.Profiles[i]; p.Kind == KindGoroutine && read[p] != nil {
			c.Goroutines = append(c.Goroutines, read[p])
		}
	}
	if heap := d.ev.Profile(KindHeap); heap != nil && n.heap.at != 0 {
		c.SinceBaseline = d.Clock.Mono() - n.heap.at - d.Clock.Wall().Sub(heap.Start)
	}
	v := diagnose.Diagnose(c, d.h.own)
	if v.Compared != "" && !n.at.IsZero() {
		v.Compared += ", the latest " + humanize.Duration(d.Clock.Wall().Sub(n.at)) + " before"
	}
	d.ev.Diagnosis = v
}

func parse(p *Profile) (*diagnose.Profile, error) {
	raw, err := p.ReadAll(maxParsed)
	if err != nil {
		return nil, err
	}
	return pprofread.Parse(raw)
}

// textTop is how many stacks the text form has without WithFullStack.
const textTop = 10

// text writes and logs the text form of a profile, where it is wanted.
func (d *dossier) text(p *Profile, parsed *diagnose.Profile) {
	if !d.cfg.text && !d.cfg.toLogger {
		return
	}
	top := textTop
	if d.cfg.fullStack {
		top = 0
	}
	var buf bytes.Buffer
	if err := pproftext.Write(&buf, parsed, top); err != nil {
		d.Log.OnCause("text", "text form of %s: %v", p.File, err)
		return
	}
	if d.cfg.toLogger {
		d.Log.Infof("%s of event %s\n%s", p.File, d.ev.ID, buf.Bytes())
	}
	if d.cfg.text {
		name := strings.TrimSuffix(p.File, ".pb.gz") + ".txt"
		d.h.store.Report("event "+d.ev.ID, d.files.Replace(name, buf.Bytes()))
	}
}
