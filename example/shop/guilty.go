package shop

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"sync"
)

// The defects of the shop are in this file. They do no harm while carts are
// short, sessions end, and readers stay.

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
func (s *Shop) login(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintln(w, s.sessions.remember(number(r, "bytes")))
}

// remembered is the number of sessions that are kept while none leak.
const remembered = 50

// sessions holds the data of the users that are logged in.
type sessions struct {
	mu    sync.Mutex
	data  map[int][]byte
	next  int
	leaks bool // old sessions are never removed
}

func newSessions() *sessions { return &sessions{data: map[int][]byte{}} }

// remember stores the data of a user and removes the oldest session, unless
// sessions leak.
func (s *sessions) remember(size int) string {
	data := bytes.Repeat([]byte("likes tea; "), size/11)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data[s.next] = data
	if !s.leaks {
		delete(s.data, s.next-remembered)
	}
	s.next++
	return "session-" + strconv.Itoa(s.next)
}

func (s *sessions) leak(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaks = on
}

func (s *sessions) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.data)
}

// report renders pages concurrently and puts them together. A reader in a hurry
// takes the first page and leaves.
func (s *Shop) report(w http.ResponseWriter, r *http.Request) {
	rendered, wanted := make(chan string), number(r, "pages")
	released := s.pages.start(wanted, func(n int, released <-chan struct{}) { renderPage(n, rendered, released) })
	if r.URL.Query().Has("hurry") {
		wanted = 1
	}
	for range wanted {
		select {
		case page := <-rendered:
			fmt.Fprintln(w, page)
		case <-released:
			return
		}
	}
}

// renderPage sends a page to its reader. The channel has no buffer, so it waits
// for ever for a reader that has left.
func renderPage(n int, to chan<- string, released <-chan struct{}) {
	select {
	case to <- "page " + strconv.Itoa(n):
	case <-released: // only in an example, which has to end
	}
}
