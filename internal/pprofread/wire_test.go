package pprofread_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/google/pprof/profile"
)

// A message is a protocol buffer under construction, for what no encoder
// writes. Each method returns a longer one and leaves its receiver alone.
type message []byte

func (m message) key(field, wire uint64) message {
	return binary.AppendUvarint(slices.Clip(m), field<<3|wire)
}

func (m message) num(field, value uint64) message {
	return binary.AppendUvarint(m.key(field, 0), value)
}

func (m message) bytes(field uint64, b []byte) message {
	return append(binary.AppendUvarint(m.key(field, 2), uint64(len(b))), b...)
}

func (m message) packed(field uint64, values ...uint64) message {
	var run []byte
	for _, v := range values {
		run = binary.AppendUvarint(run, v)
	}
	return m.bytes(field, run)
}

// strings adds a string table, which begins with the empty string.
func (m message) strings(all ...string) message {
	m = m.bytes(6, nil)
	for _, s := range all {
		m = m.bytes(6, []byte(s))
	}
	return m
}

// The messages of a profile, by what they have in them.

func (m message) function(id, name, file uint64) message {
	return m.bytes(5, message{}.num(1, id).num(2, name).num(4, file))
}

func (m message) location(id uint64, functions ...uint64) message {
	loc := message{}.num(1, id)
	for _, f := range functions {
		loc = loc.bytes(4, message{}.num(1, f).num(2, 7))
	}
	return m.bytes(4, loc)
}

func (m message) column() message { return m.bytes(1, message{}.num(1, 1).num(2, 2)) }

func (m message) sample(value uint64, locations ...uint64) message {
	return m.bytes(2, message{}.packed(1, locations...).packed(2, value))
}

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
	names := func(m message) message { return m.strings("cpu", "nanoseconds", "main.a", "/a.go") }
	small := names(message{}.column()).function(1, 3, 4).location(1, 1).sample(7, 1)
	labels := types("samples", "cpu")
	labels.Mapping = []*profile.Mapping{{ID: 3, Start: 1, Limit: 1 << 63, File: "/bin/a"}}
	labels.Sample[0].Label = map[string][]string{"request": {"a", "b"}}
	labels.Sample[0].NumLabel = map[string][]int64{"bytes": {1, -1}}
	labels.Comments, labels.DocURL, labels.DropFrames = []string{"a", "b", "c"}, "https://a", "b.*"
	labels.DefaultSampleType, labels.TimeNanos, labels.DurationNanos, labels.Period = "cpu", 1<<62, -1, -1<<63
	labels.PeriodType = &profile.ValueType{Type: "cpu", Unit: "nanoseconds"}
	return map[string][]byte{
		"small":              small,
		"strings only":       message{}.strings(),
		"labels, mapping":    plain(tb, labels),
		"backwards":          names(message{}.sample(7, 1).location(1, 1).function(1, 3, 4)).column().num(9, 5),
		"huge ids":           names(message{}.column()).function(huge, 3, 4).location(huge+1, huge).sample(7, huge+1),
		"ids in disorder":    names(message{}.column()).function(2, 3, 4).function(1, 4, 3).location(9, 1, 2).location(2, 2).location(1, 1).sample(7, 1, 9, 2),
		"packed and not":     small.bytes(2, message{}.num(1, 1).packed(1, 1, 1).num(1, 1).packed(1).num(2, 9)),
		"negative":           names(message{}.column()).function(1, 3, 4).bytes(4, message{}.num(1, 1).bytes(4, message{}.num(1, 1).num(2, minusOne))).sample(huge, 1),
		"unknown fields":     slices.Concat(small.num(0, 1).bytes(1<<40, small).key(99, 1), make([]byte, 8), message{}.key(98, 5), make([]byte, 4)),
		"long numbers":       slices.Concat(small.key(12, 0), overlong, message{}.key(10, 0), overlong),
		"said twice":         small.num(12, 1).num(12, 2).num(10, 3).num(10, 4).bytes(11, message{}.num(1, 1)).bytes(11, message{}.num(2, 2)).num(14, 2).num(14, 1),
		"wrong, then right":  small.num(14, 99).num(14, 1).bytes(11, message{}.num(1, 99)).bytes(11, message{}.num(2, minusOne).num(2, 1)).bytes(5, message{}.num(2, 99).num(2, 3).num(1, 9)),
		"nothing in it":      names(message{}.column()).location(1).sample(1).sample(2, 1),
		"not text":           message{}.strings("\xff\x00", "", "\xc3").column().function(1, 3, 2).location(1, 1).sample(7, 1),
		"many columns":       names(message(bytes.Repeat(message{}.column(), 100))),
		"time in the end":    small.num(9, 0).num(9, 3),
		"default type empty": small.num(14, 0),
	}
}
