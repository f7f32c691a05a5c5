package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/pprof/profile" //nolint:depguard // profiles of others are read by another parser than ours
)

// A file is a whole profile on disk.
type file struct {
	kind  string // cpu, heap or goroutine
	seen  time.Time
	size  int64
	shows bool // the fault
	share float64
	from  time.Time
	until time.Time
}

// pollInterval is the time between two looks for new profiles.
const pollInterval = 10 * time.Millisecond

// watch waits for a whole profile of a kind that shows a fault. It returns when the
// first whole profile and the first such profile were on disk.
func watch(ctx context.Context, dir, kind, fault string, until time.Time) (whole, shows time.Time) {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	known := map[string]int64{}
	for time.Now().Before(until) {
		for _, f := range profiles(dir, fault, known) {
			if f.kind != kind || f.size == 0 {
				continue
			}
			if whole.IsZero() {
				whole = f.seen
			}
			if f.shows {
				return whole, f.seen
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return whole, shows
		}
	}
	return whole, shows
}

// profiles returns the whole profiles in a directory that are not in known, by path,
// size and time.
func profiles(dir, fault string, known map[string]int64) (all []file) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // the file has been moved meanwhile
		}
		info, err := d.Info()
		if err != nil {
			return nil //nolint:nilerr // the same
		}
		stamp := info.Size() ^ info.ModTime().UnixNano()
		if known[path] == stamp {
			return nil
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil //nolint:nilerr // the same
		}
		known[path] = stamp
		if p, err := profile.Parse(bytes.NewReader(raw)); err == nil {
			all = append(all, judge(p, fault, int64(len(raw))))
		}
		return nil
	})
	return all
}

func judge(p *profile.Profile, fault string, size int64) file {
	f := file{seen: time.Now(), size: size, from: time.Unix(0, p.TimeNanos), until: time.Unix(0, p.TimeNanos+p.DurationNanos)}
	index := 0
	for i, t := range p.SampleType {
		switch t.Type {
		case "cpu":
			f.kind, index = "cpu", i
		case "inuse_space":
			f.kind, index = "heap", i
		case "goroutine", "goroutines":
			f.kind, index = "goroutine", i
		}
	}
	var of, all int64
	for _, s := range p.Sample {
		all += s.Value[index]
		if hasFrame(s, fault) {
			of += s.Value[index]
		}
	}
	if f.shows = of > 0; all > 0 {
		f.share = float64(of) / float64(all)
	}
	return f
}

func hasFrame(s *profile.Sample, name string) bool {
	for _, l := range s.Location {
		for _, line := range l.Line {
			if strings.Contains(line.Function.Name, name) {
				return true
			}
		}
	}
	return false
}

// covered is the part of a time span that the CPU profiles in a directory cover.
func covered(dir, fault string, from, until time.Time) (d time.Duration) {
	const step = 10 * time.Millisecond
	all := profiles(dir, fault, map[string]int64{})
	for at := from; at.Before(until); at = at.Add(step) {
		for _, f := range all {
			if f.kind == "cpu" && f.shows && !at.Before(f.from) && at.Before(f.until) {
				d += step
				break
			}
		}
	}
	return d
}
