package proftest

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
)

// A Shape is a profile that grows when it is decoded: Head, then Unit any number of
// times.
type Shape struct {
	Name       string
	Head, Unit Message
	// Valid is whether a few units are nothing to complain about, so that only
	// their number gives them away.
	Valid bool
}

// Of returns the shape with as many units as fit into so many bytes.
func (s *Shape) Of(size int) []byte {
	return slices.Concat(s.Head, bytes.Repeat(s.Unit, max(size-len(s.Head), 0)/len(s.Unit)))
}

// Zip returns the gzip of [Shape.Of], in several members, which is quicker than in
// one.
func (s *Shape) Zip(tb testing.TB, size int) []byte {
	tb.Helper()
	const members = 16
	units := Zip(tb, bytes.Repeat(s.Unit, size/members/len(s.Unit)))
	return slices.Concat(Zip(tb, s.Head), bytes.Repeat(units, members))
}

// Shapes returns a shape for each part of a profile, each shortest on the wire
// compared with what it is decoded to.
func Shapes() []Shape {
	head := Message{}.Strings("cpu", "nanoseconds").Column()
	labels := func(n int, label Message) Message {
		return Message{}.Bytes(2, slices.Concat(Message{}.Num(2, 1), bytes.Repeat(Message{}.Bytes(3, label), n)))
	}
	run := make([]byte, 1000) // numbers, each 0
	return []Shape{
		{"empty samples", head, Message{}.Bytes(2, nil), false},
		{"samples", head, Message{}.Bytes(2, Message{}.Num(2, 1)), true},
		{"samples of a frame", head, Message{}.Bytes(2, Message{}.Num(1, 1).Num(2, 1)), true},
		{"long stacks", head, Message{}.Bytes(2, Message{}.Bytes(1, run).Num(2, 1)), true},
		{"frames one by one", head, Message{}.Bytes(2, append(bytes.Repeat(Message{}.Num(1, 1), 1000), Message{}.Num(2, 1)...)), true},
		{"many values", head, Message{}.Bytes(2, Message{}.Bytes(2, run)), false},
		{"values one by one", head, Message{}.Bytes(2, bytes.Repeat(Message{}.Num(2, 1), 1000)), false},
		{"empty labels", head, labels(1, nil), true},
		{"labels", head, labels(1, Message{}.Num(2, 1)), true},
		{"number labels", head, labels(1, Message{}.Num(3, 1)), true},
		{"labels with units", head, labels(1, Message{}.Num(4, 1)), true},
		{"nine labels", head, labels(9, Message{}.Num(2, 1)), true},
		{"a thousand labels", head, labels(1000, Message{}.Num(2, 1)), true},
		{"a thousand units", head, labels(1000, Message{}.Num(4, 1)), true},
		{"thousands of labels", head, labels(9000, nil), false},
		{"empty mappings", head, Message{}.Bytes(3, nil), false},
		{"mappings", head, Message{}.Bytes(3, Message{}.Num(1, 1)), true},
		{"empty locations", head, Message{}.Bytes(4, nil), false},
		{"locations", head, Message{}.Bytes(4, Message{}.Num(1, 1)), true},
		{"locations of a line", head, Message{}.Location(1, 1), true},
		{"empty lines", head, Message{}.Bytes(4, append(bytes.Repeat(Message{}.Bytes(4, nil), 1000), Message{}.Num(1, 1)...)), true},
		{"empty functions", head, Message{}.Bytes(5, nil), false},
		{"functions", head, Message{}.Bytes(5, Message{}.Num(1, 1)), true},
		{"functions far apart", head, Message{}.Bytes(5, Message{}.Num(1, 1<<60)), true},
		{"empty strings", head, Message{}.Bytes(6, nil), true},
		{"strings", head, Message{}.Bytes(6, []byte("ab")), true},
		{"comments", head, Message{}.Num(13, 1), true},
		{"packed comments", head, Message{}.Bytes(13, run), true},
		{"sample types", head, Message{}.Bytes(1, nil), false},
		{"period types", head, Message{}.Bytes(11, nil), true},
		{"unknown fields", head, Message{}.Num(100, 1), true},
		{"unknown bytes", head, Message{}.Bytes(100, run), true},
		{"inlined calls", unfolding(), Message{}.Bytes(2, Message{}.Bytes(1, bytes.Repeat([]byte{1}, 1000)).Num(2, 1)), true},
	}
}

// unfolding begins a profile whose first location has ten thousand calls.
func unfolding() Message {
	line := Message{}.Bytes(4, Message{}.Num(1, 1))
	return Message{}.Strings("cpu", "nanoseconds").Column().Function(1, 1, 1).
		Bytes(4, append(Message{}.Num(1, 1), bytes.Repeat(line, 10_000)...))
}

// Hostile returns bodies that must not be decoded, by name: some KiB that stand for
// hundreds of MiB, in every way that is known.
func Hostile(tb testing.TB) iter.Seq2[string, []byte] {
	tb.Helper()
	return func(yield func(string, []byte) bool) {
		for _, s := range Shapes() {
			if !yield("gzip of "+s.Name, s.Zip(tb, 16<<20)) {
				return
			}
		}
		for name, raw := range others(tb) {
			if !yield(name, raw) {
				return
			}
		}
	}
}

func others(tb testing.TB) map[string][]byte {
	tb.Helper()
	small := Zip(tb, Small())
	return map[string][]byte{
		"a gigabyte of zeros":        bytes.Repeat(Zip(tb, make([]byte, 1<<20)), 1024),
		"a long string":              slices.Concat(Zip(tb, Message{}.Strings("cpu", "nanoseconds").Column().Key(6, 2).length(16<<20)), bytes.Repeat(Zip(tb, make([]byte, 1<<18)), 64)),
		"a string that is not here":  Message{}.Strings("cpu").Key(6, 2).length(1 << 40),
		"a message that is not here": Message{}.Strings("cpu").Key(2, 2).length(1 << 62),
		"gzip in gzip":               Zip(tb, bytes.Repeat(small, 50_000)),
		"gzip after gzip":            bytes.Repeat(small, 50_000),
		"empty members":              bytes.Repeat(Zip(tb, nil), 50_000),
		"empty blocks":               EmptyBlocks(100_000),
		"attributes that multiply":   attributes(),
		"quadratic mappings":         quadratic(),
		"mappings of a profile":      Message{}.Strings("cpu", "nanoseconds").Column().mappings(100_000),
	}
}

func (m Message) length(n uint64) Message { return Message{}.Packed(0, n)[2:].after(m) }

func (m Message) after(head Message) Message { return slices.Concat(head, m) }

// mappings adds one after the other, as adjacent as they get.
func (m Message) mappings(n int) Message {
	for i := range uint64(n) {
		m = append(m, Message{}.Bytes(3, Message{}.Num(1, i+1).Num(2, i<<12).Num(3, (i+1)<<12))...)
	}
	return m
}

// attributes is a text form whose memory map defines names by names: thirty lines
// that stand for a gigabyte.
func attributes() []byte {
	var b strings.Builder
	b.WriteString("heap profile: 1: 1 [1: 1] @ heapprofile\n1: 1 [1: 1] @ 0x1000\nMAPPED_LIBRARIES:\na0=aaaaaaaaaaaaaaaa\n")
	for i := range 26 {
		fmt.Fprintf(&b, "a%d=$a%d$a%d\n", i+1, i, i)
	}
	b.WriteString("00001000-00002000 r-xp 00000000 00:00 0 $a26\n")
	return []byte(b.String())
}

// quadratic is a text form whose mappings are joined one by one, each time with a
// look at all locations.
func quadratic() []byte {
	var b strings.Builder
	b.WriteString("heap profile: 1: 1 [1: 1] @ heapprofile\n")
	for i := range 50_000 {
		fmt.Fprintf(&b, "1: 1 [1: 1] @ 0x%x\n", 0x1000*(i+1))
	}
	b.WriteString("MAPPED_LIBRARIES:\n")
	for i := range 50_000 {
		fmt.Fprintf(&b, "%08x-%08x r-xp 00000000 00:00 0 /bin/a\n", 0x1000*(i+1), 0x1000*(i+2))
	}
	return []byte(b.String())
}

// EmptyBlocks begins a gzip member of n blocks that describe a code and use it for
// nothing but their end. Each takes a microsecond, and 11 bytes and a half.
func EmptyBlocks(n int) []byte {
	raw := []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0}
	var bits uint64
	count := 0
	put := func(v uint64, n int) {
		bits |= v << count
		for count += n; count >= 8; count -= 8 {
			raw = append(raw, byte(bits))
			bits >>= 8
		}
	}
	for range n {
		put(2<<1, 3)        // a dynamic block, not the last
		put(14<<10, 14)     // 257 literals, one distance, 18 code lengths:
		for i := range 18 { // that of "many zeros" is 1, those of 0 and 1 are 2
			put([18]uint64{2: 1, 3: 2, 17: 2}[i], 3)
		}
		put(0|(138-11)<<1, 8) // 138 zeros
		put(0|(118-11)<<1, 8) // 118 zeros
		put(0b11, 2)          // the end of the block has one bit
		put(0b01, 2)          // there are no distances
		put(0, 1)             // the end
	}
	return raw
}
