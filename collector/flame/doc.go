// Package flame draws profiles: flame graphs, flame graphs of a difference, and
// the table of functions that goes with them.
//
//	graph := flame.New(stacks, flame.Options{Title: "shop, CPU", Unit: "nanoseconds", Of: "total over 10s"})
//	err := graph.WriteSVG(w)
//
// # How to read one
//
// A box is a function in one place of the call tree. Its width is the value of
// the function and its callees, which are below it, the largest first. The colour
// tells the origin of the code: own, standard library, third party. In a
// difference a box is as wide as both sides together, red where there is more
// than before and blue where there is less, and as strong as the share that
// changed.
//
// # What it promises
//
//   - The same stacks in the same order are the same bytes.
//   - A picture has at most [Options].Boxes boxes and is at most 3 MB: boxes
//     too narrow to be seen are left out, deep stacks are cut, and the picture
//     says so.
//   - It works without a script and without anything from outside; names are
//     text whatever they hold. With [Options].Script it zooms and searches.
//   - It follows the reader's preference for dark or light.
//
// # Caveats
//
//   - The values of a profile that is a difference already may be below zero. A box
//     is then as wide as the sum of magnitudes in it, blue if it is below zero, and
//     shares are of the sum of all magnitudes.
//   - The origin of a function is derived from its name and the path of its file.
//     Without [Options].Module a module of the fleet's own that was not built
//     from its own directory counts as a third party's.
//
// # For developers
//
// The pipeline:
//
//	stack.go -> tree.go -> layout.go -> svg.go
//	         -> top.go
//
//	stack.go    the input
//	tree.go     stacks that begin alike become one
//	layout.go   which boxes are worth drawing, and where
//	svg.go      the picture, escape.go its texts, flame.css and flame.js
//	colour.go   the origin of the code, and the direction of a change
//	unit.go     numbers with units
//	top.go      the table
package flame
