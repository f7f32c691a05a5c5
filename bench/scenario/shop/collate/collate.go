// Package collate puts lists in order, whatever they are of.
package collate

import "slices"

// Unique returns the values of a list without repeats, in their order.
func Unique[T any](list []T, same func(a, b T) bool) []T {
	var out []T
	for _, v := range list {
		known := false
		for _, have := range out {
			if same(have, v) {
				known = true
				break
			}
		}
		if !known {
			out = append(out, v)
		}
	}
	return out
}

// A Set keeps values in the order in which they came.
type Set[T comparable] struct {
	values []T
}

// Merge adds the values of another set.
func (s *Set[T]) Merge(other []T) {
	for _, v := range other {
		if !s.has(v) {
			s.values = append(s.values, v)
		}
	}
}

// has looks for a value.
func (s *Set[T]) has(v T) bool {
	return slices.Contains(s.values, v)
}

// Len is how many values there are.
func (s *Set[T]) Len() int { return len(s.values) }
