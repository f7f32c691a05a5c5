// Package pproftext writes a parsed profile as text, the largest stacks first.
// The runtime's own text forms (debug=1 and 2) are not used: they are not sorted
// by value, and writing one can stop the world.
package pproftext

import (
	"bufio"
	"fmt"
	"io"
	"time"

	"github.com/go-holmes/holmes/internal/pprofread"
)

// Write writes p as text: a header with the kind of value, its unit, the total
// and the time that it covers, then the top largest stacks, each with its
// value, its part of the total and its frames from the leaf to the root. A top
// of 0 or less means all of them. Samples with the same stack are one; a stack
// of no value is left out.
//
// An empty profile gives a header that says so. The error is w's.
func Write(w io.Writer, p *pprofread.Profile, top int) error {
	out := bufio.NewWriter(w)
	kind := pprofread.KindOf(p)
	column, ok := pprofread.ColumnOf(p, kind)
	if ok {
		write(out, p, column, top)
	} else {
		out.WriteString("profile without values\n")
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("holmes: write text profile: %w", err)
	}
	return nil
}

// write leaves errors to the Flush of out.
func write(out *bufio.Writer, p *pprofread.Profile, column pprofread.Column, top int) {
	stacks, total := group(p, column)
	if top <= 0 || top > len(stacks) {
		top = len(stacks)
	}
	fmt.Fprintf(out, "type: %s\nunit: %s\ntotal: %s\n", column.Type, column.Unit, amount(total, column.Unit))
	if p.TimeNanos > 0 {
		fmt.Fprintf(out, "time: %s\n", time.Unix(0, p.TimeNanos).UTC().Format(time.RFC3339Nano))
	}
	fmt.Fprintf(out, "duration: %s\n", time.Duration(max(p.DurationNanos, 0)))
	fmt.Fprintf(out, "stacks: %d of %d, largest first\n", top, len(stacks))
	for _, s := range stacks[:top] {
		fmt.Fprintf(out, "\n%s  %.1f %%", amount(s.value, column.Unit), 100*s.value/total)
		if column.CountType != "" && column.CountType != column.Type {
			fmt.Fprintf(out, "  %.0f %s", s.count, column.CountType)
		}
		out.WriteByte('\n')
		for f := range s.sample.Frames() {
			writeFrame(out, f)
		}
	}
}

func writeFrame(out *bufio.Writer, f pprofread.Frame) {
	name := f.Function
	if name == "" {
		name = "?"
	}
	fmt.Fprintf(out, "    %s", name)
	if f.File != "" {
		fmt.Fprintf(out, " %s:%d", f.File, f.Line)
	}
	out.WriteByte('\n')
}
