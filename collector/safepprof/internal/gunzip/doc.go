// Package gunzip inflates gzip step by step, without allocation and in the memory
// of its [Reader], 197 KiB. It does what compress/gzip does, which the tests hold
// it against, in less than half of the time: every profile that arrives is
// inflated to its end before it is accepted, and that is most of what accepting
// it costs.
//
// It is faster because it reads bits eight bytes at a time, not byte by byte
// through an interface, because one look into a table says what the next bits
// mean, extra bits and all, and because three literals in a row need no more than
// are there. It is not unsafe: Go checks every index that a stream has a say in.
//
// # File map
//
//	reader.go   the steps: member, block, trailer
//	header.go   what surrounds the deflated data: RFC 1952
//	bits.go     where the bits come from
//	block.go    the kinds of block: RFC 1951
//	huffman.go  from code lengths to tables
//	symbols.go  the loop over the symbols of a block
package gunzip
