package holmes

import (
	"errors"
	"time"
)

// WithNamedReporter adds a reporter under a name of your choice. It replaces the
// reporter of that name, or removes it if r is nil. Events wait under the name, on disk
// and across restarts: choose one if the reporter's own name may change, for example
// because it is the address of a receiver.
//
// A reporter that replaces another gets the events that wait for it. Events that wait
// for a removed reporter stay on disk until their space is needed, for a reporter of
// that name. Repeats add.
func WithNamedReporter(name string, r Reporter) Option {
	return option{"WithNamedReporter", func(c *config) error {
		if name == "" {
			return errors.New(`name "": must not be empty`)
		}
		c.delivery.Put(name, r)
		return nil
	}}
}

// WithReporterFunc adds the reporter that open returns, so that its error is one of
// [New]. The name is as in [WithNamedReporter], which replaces the reporter of that
// name, and "" for the reporter's own. A nil reporter is ignored. Repeats with other
// names, and with "", add.
func WithReporterFunc(name string, open func() (Reporter, error)) Option {
	return option{"WithReporterFunc", func(c *config) error {
		r, err := open()
		switch {
		case err != nil:
			return err
		case r == nil:
		case name != "":
			c.delivery.Put(name, r)
		default:
			c.delivery.Add(r)
		}
		return nil
	}}
}

// WithDumpAge sets how long the dump path keeps an event, delivered or not. A wall
// clock that is wrong for less than an hour removes no event. Default 30 days.
func WithDumpAge(age time.Duration) Option {
	return option{"WithDumpAge", func(c *config) error {
		c.store.Age = age
		return positive("age", age)
	}}
}

// WithDumpFree sets how many bytes of the disk must stay free: holmes does not write
// what would leave less, and removes delivered events to free space. 0 is no such
// limit. Default 5 % of the disk, at most 256 MiB. It has an effect on Linux, macOS and
// FreeBSD.
func WithDumpFree(bytes int64) Option {
	return option{"WithDumpFree", func(c *config) error {
		if err := notNegative("bytes", bytes); err != nil {
			return err
		}
		if c.store.Free = bytes; bytes == 0 {
			c.store.Free = -1 // no limit, in package dump
		}
		return nil
	}}
}
