package race

// siteBits makes 2^siteBits allocation sites, as a large service has them: stacks of
// siteBits+3 calls.
const siteBits = 17

// allocate allocates once from each stack.
func (h *heapOf) allocate() {
	for path := range 1 << siteBits {
		h.next(path, siteBits)
	}
}

func (h *heapOf) next(path, depth int) {
	if path&1 == 0 {
		h.left(path>>1, depth-1)
	} else {
		h.right(path>>1, depth-1)
	}
}

//go:noinline
func (h *heapOf) left(path, depth int) {
	if depth == 0 {
		h.normal = append(h.normal, make([]byte, 64))
		return
	}
	h.next(path, depth)
}

//go:noinline
func (h *heapOf) right(path, depth int) {
	if depth == 0 {
		h.normal = append(h.normal, make([]byte, 96))
		return
	}
	h.next(path, depth)
}
