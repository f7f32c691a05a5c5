package files

// The causes of removals.
const (
	byAge     = "age"
	byBytes   = "bytes"
	byQuota   = "quota"
	byDisk    = "disk"
	byRequest = "request"
)

// A removal is why uploads of a class and a service were removed.
type removal struct {
	cause   string
	class   class
	service string
}

// A removedCount counts removals. It is used while sweeping is held.
type removedCount struct {
	sinceStart map[removal]amount // without services
	unlogged   map[removal]amount
}

func (c *removedCount) add(r removal, a amount) {
	if c.unlogged == nil {
		c.unlogged, c.sinceStart = map[removal]amount{}, map[removal]amount{}
	}
	sum := c.unlogged[r]
	sum.add(a)
	c.unlogged[r] = sum
	r.service = ""
	sum = c.sinceStart[r]
	sum.add(a)
	c.sinceStart[r] = sum
}
