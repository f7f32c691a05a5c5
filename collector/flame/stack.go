package flame

import "cmp"

// A Frame is one call of a stack.
type Frame struct {
	// Function is the full name, as Go's symbol table has it.
	Function string
	// File is the path of its source file as the compiler knew it, and may be
	// empty.
	File string
}

// A Stack is a list of calls and what was measured there.
type Stack struct {
	// Frames are root first. They are read before the next stack is asked
	// for, and not kept.
	Frames []Frame
	// Value was measured.
	Value float64
	// Base was measured in what Value is compared with, and is 0 where nothing
	// is compared.
	Base float64
}

// Options are what stacks do not say. The zero value is useful.
type Options struct {
	// Title stands above the picture.
	Title string
	// Unit is what values are counted in, as profiles name it: "nanoseconds",
	// "bytes", "count".
	Unit string
	// Scale and BaseScale are what all values, and all bases, are multiplied by, once
	// they are added up: so the order of stacks makes no difference. 0 is 1.
	Scale, BaseScale float64
	// Of says what the values are, such as "mean of 60 snapshots". It stands behind
	// the sum.
	Of string
	// Note stands below the picture, with what it leaves out.
	Note string
	// Diff draws Base against Value.
	Diff bool
	// Module is the path of the module that is the reader's own, beside
	// package main.
	Module string
	// Focus keeps what a function called, however it was called, and puts it
	// at the root. The default is everything.
	Focus string
	// Search marks the boxes whose function contains this text, whatever the
	// case, and says how much they are together.
	Search string
	// Boxes bounds how many are drawn; the default, and the most, is 5000.
	Boxes int
	// Depth bounds the rows; the default, and the most, is 300.
	Depth int
	// Script puts the script for zoom and search into the picture.
	Script bool
	// Inline leaves style and script out, for a page that brings [CSS] and
	// [JS] itself.
	Inline bool
}

const (
	maxBoxes = 5000
	maxDepth = 300
)

func (o Options) withDefaults() Options {
	if o.Boxes <= 0 || o.Boxes > maxBoxes {
		o.Boxes = maxBoxes
	}
	if o.Depth <= 0 || o.Depth > maxDepth {
		o.Depth = maxDepth
	}
	o.Scale, o.BaseScale = cmp.Or(o.Scale, 1), cmp.Or(o.BaseScale, 1)
	return o
}
