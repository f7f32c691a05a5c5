package protowire

import "iter"

// A Cursor walks the fields of one message, as in
//
//	c := protowire.Walk(message)
//	for c.Next() {
//		switch c.Field { ... }
//	}
//	return c.Err
//
// The methods that read a field end the walk when it is not of their type.
type Cursor struct {
	Field uint64 // its number
	Type  uint64 // its wire type
	Err   error  // why the walk ended before the message

	message []byte
	start   int // message[start:to] is the field
	from    int // message[from:to] is what is in it
	to      int
	value   uint64
}

// Walk returns a cursor before the first field of a message.
func Walk(message []byte) Cursor { return Cursor{message: message} }

// Each calls visit at each field of a message, until it returns an error.
func Each(message []byte, visit func(*Cursor) error) error {
	c := Walk(message)
	for c.Next() {
		if err := visit(&c); err != nil {
			return err
		}
	}
	return c.Err
}

// Next moves to the next field. It is false at the end and after an error.
func (c *Cursor) Next() bool {
	rest := c.message[c.to:]
	if len(rest) == 0 {
		return false
	}
	tag, value, n := First(rest)
	if n == 0 {
		return c.fail(Fault(rest))
	}
	c.Field, c.Type = tag>>3, tag&7
	c.start = c.to
	c.to += n
	if c.Type != Varint {
		c.from = c.to - int(value)
		return true
	}
	c.value = value
	c.from = c.start + 1
	for i := 0; rest[i] >= 0x80; i++ {
		c.from++
	}
	return true
}

// Left returns how many bytes follow the field.
func (c *Cursor) Left() int { return len(c.message) - c.to }

func (c *Cursor) fail(err error) bool {
	if c.Err == nil {
		c.Err = err
	}
	c.value, c.message, c.start, c.from, c.to = 0, nil, 0, 0, 0
	return false
}

// Raw returns the whole field, with its tag.
func (c *Cursor) Raw() []byte { return c.message[c.start:c.to:c.to] }

// Number returns the field as a number.
func (c *Cursor) Number() uint64 {
	if c.Type != Varint {
		c.fail(ErrType)
	}
	return c.value
}

// Bytes returns the field as a string or as a message of its own.
func (c *Cursor) Bytes() []byte {
	if c.Type != Bytes {
		c.fail(ErrType)
	}
	return c.message[c.from:c.to:c.to]
}

// Run returns what encodes the numbers of a repeated field, packed or not.
// [Uvarint] reads them.
func (c *Cursor) Run() []byte {
	if c.Type != Varint && c.Type != Bytes {
		c.fail(ErrType)
	}
	return c.message[c.from:c.to:c.to]
}

// Numbers walks the numbers of a repeated field.
func (c *Cursor) Numbers() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for run := c.Run(); len(run) > 0; {
			value, n := Uvarint(run)
			if n == 0 {
				c.fail(ErrNumber)
				return
			}
			run = run[n:]
			if !yield(value) {
				return
			}
		}
	}
}

// Count returns how many numbers a repeated field has, without reading them.
func (c *Cursor) Count() int {
	n, _ := Count(c.Run())
	return n
}
