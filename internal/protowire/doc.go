// Package protowire reads and writes the fields of protocol buffers. What it reads
// is not trusted: no bytes make it panic, read beyond the message, or allocate.
//
// A [Cursor] walks a message that is in memory. [First] is the step below it, for
// loops in which each nanosecond counts. What arrives in pieces, package safepprof
// of the collector and package pproftrim of the reporters read by themselves, up to
// the messages in it.
//
// # File map
//
//	cursor.go  the fields of a message, one after the other
//	field.go   one field, and numbers
//	append.go  writing
//	fields.go  the numbers of the fields of a profile
package protowire
