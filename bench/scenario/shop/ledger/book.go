// Package ledger is the shop's books.
package ledger

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// A Book has entries, which many read and some write.
type Book struct {
	mu      sync.RWMutex
	entries []int
}

// NewBook returns a book with some entries.
func NewBook(n int) *Book { return &Book{entries: make([]int, n)} }

// A line is an entry as it is printed.
type line struct {
	number  int
	amount  *amount
	comment []*string
}

type amount struct{ cents, tax int }

// Statement sums up the entries from a page on, as they are printed.
func (b *Book) Statement(from, n int) (sum int) {
	for _, l := range b.lines(from, n) {
		sum += l.amount.cents + l.amount.tax
		for _, c := range l.comment {
			sum += len(*c)
		}
	}
	return sum
}

func (b *Book) lines(from, n int) []*line {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var all []*line
	for i := range n {
		cents := b.entries[(from+i)%len(b.entries)]
		l := &line{number: from + i, amount: &amount{cents: cents, tax: cents / 5}}
		for range 3 {
			text := "entry " + strconv.Itoa(from+i)
			l.comment = append(l.comment, &text)
		}
		all = append(all, l)
	}
	return all
}

// Post adds to an entry.
func (b *Book) Post(number, cents int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries[number%len(b.entries)] += cents
}

// Balance is the sum of the first entries.
func (b *Book) Balance() (sum int) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, e := range b.entries[:100] {
		sum += e
	}
	return sum
}

// ServeHTTP answers with the balance.
func (b *Book) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write(strconv.AppendInt(nil, int64(b.Balance()), 10)) // the visitor has gone
}

// Export sends the entries to an auditor, who takes one every now and then.
func (b *Book) Export(ctx context.Context, each time.Duration, send func(cents int)) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	pace := time.NewTicker(each)
	defer pace.Stop()
	for _, e := range b.entries {
		select {
		case <-ctx.Done():
			return
		case <-pace.C:
			send(e)
		}
	}
}
