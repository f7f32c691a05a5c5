package main

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"sync"
)

// What is wrong with this service is in this file. None of it hurts while
// carts are short, sessions end, and readers stay.

// checkout prices a cart.
func checkout(w http.ResponseWriter, r *http.Request) {
	cart := make([]int, number(r, "items"))
	for i := range cart {
		cart[i] = i * 7 % 1000
	}
	fmt.Fprintln(w, applyCoupons(cart))
}

// applyCoupons takes a discount off every pair that sums up to a round price.
// It looks at each pair: fine for ten items.
func applyCoupons(cart []int) int {
	discount := 0
	for i := range cart {
		for j := range i {
			if (cart[i]+cart[j])%1000 == 0 {
				discount++
			}
		}
	}
	return discount
}

// login begins a session.
func (s *service) login(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintln(w, s.sessions.remember(number(r, "bytes")))
}

// sessions remembers who is logged in.
type sessions struct {
	mu     sync.Mutex
	data   map[int][]byte
	next   int
	lasts  int  // sessions that are remembered
	leaves bool // nobody ends old sessions
}

func newSessions() *sessions {
	return &sessions{data: map[int][]byte{}, lasts: 50}
}

// remember stores what is known of a user, and forgets the oldest. If nobody
// had switched that off, it would be no leak.
func (s *sessions) remember(size int) string {
	data := bytes.Repeat([]byte("likes tea; "), size/11)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data[s.next] = data
	if !s.leaves {
		delete(s.data, s.next-s.lasts)
	}
	s.next++
	return "session-" + strconv.Itoa(s.next)
}

func (s *sessions) leak(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaves = on
}

func (s *sessions) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.data)
}

// report renders pages beside each other and puts them together. One who is in
// a hurry gets the first and goes.
func (s *service) report(w http.ResponseWriter, r *http.Request) {
	rendered := make(chan string)
	batch := s.pages.batch()
	wanted := number(r, "pages")
	for n := range wanted {
		batch.start(func() { renderPage(n, rendered, batch.released) })
	}
	if r.URL.Query().Has("hurry") {
		wanted = 1
	}
	for range wanted {
		select {
		case page := <-rendered:
			fmt.Fprintln(w, page)
		case <-batch.released:
			return
		}
	}
}

// renderPage sends a page to its reader, and waits for ever for one that has
// left, as there is no room in the channel.
func renderPage(n int, to chan<- string, released <-chan struct{}) {
	select {
	case to <- "page " + strconv.Itoa(n):
	case <-released: // only in an example, which has to end
	}
}
