// Package pproftrim makes a profile fit for a receiver with limits: it drops the
// smallest samples and puts their total into one sample "other", so that what is
// left still adds up, it can move the time that a profile speaks of, and it makes
// strings UTF-8.
//
// It knows the format only as far as it has to. Samples, locations, functions and
// unknown fields that are kept are copied byte by byte. Strings without a reference
// become empty, so that no number changes.
//
//	scan.go    how large a profile is, without holding it
//	refs.go    the places of all parts of a profile, and their references
//	weigh.go   which samples are large
//	fit.go     which of them fit
//	choice.go  the parts that are kept
//	write.go   the new profile
package pproftrim
