package pprofread

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"hash/maphash"
	"slices"
	"time"

	"github.com/go-holmes/holmes/internal/protowire"
)

var errOtherColumns = errors.New("the profiles count different things")

// Subtract returns the growth from the profile before to the profile after, and how
// many stacks have grown. It is for profiles that the runtime counts from the start
// of the process on: mutex and block. A stack that has not grown is left
// out, all else of after is as it was, and the times are those given. It is
// gzipped.
//
// Both are read as [Parse] reads them, with its limits. Stacks are the same if
// their functions and lines are: the runtime is free to cut a stack into
// locations in another way the next time.
func Subtract(after, before []byte, start time.Time, took time.Duration) (diff []byte, stacks int, err error) {
	plain, now, err := parse(after)
	if err != nil {
		return nil, 0, err
	}
	then, err := Parse(before)
	if err != nil {
		return nil, 0, err
	}
	if !slices.Equal(now.SampleTypes, then.SampleTypes) {
		return nil, 0, errOtherColumns
	}
	s := subtraction{now: now, counted: countersOf(then)}
	out := s.rewrite(plain)
	out = protowire.AppendNumber(out, protowire.ProfileTime, uint64(start.UnixNano()))
	out = protowire.AppendNumber(out, protowire.ProfileDuration, uint64(took))
	diff, err = Deflate(out, gzip.BestSpeed)
	return diff, s.kept, err
}

// Deflate returns plain gzipped.
func Deflate(plain []byte, level int) ([]byte, error) {
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, level)
	if err != nil {
		return nil, err
	}
	_, err = zip.Write(plain)
	err = errors.Join(err, zip.Close())
	return out.Bytes(), err
}

// A stackKey stands for the functions and lines of a stack.
type stackKey uint64

// Counters are the values of each stack.
type counters struct {
	seed   maphash.Seed
	values map[stackKey][]int64
}

func (t counters) key(s Sample) stackKey {
	var h maphash.Hash
	h.SetSeed(t.seed)
	var line [binary.MaxVarintLen64]byte
	for f := range s.Frames() {
		_, _ = h.WriteString(f.Function) // never fails, nor do the others
		_, _ = h.WriteString(f.File)
		_, _ = h.Write(binary.AppendVarint(line[:0], f.Line))
	}
	return stackKey(h.Sum64())
}

func countersOf(p *Profile) counters {
	t := counters{seed: maphash.MakeSeed(), values: map[stackKey][]int64{}}
	for s := range p.Samples() {
		key := t.key(s)
		sum := t.values[key]
		if len(sum) == 0 {
			t.values[key] = slices.Clone(s.Values())
			continue
		}
		for i, v := range s.Values()[:min(len(sum), len(s.Values()))] {
			sum[i] += v
		}
	}
	return t
}

// A subtraction passes over the later profile and leaves out what the earlier
// one had.
type subtraction struct {
	now     *Profile
	counted counters
	place   int // of the sample that comes next
	kept    int
}

func (s *subtraction) rewrite(plain []byte) []byte {
	out := make([]byte, 0, len(plain))
	for c := protowire.Walk(plain); c.Next(); { // decode has read it to the end
		switch c.Field {
		case protowire.ProfileSample:
			out = s.sample(out, c.Bytes())
		case protowire.ProfileTime, protowire.ProfileDuration:
		default:
			out = append(out, c.Raw()...)
		}
	}
	return out
}

// sample appends what is left of a sample, if anything is.
func (s *subtraction) sample(out, message []byte) []byte {
	sample := Sample{s.now, s.place}
	s.place++
	left, grown := s.left(sample)
	if !grown {
		return out
	}
	s.kept++
	var packed []byte
	for _, v := range left {
		packed = binary.AppendUvarint(packed, uint64(v))
	}
	body := make([]byte, 0, len(message)+len(packed))
	for c := protowire.Walk(message); c.Next(); {
		if c.Field != protowire.SampleValue {
			body = append(body, c.Raw()...)
		}
	}
	return protowire.AppendBytes(out, protowire.ProfileSample, protowire.AppendBytes(body, protowire.SampleValue, packed))
}

// left takes from a sample what was counted before. Of several samples with
// the same stack the first ones are taken from first.
func (s *subtraction) left(sample Sample) (left []int64, grown bool) {
	was := s.counted.values[s.counted.key(sample)]
	for i, v := range sample.Values() {
		if i < len(was) {
			taken := max(0, min(v, was[i]))
			was[i] -= taken
			v -= taken
		}
		left = append(left, v)
		grown = grown || v > 0
	}
	return left, grown
}
