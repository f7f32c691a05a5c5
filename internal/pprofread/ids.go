package pprofread

// Ids find the place of a message in its table by the message's id. That
// is a number of 64 bits, but the runtime counts from 1.
type ids struct {
	dense  []uint32
	sparse map[uint64]uint32 // for ids that are larger than there are messages
}

func makeIDs(n int) ids { return ids{dense: make([]uint32, n+1)} }

// set says where the message with an id is. The last one of an id counts.
func (x *ids) set(id uint64, place int) {
	if id < uint64(len(x.dense)) {
		x.dense[id] = uint32(place)
		return
	}
	if x.sparse == nil {
		x.sparse = map[uint64]uint32{}
	}
	x.sparse[id] = uint32(place)
}

// place returns where the message with an id is, and 0 for an id that no
// message has. The first place of every table is kept for that.
func (x *ids) place(id uint64) uint32 {
	if id < uint64(len(x.dense)) {
		return x.dense[id]
	}
	return x.sparse[id]
}
