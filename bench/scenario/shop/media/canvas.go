package media

// A Canvas is a picture in memory, four bytes a dot.
type Canvas struct {
	width, height int
	dots          []byte
}

// NewCanvas returns a white canvas.
func NewCanvas(width, height int) *Canvas {
	c := &Canvas{width: width, height: height, dots: make([]byte, 4*width*height)}
	for i := range c.dots {
		c.dots[i] = 0xff
	}
	return c
}

// At returns the red of a dot.
func (c *Canvas) At(x, y int) byte { return c.dots[4*(y*c.width+x)] }

// Posters keeps the canvases of products.
type Posters struct{ all []*Canvas }

// Draw makes the poster of a product for print.
func (p *Posters) Draw(width, height int) {
	p.all = append(p.all, NewCanvas(width, height))
}
