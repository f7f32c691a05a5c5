package reviews

import "sync"

// A Digest keeps the beginning of every review.
type Digest struct {
	mu    sync.Mutex
	heads []string
}

// Add keeps the headline of a review that has come as bytes.
func (d *Digest) Add(body []byte) {
	text := string(body)
	headline := text[:min(48, len(text))]
	d.mu.Lock()
	defer d.mu.Unlock()
	d.heads = append(d.heads, headline)
}

// Len is how many there are.
func (d *Digest) Len() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.heads)
}
