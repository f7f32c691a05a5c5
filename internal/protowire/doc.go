// Package protowire reads and writes the fields of protocol buffers. What it reads
// is not trusted: no bytes make it panic, read beyond the message, or allocate.
//
// A [Cursor] walks a message that is in memory, a [Stream] one that arrives in pieces,
// and a [Reader] messages within messages that are too large to be buffered.
// [First] is the step below the cursor, for loops in which each nanosecond counts.
//
// # File map
//
//	cursor.go  the fields of a message, one after the other
//	stream.go  the same of a message that arrives in pieces
//	reader.go  messages within messages, and what is in a field as a stream
//	field.go   one field, and numbers
//	append.go  writing
//	fields.go  the numbers of the fields of a profile
package protowire
