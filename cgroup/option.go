package cgroup

import "errors"

// Option changes what [Open] does.
type Option interface {
	apply(*config) error
}

// config is what the options set.
type config struct {
	root string                          // directory that stands for "/", without a slash at its end
	open func(path string) (file, error) // opens one file; replaced by tests that count or fail
}

type optionFunc func(*config) error

func (f optionFunc) apply(c *config) error { return f(c) }

// WithRoot makes the reader take every file from below dir instead of "/": dir/proc/self/cgroup,
// dir/proc/self/mountinfo, dir/proc/meminfo, and the groups at the mount points that mountinfo names, such as
// dir/sys/fs/cgroup. It is for trees of files that stand for a system, and works on every operating system. The default
// is "/"; given twice, the last one counts.
func WithRoot(dir string) Option {
	return optionFunc(func(c *config) error {
		if dir == "" {
			return errors.New("holmes: cgroup: WithRoot needs a directory")
		}
		c.root = dir
		return nil
	})
}
