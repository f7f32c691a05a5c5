package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/safepprof"
)

// pushedSeries are the labels of a series.
type pushedSeries struct {
	found   map[string]string
	err     error // the first label that is refused
	name    string
	settled bool // they are in use
}

// maxPushedLabels bounds what is kept of the labels of a series. Those that are
// internal count here only.
const maxPushedLabels = 2 * collector.MaxLabels

// labelled reports whether there are labels.
func (s *pushedSeries) labelled() bool { return len(s.found) > 0 || s.err != nil }

// add adds a label, which [pushedSeries.describe] checks.
func (s *pushedSeries) add(name, value string) {
	if s.found == nil {
		s.found = map[string]string{}
	}
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	before, twice := s.found[name]
	switch {
	case s.err != nil:
	case twice && before != value:
		s.err = collector.Errorf(collector.Invalid, "label %.80q is there twice", name)
	case len(s.found) == maxPushedLabels:
		s.err = collector.Errorf(collector.Invalid, "more than %d labels", maxPushedLabels)
	default:
		s.found[name] = value
	}
}

// describe is the description that the profiles of the series share. Labels whose
// name begins with two underscores are internal to the agent and are left out, and
// so are those without a value.
func (s *pushedSeries) describe() (m collector.Meta, err error) {
	s.settled = true
	if s.err != nil {
		return m, s.err
	}
	m.Service, s.name = s.found["service_name"], s.found["__name__"]
	if m.Service == "" {
		return m, collector.Errorf(collector.Invalid, "label service_name is missing")
	}
	labels := map[string]string{}
	for name, value := range s.found {
		if name != "service_name" && !strings.HasPrefix(name, "__") && value != "" {
			labels[name] = value
		}
	}
	m.File = ingestFile
	m.Labels, err = collector.NewLabels(labels)
	return m, err
}

// kindOf is the kind of a profile of the series. Its name tells block profiles from
// mutex profiles, which have the same values.
func (s *pushedSeries) kindOf(info *safepprof.Info) collector.Kind {
	if info.Kind == collector.KindMutex && strings.HasSuffix(s.name, "block") { // or godeltaprof_block
		return collector.KindBlock
	}
	return info.Kind
}

// keyOf is the key that tells a repetition of a sample: its ID, its labels and its
// content. The ID alone would lose profiles, since clients send the same one with
// every profile, as the examples of the protocol have it. Without an ID, profiles that do
// not say their time have no key: an idle process has the same ones again and again.
func (s *pushedSeries) keyOf(sample *pushedSample, m *collector.Meta) (string, error) {
	if sample.id == "" && sample.info.Time.IsZero() {
		return "", nil
	}
	content, err := sample.draft.Read(ingestFile)
	if err != nil {
		return "", err
	}
	sum, err := checksum(content)
	if err != nil {
		return "", err
	}
	all := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %x %d", sample.id, m.Service, s.name, m.Labels, sum, sample.info.Inflated))
	return "push:" + hex.EncodeToString(all[:]), nil
}

// checksum is that of the inflated content of a profile. A sender that compresses it
// anew for each attempt sends other bytes.
func checksum(file *io.SectionReader) (uint32, error) {
	var head [2]byte
	var trailer [8]byte // a checksum and a size
	if _, err := file.ReadAt(head[:], 0); err != nil {
		return 0, err
	}
	if bytes.Equal(head[:], []byte{0x1f, 0x8b}) {
		_, err := file.ReadAt(trailer[:], file.Size()-int64(len(trailer)))
		return binary.LittleEndian.Uint32(trailer[:]), err
	}
	sum := crc32.NewIEEE()
	_, err := io.Copy(sum, file)
	return sum.Sum32(), err
}
