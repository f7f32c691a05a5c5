package merge

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"io"
	"os"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// Bytes is what a fold thinks that it takes.
func Bytes(f *Fold) int64 { return f.bytes }

// Outdate writes a roll-up as earlier versions have.
func Outdate(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h, err := readHead(f)
	if err != nil {
		return err
	}
	r := newRollup(f, h)
	var profiles []byte
	for i := range h.Groups {
		g := &h.Groups[i]
		of, whole := r.members(g)
		if !whole {
			return errRollup
		}
		profile, err := io.ReadAll(r.section(g))
		if err != nil {
			return err
		}
		profiles = append(profiles, profile...)
		g.IDs, g.Profiles, g.Facts, g.Count, g.First, g.Members, g.Sum = of.ids, of.profiles, of.facts, 0, "", 0, 0
	}
	raw, err := json.Marshal(h)
	if err != nil {
		return err
	}
	out := binary.LittleEndian.AppendUint32([]byte(oldMagic), uint32(len(raw)))
	out = append(binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(raw)), raw...)
	return os.WriteFile(path, append(out, profiles...), 0o600)
}

// A Member is one of a group, for tests of their form.
type Member struct {
	ID       string
	At       time.Time
	Duration time.Duration
	Labels   collector.Labels
	Types    []string
	Totals   []int64
}

// WriteMembers returns the bytes of members, with facts or without.
func WriteMembers(all []Member, withFacts bool) ([]byte, error) {
	var b bytes.Buffer
	w := newMemberWriter(&b, nil)
	for _, m := range all {
		r := ref{id: m.ID, at: m.At, duration: m.Duration}
		if withFacts {
			r.facts = &facts{Types: m.Types, Totals: m.Totals}
		}
		w.add(&r, m.Labels)
	}
	err := w.close()
	return b.Bytes(), err
}

// ReadMembers reads n members.
func ReadMembers(raw []byte, n int) (all []Member, err error) {
	m, err := readMembers(bytes.NewReader(raw), n)
	if err != nil {
		return nil, err
	}
	for i, id := range m.ids {
		d := m.profiles[i]
		all = append(all, Member{ID: id, At: d.At, Duration: d.Duration, Labels: d.Labels})
		if len(m.facts) > 0 {
			all[i].Types, all[i].Totals = m.facts[i].Types, m.facts[i].Totals
		}
	}
	return all, nil
}
