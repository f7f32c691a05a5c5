package blackbox

import "math/bits"

// Odd constants without a pattern: the fractions of the square roots of 2, 3
// and 5, made odd.
const (
	keyA uint64 = 0x6a09e667f3bcc909
	keyB uint64 = 0xbb67ae8584caa73b
	keyC uint64 = 0x3c6ef372fe94f82b
)

// checksum distinguishes words that belong together from a mixture of old and new
// ones. It is no defence against an attacker. The products of the pairs do not depend
// on each other, so the processor computes several at a time.
func checksum(seq uint64, w []uint64) uint64 {
	sum, key := seq*keyC, keyB
	for len(w) >= 2 {
		hi, lo := bits.Mul64(w[0]^keyA, w[1]^key)
		sum += hi ^ lo
		key += keyC << 1
		w = w[2:]
	}
	if len(w) == 1 {
		hi, lo := bits.Mul64(w[0]^keyA, key)
		sum += hi ^ lo
	}
	return sum
}
