// Package safepprof checks profiles that a client has sent, before anything decodes
// them.
//
// A profile in pprof's format can be 15 KB and need a gigabyte once it is
// decoded, and the format's usual parser takes what is no protocol buffer for one
// of six legacy text forms, whose attributes multiply. So nothing here is parsed
// in full. A [Checker] reads the profile once, as a stream: it inflates it some
// KiB at a time, walks the protocol buffer's fields as they go by, and adds up
// what a decoder would have to allocate for them. It ends with a reason as soon
// as a limit is passed or the bytes are no profile. That takes a fixed amount of
// memory whatever is sent, some 200 KiB for each profile that is checked at
// the same time, no allocation that grows with the profile, and about a third of
// the time that decoding takes, most of it for inflating. The text forms are never
// read.
//
// [Checker.Check] and [Checker.Read] walk all of a profile. [Checker.ShallowCheck]
// walks most profiles from message to message only, for a server that has many to
// accept.
//
// A profile that passes is worth storing. It is still not decoded by the usual parser:
// [Checker.Read] returns the inflated bytes together with the verdict, and
// package merge folds these.
//
// # What is refused
//
//   - Too large, see [Limits]: the body, what it inflates to, how many times, and
//     what it would be decoded to.
//   - No profile: truncated, not gzip and not a protocol buffer, text, a field of
//     the wrong type, a string that is not in the table, an ID of 0, a sample with
//     other values than the profile has, several profiles in one.
//   - No profile that a profiler writes: see the constants in limits.go.
//
// Errors that only a table of all IDs shows are left to package merge: a sample
// may still name a location that is missing.
//
// # Caveats
//
// The cost is that of github.com/google/pprof/profile, the usual decoder: an upper
// bound of all that it allocates, which is two to five times what it has in use at
// the end. The model is held against that version of it which go.mod names.
//
// The number of deflated blocks has no bound but Limits.Body. 16 MiB of the smallest
// blocks that describe a code of their own, and inflate to a profile, take some
// seconds of the processor's time, ten times what others of that size take.
//
// # File map
//
//	checker.go  Checker: the bytes go in, a verdict comes out
//	limits.go   the limits, and bounds that every real profile keeps
//	errors.go   the verdicts
//	info.go     the description of a profile that passes
//	inflate.go  the members of a gzip file
//	stream.go   the inflated bytes as they go by
//	envelope.go the same of a request that holds profiles
//	scan.go     the fields of a profile
//	parts.go    the messages in it
//	shallow.go  past them
//	cost.go     the cost of decoding them
//	names.go    the few strings whose text is needed
//	other.go    traces and text
package safepprof
