package files

import "sync"

// A valueCache has the values of labels in the segments of the index, as lists of
// numbers: those of a million rows are added up in a millisecond. It is for questions
// without a service, a kind, labels and matchers, which every page and dashboard begins
// with. A removal makes the list of its segment be read anew.
type valueCache struct {
	mu     sync.Mutex
	labels map[string]*labelCache // by prefix and separator
}

// A labelCache is used with the cache's mutex held.
type labelCache struct {
	numbers map[string]uint32
	names   []string
	lists   map[uint64]valueList // by directory
	size    int                  // of all lists
}

type valueList struct {
	version uint64
	removed int64
	numbers []uint32
}

const (
	// maxCachedValues bounds the different values of all labels, and maxCachedNumbers the
	// lists: 32 MB each. A label that has more is not kept, and the others make room for
	// the one that is asked for.
	maxCachedValues  = 256 << 10
	maxCachedNumbers = 8 << 20
)

// with calls do with the cache of a label, whose key is that of the question.
func (c *valueCache) with(key string, do func(*labelCache) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	label := c.labels[key]
	if label == nil {
		label = &labelCache{numbers: map[string]uint32{}, lists: map[uint64]valueList{}}
	}
	err := do(label)
	delete(c.labels, key)
	if label.full() {
		return err // the next one begins anew
	}
	names, size := len(label.names), label.size
	for _, other := range c.labels {
		names, size = names+len(other.names), size+other.size
	}
	if c.labels == nil || full(names, size) {
		c.labels = map[string]*labelCache{}
	}
	c.labels[key] = label
	return err
}

func (c *labelCache) full() bool { return full(len(c.names), c.size) }

func full(names, size int) bool { return names > maxCachedValues || size > maxCachedNumbers }

func (c *labelCache) number(value []byte) uint32 {
	n, known := c.numbers[string(value)]
	if !known {
		name := string(value)
		n = uint32(len(c.names))
		c.numbers[name] = n
		c.names = append(c.names, name)
	}
	return n
}

func (c *labelCache) keep(dir uint64, list valueList) {
	c.size += len(list.numbers) - len(c.lists[dir].numbers)
	c.lists[dir] = list
}
