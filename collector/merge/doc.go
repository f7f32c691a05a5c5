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
// A [Merger] makes one of what a query finds. What that means is decided here, for
// every form of every answer, by the kind of the profiles, the types of their
// values and whether they cover a time; [Fold.Measure] says it:
//
//   - Flows, such as CPU time and allocations, are added up over time: a total, or a
//     rate per second of the time that is covered.
//   - Snapshots, such as the heap in use and goroutines, are never added over time.
//     Of each instance it is the mean, or the latest.
//   - What the runtime counts from the start of a process on (alloc_space,
//     contentions) is the difference of the last and the first profile of a process,
//     or what several processes had.
//   - Instances are added up, or averaged, as the [View] says.
//   - A comparison brings both sides to the same time and to as many instances, see
//     [Balance].
//
// So each profile has a weight for each type of values, which the plan of a query
// holds: 1 for a flow, a part for a snapshot, and -1 and 1 for the ends of what was
// counted from the start of a process on.
//
// So that wide windows are answered at once it keeps roll-ups: the fold of an
// hour's profiles, and of a day's, of one service and kind, by labels.
// [Merger.Roller] makes them in the background. They never change an answer: what a
// query finds and a roll-up does not have is folded from the profile itself, a
// group is left alone if it has more than the query finds, if its profiles do not
// weigh the same, or if it has lost labels that are wanted, and what would have to
// be trimmed is not rolled up. So they can be removed at any time. What has no roll-up yet
// is read profile by profile, and [Merger.Backlog] says how much that is.
//
// # Caveats
//
//   - Addresses are dropped where functions are known. For instructions, look
//     at a single profile.
//   - An instance is what the label instance, pod or host says. Profiles without one
//     are taken as those of one instance.
//   - Nothing in a profile says which process it is of. Another one has begun where
//     the labels differ, or a sum became less.
//   - A profile that the check lets pass and whose samples refer to what is
//     missing is left out, and counted.
//
// # For developers
//
//	fold.go     Fold: a profile goes in
//	source.go   one profile: where its parts are; check.go whether they fit
//	columns.go  types of values and their units
//	tables.go   functions, locations and labels, each once
//	stacks.go   stacks and their values
//	shrink.go   fewer stacks
//	diff.go     subtraction
//	encode.go   the sum as a profile
//	calls.go    the sum as stacks of calls; graph.go as a call graph
//	measure.go  what values are, in words
//	plan.go     what each profile weighs; ref.go, facts.go what has to be known for that
//	merger.go   what a query finds; run.go how it becomes one
//	period.go   hours and days
//	rollup.go   the roll-ups that there are; rollfile.go one as a file; group.go, members.go its parts
//	backlog.go  periods that have something to roll up; waiting.go which is next; behind.go how many
//	roller.go   when roll-ups are made, and when they go; listing.go, parts.go of which profiles
//	outlive.go  roll-ups whose profiles are gone
package merge
