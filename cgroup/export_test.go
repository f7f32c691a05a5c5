package cgroup

// File is one open file of a [Reader].
type File = file

// WithOpen makes the reader open its files through open, which may count them or fail.
func WithOpen(open func(path string) (File, error)) Option {
	return optionFunc(func(c *config) error {
		c.open = open
		return nil
	})
}

// OpenFile is how a reader opens files otherwise.
func OpenFile(path string) (File, error) { return openFile(path) }

// FollowEvery is how many calls of Usage it takes at most to notice a move.
const FollowEvery = followEvery

// MaxLevels is the number of levels that are read at most.
const MaxLevels = maxLevels
