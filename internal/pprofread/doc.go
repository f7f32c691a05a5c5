// Package pprofread reads profiles without trusting them. It decodes the format
// that runtime/pprof writes, gzipped [profile.proto], and is the one place that
// knows which of a profile's value columns speaks for its kind.
//
// The decoder is here because that of github.com/google/pprof, which the tests
// hold this one against, brings package regexp along and compiles expressions
// at the start of every program: a quarter of a megabyte, and work for nothing.
//
// # What is wrong with a profile
//
// A malformed profile is an error: truncated or not a protocol
// buffer, a field of the wrong wire type, a number that does not end, a string
// that is not in the string table, two profiles in one. So is one that is too
// large, see [Parse]. A missing part is read as nothing, since the rest
// is evidence all the same: a location or function that is not there is a frame
// without a name, and a value that is negative or not there is 0.
//
// Labels, mappings, addresses and comments are not decoded, since no caller needs
// them. [Join] and [Subtract], which write profiles, copy them.
//
// # File map
//
//	inflate.go   the inflated bytes, bounded
//	parse.go     the passes over a profile, each needing what the last one found
//	measure.go   the first pass: how much there is
//	tables.go    the others: strings and functions, locations, samples
//	header.go    the profile's own fields
//	slab.go      how they are kept: many small slices cut from a large one
//	ids.go       how they find each other
//	profile.go   the decoded profile
//	times.go     the time alone
//	join.go      several profiles as one, without decoding them
//	column.go    kinds and columns
//	subtract.go  one profile less another
//
// [profile.proto]: https://github.com/google/pprof/blob/main/proto/profile.proto
package pprofread
