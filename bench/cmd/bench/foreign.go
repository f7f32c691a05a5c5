package main

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-holmes/holmes/bench/internal/subject"
)

// foreignLength is how long the application profiles by itself.
const foreignLength = 10 * time.Second

// capturing returns the variants of these rows. mosn/holmes runs at the interval of
// holmes, which favours it.
func capturing() (some []variant) {
	for _, v := range variants() {
		if v.exe == "holmes" || (v.exe == "mosn" && v.interval != "") || (v.exe == "pyroscope" && v.interval == "") {
			some = append(some, v)
		}
	}
	return some
}

// steps do the same to each of these variants.
func steps(at time.Time, last time.Duration, do func(ctx context.Context, p *process) error) (all []step) {
	for _, v := range capturing() {
		all = append(all, step{v: v, at: at, last: last, args: []string{"-cores=1"}, do: do})
	}
	return all
}

// foreign begins a CPU fault while the application's own profile runs.
func (r *results) foreign(ctx context.Context, p *process) error {
	text, err := p.ask("foreign "+foreignLength.String(), "foreign")
	if err != nil {
		return err
	}
	if strings.HasPrefix(text, "refused") {
		r.note("foreign", p.variant, "the application's own profile is "+text)
		return nil
	}
	ends := time.Now().Add(foreignLength)
	if _, err := p.onset("cpu"); err != nil {
		return err
	}
	_, shows := watch(ctx, p.dir, "cpu", subject.CPUFault, ends.Add(18*time.Second))
	note := fmt.Sprintf("%d empty files; ", emptyFiles(p.dir))
	if shows.IsZero() {
		note += "no profile of the fault in the 18 s after it"
	} else {
		note += fmt.Sprintf("a profile of the fault %.1f s after it", shows.Sub(ends).Seconds())
	}
	r.note("foreign", p.variant, note)
	return nil
}

// emptyFiles counts the empty files that have the name of a CPU profile.
func emptyFiles(dir string) (n int) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasPrefix(d.Name(), "cpu") {
			return nil //nolint:nilerr // the file has been moved meanwhile
		}
		if info, err := d.Info(); err == nil && info.Size() == 0 {
			n++
		}
		return nil
	})
	return n
}

// stopped formats the outcomes of stops.
func stopped(all []outcome) string {
	var took, gone []float64
	kept := 0.0
	for _, c := range all {
		took, gone = append(took, c.whole.Seconds()), append(gone, c.shows.Seconds())
		kept += c.share
	}
	return fmt.Sprintf("returns after %s ms, its goroutines are gone after %s ms, the profile is kept in %.0f of %d",
		figure(median(took)*1e3), figure(median(gone)*1e3), kept, len(all))
}

// beforeStop is the time from the fault to Stop: every subject has begun its CPU
// profile, and that of mosn/holmes is not over yet.
const beforeStop = 4 * time.Second

// stop stops the watcher while it captures.
func (r *results) stop(ctx context.Context, p *process) error {
	onset, err := p.onset("cpu")
	if err != nil {
		return err
	}
	if err := waitUntil(ctx, onset.Add(beforeStop)); err != nil {
		return err
	}
	text, err := p.ask("stop", "stopped")
	if err != nil {
		return err
	}
	var took, gone time.Duration
	var left int
	if _, err := fmt.Sscan(text, &took, &gone, &left); err != nil {
		return fmt.Errorf("stopped %q: %w", text, err)
	}
	c := outcome{whole: took, shows: gone}
	for _, f := range profiles(p.dir, subject.CPUFault, map[string]int64{}) {
		if f.kind == "cpu" && f.shows {
			c.share = 1
		}
	}
	r.add("stop", p.variant, c)
	return nil
}
