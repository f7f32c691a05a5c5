package safepprof_test

import (
	"bytes"
	"testing"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/safepprof"
)

// unchecked is how much a shallow check does not look into.
const unchecked = 512 << 10

// Of real profiles a shallow check tells what the whole check tells, but for the
// cost; of profiles that are not zipped all of it.
func TestShallowCheck(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	for name, raw := range proftest.Real(t) {
		whole, err := c.Check(bytes.NewReader(raw))
		require.NoError(t, err, name)
		got, err := c.ShallowCheck(bytes.NewReader(raw))
		require.NoError(t, err, name)
		require.Less(t, got.Decoded, whole.Decoded, name)
		got.Decoded = whole.Decoded
		require.Equal(t, whole, got, name)

		whole, err = c.Check(bytes.NewReader(plain(t, raw)))
		require.NoError(t, err, name)
		got, err = c.ShallowCheck(bytes.NewReader(plain(t, raw)))
		require.NoError(t, err, name)
		require.Equal(t, whole, got, name)
	}
}

// An error in a message is found when the profile is not zipped, or the message
// comes late; one around it always; and Read finds both in any case.
func TestShallowCheckFinds(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	head := proftest.Message{}.Strings("cpu", "nanoseconds").Column()
	sample := proftest.Message{}.Sample(1)
	sound := bytes.Repeat(sample, unchecked/len(sample)+1)
	for _, tt := range []struct {
		name  string
		fault proftest.Message
		early bool // found among the first, too
	}{
		{"a location of no ID", proftest.Message{}.Location(0), false},
		{"two values", proftest.Message{}.Bytes(2, proftest.Message{}.Packed(2, 1, 2)), false},
		{"a wire type in a message", proftest.Message{}.Bytes(5, proftest.Message{}.Bytes(1, nil)), false},
		{"a wire type", proftest.Message{}.Num(2, 1), true},
		{"a field 0", proftest.Message{}.Num(0, 1), true},
		{"a cut", proftest.Message{}.Key(2, 2), true},
		{"a string that there is not", proftest.Message{}.Num(14, 99), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			early := append(append(bytes.Clone(head), tt.fault...), sound[:200*len(sample)]...)
			if tt.name == "a cut" {
				early = append(bytes.Clone(head), tt.fault...)
			}
			late := append(append(bytes.Clone(head), sound...), tt.fault...)
			for _, body := range [][]byte{early, late, proftest.Zip(t, late)} {
				_, err := c.ShallowCheck(bytes.NewReader(body))
				requireReason(t, err)
			}
			_, err := c.ShallowCheck(bytes.NewReader(proftest.Zip(t, early)))
			require.Equal(t, tt.early, err != nil, "%v", err)
			_, _, err = c.Read(bytes.NewReader(proftest.Zip(t, early)), nil)
			requireReason(t, err)
		})
	}

	mapping := proftest.Message{}.Bytes(3, proftest.Message{}.Num(1, 1))
	mappings := append(bytes.Clone(head), bytes.Repeat(mapping, 70_000)...)
	_, err := c.ShallowCheck(bytes.NewReader(proftest.Zip(t, mappings)))
	require.ErrorContains(t, err, "more than 65536 mappings")
}

// However much there is in what is not looked into, decoding it takes less than
// 128 MiB.
func TestShallowCheckIsBounded(t *testing.T) {
	c := checker(t, safepprof.Limits{Decoded: 1 << 40})
	bodies := map[string][]byte{}
	for _, s := range proftest.Shapes() {
		bodies[s.Name] = s.Of(unchecked)
	}
	sample := proftest.Message{}.Bytes(2, proftest.Message{}.Num(2, 1).Bytes(3, proftest.Message{}.Num(4, 1)))
	bodies["labels of a unit alone"] = append(proftest.Message{}.Strings("cpu", "nanoseconds").Column(), bytes.Repeat(sample, unchecked/len(sample))...)
	for name, body := range bodies {
		info, err := c.Check(bytes.NewReader(body))
		if err == nil { // or it is refused when it is read
			require.Less(t, info.Decoded, int64(128<<20), name)
			t.Logf("%s: %d MiB", name, info.Decoded>>20)
		}
	}
}
