package holmes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-holmes/holmes/cgroup"
	"github.com/go-holmes/holmes/diagnose"
	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/pprofread"
	"github.com/go-holmes/holmes/internal/pproftext"
)

// A dossier is one event while it is put together. It belongs to one
// goroutine, which may wait for the disk.
type dossier struct {
	*run
	cfg      *config
	captures map[Kind]capture
	files    evidence
	ev       *Event
	groups   cgroup.Sample // as of the beginning
	outlook  *outlook      // of the memory watcher, nil for other events
	previous *PreviousRun  // what the event is about, if it is about one
	sites    []GoroutineSite
	cpu      cpuFile
}

// look reads the state of the process as of the last tick.
func (d *dossier) look() (Readings, uint64) { return d.meter.look(d.cfg) }

// newDossier makes the place of an event on disk. What cannot be written stays
// in memory.
func (r *run) newDossier(c *config, f *finding, state State) *dossier {
	d := &dossier{run: r, cfg: c, captures: r.h.captures}
	d.ev = &Event{ID: r.h.newID(f.onset, f.signal), State: state, At: f.onset, Trigger: f.trigger}
	var err error
	if d.files, err = r.h.vault.create(c, r.clock, d.ev.ID, names(c.takers())); err != nil {
		r.onDisk("events are kept in memory, the dump path cannot be used", err)
	}
	d.ev.Dir = d.files.dir()
	r.past.event(d.ev.ID, f.trigger.Sentence())
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
	d.ev.Readings.GoroutineStates, d.ev.Readings.GoroutineSites = readStates(), d.sites
	d.ev.Readings.PreviousRun = d.previous
	if o := d.outlook; o != nil { // of its moment, which may be over
		r := &d.ev.Readings
		r.MemoryUsed, r.MemoryLimit = o.used, o.limit
		r.MemoryRoom, r.MemoryRate = o.room, math.Round(o.rate)
		r.HeapLive, r.HeapGoal, r.HeapObjects = o.live, o.goal, o.objects
	}
	d.readGroups()
}

// readGroups adds to the readings what the control groups say. The first call
// is what the others are compared with.
func (d *dossier) readGroups() {
	var now cgroup.Sample
	if !d.meter.readGroups(d.cfg, &now) {
		return
	}
	if d.groups.Generation == 0 {
		d.groups = now
	}
	d.ev.Readings.Groups = groupsSince(&d.groups, &now)
}

// save writes event.json as the event stands.
func (d *dossier) save() {
	raw, err := json.Marshal(d.ev)
	if err == nil {
		err = d.files.replace(eventFile, append(raw, '\n'))
	}
	if err != nil {
		d.onDisk("event "+d.ev.ID, err)
	}
}

// snapshots takes all kinds that are a moment's picture.
func (d *dossier) snapshots(kinds []Kind) {
	for _, k := range kinds {
		if take := d.captures[k]; take.write != nil && !take.counted {
			d.snapshot(k, take.file, "")
		}
	}
}

// conclude diagnoses and completes the event on disk.
func (d *dossier) conclude(f *finding, state State) {
	d.ev.State, d.ev.Trigger = state, f.trigger
	d.read()
	if state != StateDismissed {
		d.diagnose(f.kinds)
		d.past.event(d.ev.ID, d.ev.Sentence())
	}
	if err := d.files.replace(summaryFile, d.ev.summary()); err != nil {
		d.onDisk("event "+d.ev.ID, err)
	}
	d.save()
}

// maxParsed is how large a compressed profile may be to be parsed here: the
// parsed form takes many times its size, inside the user's process.
const maxParsed = 4 << 20

// diagnose reads the profiles of the event once, for the verdict and for the
// text form. The verdict is of the first kind that names anyone.
func (d *dossier) diagnose(kinds []Kind) {
	for _, k := range kinds {
		p := d.ev.Profile(k)
		if p == nil || k == KindTrace {
			continue
		}
		parsed, err := p.parse()
		if err != nil {
			d.log.onCause("parse", "event %s: %s profile: %v", d.ev.ID, k, err)
			continue
		}
		if len(d.ev.Diagnosis.Culprits) == 0 {
			d.ev.Diagnosis = diagnose.Judge(string(k), nil, parsed, diagnose.Options{Module: d.h.module})
		}
		d.text(p, parsed)
	}
}

func (p *Profile) parse() (*diagnose.Profile, error) {
	raw, err := p.read(maxParsed)
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
		d.log.onCause("text", "text form of %s: %v", p.File, err)
		return
	}
	if d.cfg.toLogger {
		d.log.infof("%s of event %s\n%s", p.File, d.ev.ID, buf.Bytes())
	}
	if d.cfg.text {
		name := strings.TrimSuffix(p.File, ".pb.gz") + ".txt"
		if err := d.files.replace(name, buf.Bytes()); err != nil {
			d.onDisk("event "+d.ev.ID, err)
		}
	}
}

// summary is the event for a person with a terminal.
func (e *Event) summary() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n\n%s, %s, %s\n", e.Sentence(), e.ID, e.State, e.At.Format(time.RFC3339))
	for _, c := range e.Diagnosis.Culprits {
		fmt.Fprintf(&b, "  %5.1f %%  %s (%s:%d)\n", c.Share*100, c.Function, c.File, c.Line)
	}
	r := e.Readings
	fmt.Fprintf(&b, "\nCPU %.0f %% of %s cores, memory %d of %d MiB (%s), RSS %d MiB, live heap %d MiB, %d goroutines, %d threads\n\n",
		r.CPUPercent, number(r.Cores), r.MemoryUsed>>20, r.MemoryLimit>>20, r.MemoryScope, r.RSS>>20, r.HeapLive>>20, r.Goroutines, r.Threads)
	for _, s := range r.GoroutineSites {
		fmt.Fprintf(&b, "  %7d goroutines of %s\n", s.Count, s.Function)
	}
	if about := r.about(); about != "" {
		fmt.Fprintf(&b, "%s\n\n", about)
	}
	for i := range e.Profiles {
		p := &e.Profiles[i]
		switch {
		case p.Path != "":
			fmt.Fprintf(&b, "go tool pprof %s", filepath.Base(p.Path))
		case p.Captured():
			fmt.Fprintf(&b, "%s: in memory only", p.Kind)
		default:
			fmt.Fprintf(&b, "no %s profile", p.Kind)
		}
		if p.Note != "" {
			fmt.Fprintf(&b, "  # %s", p.Note)
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// newID names an event: its time, its signal, and a random end. IDs of one
// process rise even when the wall clock is set back.
func (h *Holmes) newID(at time.Time, s Signal) string {
	h.idMu.Lock()
	defer h.idMu.Unlock()
	at = at.Round(0) // the wall clock only
	if !at.After(h.lastID) {
		at = h.lastID.Add(time.Nanosecond)
	}
	h.lastID = at
	return fmt.Sprintf("%s-%s-%08x", at.UTC().Format(dump.IDLayout), s, h.random())
}
