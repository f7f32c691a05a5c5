// Package merge adds profiles up, subtracts them, and makes them smaller.
//
//	f := merge.NewFold(0)
//	for ... {
//		raw, _, err := checker.Read(body, raw[:0]) // a safepprof.Checker
//		err = f.Add(raw)
//	}
//	f.WriteTo(w)
//
// # How it works
//
// A [Fold] takes one profile after another and keeps nothing of it but the sums
// of its stacks: a thousand profiles of one program take little more than the
// first. It reads the bytes of a profile in place, and only those that a
// [safepprof.Checker] has let pass. The result is that of
// github.com/google/pprof, to which the tests compare it, in a fraction of its time
// and memory. A fold that grows beyond its bound adds up the smallest
// stacks as one, named "(other)", so that no sum is ever wrong.
//
// A [Merger] folds what a query finds. So that wide windows are answered at once
// it keeps roll-ups: the fold of an hour's profiles, and of a day's, of one
// service and kind, by labels. [Merger.Run] makes them in the background. They
// are never trusted further than they name the profiles that are in them: what a
// query finds and a roll-up does not have is folded from the profile itself, and
// a roll-up that has more than the query finds is left alone. So they can be
// removed at any time.
//
// # Caveats
//
//   - Addresses are dropped where functions are known. For instructions, look
//     at a single profile.
//   - Snapshots such as heap profiles are added up like all others. Half of what
//     two of them hold is what one of them holds on the average.
//   - A profile that the check lets pass and whose samples refer to what is
//     missing is left out, and counted.
//
// # For developers
//
//	fold.go     Fold: a profile goes in
//	source.go   one profile: where its parts are; check.go whether they fit
//	tables.go   functions, locations and labels, each once
//	stacks.go   stacks and their values
//	shrink.go   fewer stacks
//	diff.go     subtraction
//	encode.go   the sum as a profile
//	calls.go    the sum as stacks of calls; graph.go as a call graph
//	merger.go   what a query finds
//	rollup.go   a roll-up's file; group.go by which labels
//	roller.go   when they are made, and when they go
package merge
