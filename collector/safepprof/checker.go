package safepprof

import (
	"errors"
	"io"
	"slices"
	"time"

	"github.com/go-holmes/holmes/internal/protowire"

	"github.com/go-holmes/holmes/collector"
)

// A Checker checks profiles. Any number of goroutines may use it at the same time;
// the callers bound how many, and with it the memory.
type Checker struct {
	limits Limits
	scans  chan *scan // that are not in use
}

// keptScans is how many scans are kept while they are not in use. A sync.Pool would
// drop them with every collection, and each has a few hundred KiB to grow again.
const keptScans = 8

// New returns a checker with these limits. It refuses negative ones.
func New(limits Limits) (*Checker, error) {
	limits, err := limits.fill()
	if err != nil {
		return nil, err
	}
	return &Checker{limits: limits, scans: make(chan *scan, keptScans)}, nil
}

// Check reads src to its end and describes its content: a profile in pprof's
// format, gzipped or not, or an execution trace. At the first error it stops
// without reading src to the end.
//
// A mistake of the sender is a [collector.Error] of code [collector.TooLarge] or
// [collector.Invalid], with a [TooLargeError] or a [NotProfileError] in its chain.
// Errors of src itself are wrapped.
func (c *Checker) Check(src io.Reader) (Info, error) { return c.look(src, nil, false) }

// ShallowCheck is Check in four fifths of its time, for the upload of a profile. Of
// a gzipped profile, whose checksum tells that it is as it left the sender, it
// counts the messages in the first 512 KiB, but does not look into them: it misses
// errors in there, and Info.Decoded is without them. Read finds them, which comes
// before everything that is done with a profile.
func (c *Checker) ShallowCheck(src io.Reader) (Info, error) { return c.look(src, nil, true) }

// Read is Check that also appends the inflated bytes to buf and returns them, nil
// after an error. buf may be nil, and is best what an earlier call has returned.
func (c *Checker) Read(src io.Reader, buf []byte) ([]byte, Info, error) {
	info, err := c.look(src, &buf, false)
	if err != nil {
		return nil, info, err
	}
	return buf, info, nil
}

func (c *Checker) look(src io.Reader, keep *[]byte, shallow bool) (Info, error) {
	s := c.scan()
	defer c.keep(s)
	s.reset(&c.limits)
	s.stream.begin(src, &c.limits, keep)
	s.Reset(&s.stream)
	s.shallow = shallow && s.stream.zipped
	info, err := s.verdict()
	if err != nil {
		return Info{}, s.stream.blame(err)
	}
	return info, nil
}

func (c *Checker) scan() *scan {
	select {
	case s := <-c.scans:
		return s
	default:
		return &scan{Stream: protowire.NewStream(nil, maxMessage)}
	}
}

func (c *Checker) keep(s *scan) {
	s.stream.end()
	select {
	case c.scans <- s:
	default:
	}
}

// verdict reads the source to its end.
func (s *scan) verdict() (Info, error) {
	head := s.Ahead()
	if isTrace(head) {
		return s.trace()
	}
	if text := asText(head); text != "" {
		return Info{}, errors.New(text)
	}
	if err := s.profile(); err != nil {
		return Info{}, err
	}
	return s.info(), nil
}

// trace reads a trace to its end. Its content is not checked.
func (s *scan) trace() (Info, error) {
	if _, err := io.Copy(io.Discard, &s.stream); err != nil {
		return Info{}, err
	}
	return Info{Kind: collector.KindTrace, Body: s.stream.body.n, Inflated: s.stream.n, Decoded: s.stream.n}, nil
}

func (s *scan) info() Info {
	i := Info{
		DefaultSampleType: s.names.get(s.defaultType),
		Duration:          time.Duration(max(s.duration, 0)),
		Samples:           s.samples,
		Body:              s.stream.body.n, Inflated: s.stream.n, Decoded: int64(s.cost),
	}
	if s.nanos > 0 {
		i.Time = time.Unix(0, s.nanos).UTC()
	}
	i.SampleTypes = slices.Grow(i.SampleTypes, s.ntypes)
	for _, t := range s.types[:s.ntypes] {
		i.SampleTypes = append(i.SampleTypes, ValueType{Type: s.names.get(t.typ), Unit: s.names.get(t.unit)})
	}
	i.Totals = append(i.Totals, s.totals[:s.ntypes]...)
	i.Kind = KindOf(i.SampleTypes)
	return i
}
