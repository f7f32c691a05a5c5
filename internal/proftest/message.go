package proftest

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/protowire"
)

// A Message is a protocol buffer under construction, for what no encoder writes.
// Each method returns a longer one and leaves its receiver alone.
type Message []byte

// Key adds what begins a field.
func (m Message) Key(field, wire uint64) Message {
	return binary.AppendUvarint(slices.Clip(m), protowire.Tag(field, wire))
}

// Num adds a number.
func (m Message) Num(field, value uint64) Message {
	return protowire.AppendNumber(slices.Clip(m), field, value)
}

// Bytes adds a string or a message.
func (m Message) Bytes(field uint64, b []byte) Message {
	return protowire.AppendBytes(slices.Clip(m), field, b)
}

// Packed adds several numbers as one field.
func (m Message) Packed(field uint64, values ...uint64) Message {
	var run []byte
	for _, v := range values {
		run = binary.AppendUvarint(run, v)
	}
	return m.Bytes(field, run)
}

// Strings adds a string table, which begins with the empty string.
func (m Message) Strings(all ...string) Message {
	m = m.Bytes(6, nil)
	for _, s := range all {
		m = m.Bytes(6, []byte(s))
	}
	return m
}

// Column adds a sample type: strings 1 and 2.
func (m Message) Column() Message { return m.Bytes(1, Message{}.Num(1, 1).Num(2, 2)) }

// Function adds a function, whose name and file are strings.
func (m Message) Function(id, name, file uint64) Message {
	return m.Bytes(5, Message{}.Num(1, id).Num(2, name).Num(4, file))
}

// Location adds a location with a line of each function, all in line 7.
func (m Message) Location(id uint64, functions ...uint64) Message {
	loc := Message{}.Num(1, id)
	for _, f := range functions {
		loc = loc.Bytes(4, Message{}.Num(1, f).Num(2, 7))
	}
	return m.Bytes(4, loc)
}

// Sample adds a sample of one value.
func (m Message) Sample(value uint64, locations ...uint64) Message {
	return m.Bytes(2, Message{}.Packed(1, locations...).Packed(2, value))
}

// Small is a profile of one sample that is as it should be.
func Small() Message {
	return Message{}.Column().Strings("cpu", "nanoseconds", "main.a", "/a.go").Function(1, 3, 4).Location(1, 1).Sample(7, 1)
}

// LargeCPU returns a CPU profile as runtime/pprof writes it, with more than 64 KiB
// of samples before what is put behind them.
func LargeCPU(behind Message) Message {
	m := Message{}
	counts, nanos := m.Num(1, 1).Num(2, 2), m.Num(1, 3).Num(2, 4)
	head := m.Num(9, 1_700_000_000_000_000_000).Bytes(1, counts).Bytes(1, nanos).Num(10, 10_000_000_000).Bytes(11, nanos).Num(12, 10_000_000)
	sample := m.Bytes(2, m.Packed(1, 1).Packed(2, 1, 10_000_000))
	samples := bytes.Repeat(sample, 64<<10/len(sample)+1)
	return slices.Concat(head, samples, behind, m.Location(1), m.Strings("samples", "count", "cpu", "nanoseconds"))
}

// Zip compresses as well as it goes.
func Zip(tb testing.TB, plain []byte) []byte {
	tb.Helper()
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	require.NoError(tb, err)
	_, err = zip.Write(plain)
	require.NoError(tb, err)
	require.NoError(tb, zip.Close())
	return out.Bytes()
}
