// Package pproftrim makes a profile fit for a receiver with limits: it drops the
// smallest samples and puts their total into one sample "other", so that what is
// left still adds up, and it can move the time that a profile speaks of.
//
// It knows the format only as far as it has to. What is kept is kept byte by
// byte: samples, locations, functions and fields that it has never heard of.
// Strings that nobody names any more become empty, so that no number changes.
//
//	scan.go    how large a profile is, without holding it
//	refs.go    where everything is in a profile, and who names whom
//	weigh.go   which samples are large
//	fit.go     which of them fit
//	choice.go  what is kept then
//	write.go   the new profile
package pproftrim
