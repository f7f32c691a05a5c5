package holmes

import (
	"errors"
	"time"
)

// WithNamedReporter adds a reporter under a name of your choice, or puts it in
// the place of the one that has the name; nil takes that one out. The name is
// what events wait under, on disk and across restarts: give it where the
// reporter's own name may change, as one does that is the address of a receiver.
//
// A reporter that replaces another gets what waits for it. What waits for one
// that is taken out stays on disk until its space is wanted, for a reporter of
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

// WithDumpAge sets how long the dump path keeps an event, delivered or not. A
// wall clock that is set wrong for less than an hour costs nothing. Default 30
// days.
func WithDumpAge(age time.Duration) Option {
	return option{"WithDumpAge", func(c *config) error {
		c.store.Age = age
		return positive("age", age)
	}}
}

// WithDumpFree sets how many bytes of the disk are left to others: what would
// leave less is not written, and what was delivered is removed for it. 0 is no
// such limit. Default 5 % of the disk, at most 256 MiB. It is kept on Linux,
// macOS and FreeBSD.
func WithDumpFree(bytes int64) Option {
	return option{"WithDumpFree", func(c *config) error {
		if err := notNegative("bytes", bytes); err != nil {
			return err
		}
		if c.store.Free = bytes; bytes == 0 {
			c.store.Free = -1 // the store's word for none
		}
		return nil
	}}
}
