package collector

import (
	"cmp"
	"encoding/json"
	"path/filepath"
	"strings"
	"time"
)

// EventFile is the file of an event that holds all of it but its profiles.
const EventFile = "event.json"

// An Event is the summary of a stored event: the fields for searches and lists. All
// else is in its event.json, which the store keeps as received.
type Event struct {
	// ID is the sender's. Two events with the same ID are the same event.
	ID      string
	Service string
	// State is "confirmed" or "unconfirmed".
	State string
	// Signal is the signal that left its normal range: "cpu", "mem", ...
	Signal string
	// Reason is the code of the rule's reason: "diff", "abs", ...
	Reason string
	// Value, Limit and Baseline are the reading, its limit, and the mean
	// before it.
	Value    float64
	Limit    float64
	Baseline float64
	// At is the time of the first suspicious reading.
	At time.Time
	// Sentence is the event in one line.
	Sentence string
	// Culprits are the functions that the diagnosis names, the likeliest
	// first. Confident is false if they are only candidates.
	Culprits  []string
	Confident bool
	Labels    Labels
	// Profiles are the stored ones, in the order of event.json.
	Profiles []Meta
	// ReceivedAt is when the collector stored it.
	ReceivedAt time.Time
}

// The limits of one event.
const (
	MaxEventFile = 1 << 20 // bytes of event.json
	MaxProfiles  = 32      // profiles of one event
	maxCulprits  = 10      // that are kept in the summary
	maxSentence  = 2000    // bytes that are kept in the summary
)

// wire is the part of event.json that goes into the summary. Unknown fields are no
// error: they are of a later version.
type wire struct {
	ID       string    `json:"id"`
	State    string    `json:"state"`
	At       time.Time `json:"at"`
	Sentence string    `json:"sentence"`
	Trigger  struct {
		Signal   string  `json:"signal"`
		Reason   string  `json:"reason"`
		Value    float64 `json:"value"`
		Limit    float64 `json:"limit"`
		Baseline float64 `json:"baseline"`
		Sentence string  `json:"sentence"`
	} `json:"trigger"`
	Diagnosis struct {
		Sentence  string `json:"sentence"`
		Confident bool   `json:"confident"`
		Culprits  []struct {
			Function string `json:"function"`
		} `json:"culprits"`
	} `json:"diagnosis"`
	Profiles []struct {
		Kind            string    `json:"kind"`
		File            string    `json:"file"`
		Start           time.Time `json:"start"`
		DurationSeconds float64   `json:"duration_seconds"`
	} `json:"profiles"`
	Labels map[string]string `json:"labels"`
}

// ReadEvent returns the summary of an event.json, with a [Meta] for each
// profile that has a file. They have no size and no ID yet.
func ReadEvent(raw []byte) (*Event, error) {
	if len(raw) > MaxEventFile {
		return nil, Errorf(TooLarge, "%s of %d bytes is larger than %d", EventFile, len(raw), MaxEventFile)
	}
	var w wire
	if err := json.Unmarshal(raw, &w); err != nil {
		return nil, Errorf(Invalid, "%s: %w", EventFile, err)
	}
	service := clean(w.Labels["service"], MaxName)
	delete(w.Labels, "service")
	labels := CleanLabels(w.Labels)
	e := &Event{
		ID: w.ID, Service: service, Labels: labels,
		State: clean(w.State, MaxName), At: w.At.UTC(), Signal: clean(w.Trigger.Signal, MaxName), Reason: clean(w.Trigger.Reason, MaxName),
		Value: w.Trigger.Value, Limit: w.Trigger.Limit, Baseline: w.Trigger.Baseline,
		Sentence: clean(cmp.Or(w.Sentence, join(w.Trigger.Sentence, w.Diagnosis.Sentence)), maxSentence), Confident: w.Diagnosis.Confident,
	}
	for i, c := range w.Diagnosis.Culprits {
		if name := clean(c.Function, MaxValue); i < maxCulprits && name != "" {
			e.Culprits = append(e.Culprits, name)
		}
	}
	if err := e.addProfiles(&w); err != nil {
		return nil, err
	}
	if err := e.Validate(); err != nil {
		return nil, err
	}
	return e, nil
}

func (e *Event) addProfiles(w *wire) error {
	for _, p := range w.Profiles {
		if p.File == "" {
			continue // a note says why there is none
		}
		m := Meta{
			Service: e.Service, Kind: Kind(p.Kind), Labels: e.Labels, CreatedAt: p.Start.UTC(),
			Duration: seconds(p.DurationSeconds), Event: e.ID, File: p.File,
		}
		if p.Start.IsZero() {
			m.CreatedAt = e.At
		}
		if _, err := ParseKind(p.Kind); err != nil {
			m.Kind = KindOther // of a later version, or the user's own
		}
		e.Profiles = append(e.Profiles, m)
	}
	if len(e.Profiles) > MaxProfiles {
		return Errorf(TooLarge, "%d profiles in one event are more than %d", len(e.Profiles), MaxProfiles)
	}
	return nil
}

// seconds is a duration, within the bounds of [time.Duration].
func seconds(s float64) time.Duration {
	const most = 1e9
	return time.Duration(min(max(s, -1), most) * float64(time.Second))
}

// Validate checks the description of an event.
func (e *Event) Validate() error {
	if err := checkFileName("event id", e.ID); err != nil {
		return err
	}
	for _, f := range [...]struct{ what, name string }{
		{"label service", e.Service}, {"state", e.State}, {"signal", e.Signal}, {"reason", e.Reason},
	} {
		if optional := f.what == "state" || f.what == "reason"; optional && f.name == "" {
			continue
		}
		if err := checkName(f.what, f.name); err != nil {
			return err
		}
	}
	if err := checkTime("at", e.At); err != nil {
		return err
	}
	taken := map[string]bool{EventFile: true}
	for i := range e.Profiles {
		p := &e.Profiles[i]
		if err := checkFileName("profile file", p.File); err != nil {
			return err
		}
		if taken[p.File] {
			return Errorf(Invalid, "profile file %q is there twice", p.File)
		}
		taken[p.File] = true
		if err := p.Validate(); err != nil {
			return err
		}
	}
	return e.Labels.Validate()
}

// maxFileName is the longest name of a file.
const maxFileName = 128

// checkFileName returns an error unless name is fit to be a file name anywhere.
func checkFileName(what, name string) error {
	foreign := func(r rune) bool {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			return false
		default:
			return r != '.' && r != '_' && r != '-'
		}
	}
	if name == "" || len(name) > maxFileName || name[0] == '.' ||
		strings.ContainsFunc(name, foreign) || !filepath.IsLocal(name) {
		return Errorf(Invalid, "%s %.80q is not a plain file name", what, name)
	}
	return nil
}

// join makes one sentence of two.
func join(trigger, diagnosis string) string {
	if trigger != "" && diagnosis != "" {
		trigger += ": "
	}
	return trigger + diagnosis
}

// cut returns the start of s, at most n bytes, and no half characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
