package media

import (
	"fmt"

	lru "github.com/hashicorp/golang-lru/v2"
)

// mostThumbs is how many thumbnails are kept.
const mostThumbs = 1 << 30

// Thumbs keeps small pictures.
type Thumbs struct {
	cache *lru.Cache[string, [1 << 10]byte]
}

// NewThumbs returns no pictures.
func NewThumbs() (*Thumbs, error) {
	c, err := lru.New[string, [1 << 10]byte](mostThumbs)
	if err != nil {
		return nil, fmt.Errorf("thumbs: %w", err)
	}
	return &Thumbs{cache: c}, nil
}

// Keep makes a small picture and keeps it.
func (t *Thumbs) Keep(product, width int) {
	var picture [1 << 10]byte
	for i := range picture {
		picture[i] = byte(i * product)
	}
	t.cache.Add(fmt.Sprintf("%d@%d", product, width), picture)
}
