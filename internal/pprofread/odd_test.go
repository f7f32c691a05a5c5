package pprofread_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/pprof/profile"

	"github.com/go-holmes/holmes/internal/proftest"
)

const (
	minusOne = 1<<64 - 1
	huge     = 1<<63 + 12345
)

// overlong is 5 in as many bytes as a number can have, with bits beyond the
// 64th.
var overlong = []byte{0x85, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7e}

// odd are profiles that are strange, and valid.
func odd(tb testing.TB) map[string][]byte {
	tb.Helper()
	names := func(m proftest.Message) proftest.Message { return m.Strings("cpu", "nanoseconds", "main.a", "/a.go") }
	small := names(proftest.Message{}.Column()).Function(1, 3, 4).Location(1, 1).Sample(7, 1)
	labels := types("samples", "cpu")
	labels.Mapping = []*profile.Mapping{{ID: 3, Start: 1, Limit: 1 << 63, File: "/bin/a"}}
	labels.Sample[0].Label = map[string][]string{"request": {"a", "b"}}
	labels.Sample[0].NumLabel = map[string][]int64{"bytes": {1, -1}}
	labels.Comments, labels.DocURL, labels.DropFrames = []string{"a", "b", "c"}, "https://a", "b.*"
	labels.DefaultSampleType, labels.TimeNanos, labels.DurationNanos, labels.Period = "cpu", 1<<62, -1, -1<<63
	labels.PeriodType = &profile.ValueType{Type: "cpu", Unit: "nanoseconds"}
	return map[string][]byte{
		"small":              small,
		"strings only":       proftest.Message{}.Strings(),
		"labels, mapping":    plain(tb, labels),
		"backwards":          names(proftest.Message{}.Sample(7, 1).Location(1, 1).Function(1, 3, 4)).Column().Num(9, 5),
		"huge ids":           names(proftest.Message{}.Column()).Function(huge, 3, 4).Location(huge+1, huge).Sample(7, huge+1),
		"ids in disorder":    names(proftest.Message{}.Column()).Function(2, 3, 4).Function(1, 4, 3).Location(9, 1, 2).Location(2, 2).Location(1, 1).Sample(7, 1, 9, 2),
		"packed and not":     small.Bytes(2, proftest.Message{}.Num(1, 1).Packed(1, 1, 1).Num(1, 1).Packed(1).Num(2, 9)),
		"negative":           names(proftest.Message{}.Column()).Function(1, 3, 4).Bytes(4, proftest.Message{}.Num(1, 1).Bytes(4, proftest.Message{}.Num(1, 1).Num(2, minusOne))).Sample(huge, 1),
		"unknown fields":     slices.Concat(small.Num(0, 1).Bytes(1<<40, small).Key(99, 1), make([]byte, 8), proftest.Message{}.Key(98, 5), make([]byte, 4)),
		"long numbers":       slices.Concat(small.Key(12, 0), overlong, proftest.Message{}.Key(10, 0), overlong),
		"said twice":         small.Num(12, 1).Num(12, 2).Num(10, 3).Num(10, 4).Bytes(11, proftest.Message{}.Num(1, 1)).Bytes(11, proftest.Message{}.Num(2, 2)).Num(14, 2).Num(14, 1),
		"wrong, then right":  small.Num(14, 99).Num(14, 1).Bytes(11, proftest.Message{}.Num(1, 99)).Bytes(11, proftest.Message{}.Num(2, minusOne).Num(2, 1)).Bytes(5, proftest.Message{}.Num(2, 99).Num(2, 3).Num(1, 9)),
		"nothing in it":      names(proftest.Message{}.Column()).Location(1).Sample(1).Sample(2, 1),
		"not text":           proftest.Message{}.Strings("\xff\x00", "", "\xc3").Column().Function(1, 3, 2).Location(1, 1).Sample(7, 1),
		"many columns":       names(proftest.Message(bytes.Repeat(proftest.Message{}.Column(), 100))),
		"time in the end":    small.Num(9, 0).Num(9, 3),
		"default type empty": small.Num(14, 0),
	}
}
