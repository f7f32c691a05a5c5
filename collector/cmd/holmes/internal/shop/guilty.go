package shop

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"sync"
)

// checkout prices a cart.
func checkout(w http.ResponseWriter, r *http.Request) {
	cart := make([]int, number(r, "items"))
	for i := range cart {
		cart[i] = i * 7 % 1000
	}
	fmt.Fprintln(w, applyCoupons(cart))
}

// applyCoupons gives a discount for each pair that makes a round price. It looks
// at all pairs, which nobody notices while carts are short.
func applyCoupons(cart []int) (discount int) {
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

// sessions are who is logged in, and what is known of them.
type sessions struct {
	mu   sync.Mutex
	data map[int][]byte
	next int
	leak bool // old ones stay
}

// remembered is how many sessions there are while nothing leaks.
const remembered = 50

func newSessions() *sessions { return &sessions{data: map[int][]byte{}} }

// remember keeps what is known of a visitor, and forgets the oldest one. That is
// what somebody has switched off when it leaks.
func (s *sessions) remember(size int) string {
	data := bytes.Repeat([]byte("likes tea; "), size/11)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data[s.next] = data
	if !s.leak {
		delete(s.data, s.next-remembered)
	}
	s.next++
	return "session " + strconv.Itoa(s.next)
}

// set switches the leak on or off; what has leaked goes with it.
func (s *sessions) set(leak bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leak = leak; !leak {
		clear(s.data)
	}
}

// report renders pages beside each other and puts them together. Who is in a hurry
// takes the first one and goes.
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

// renderPage hands a page to its reader, and waits for ever for one who has left:
// the channel has no room.
func renderPage(n int, to chan<- string, released <-chan struct{}) {
	select {
	case to <- "page " + strconv.Itoa(n):
	case <-released: // in a demo, which has to end
	}
}

// pages keeps account of those that are being rendered, so that the demo can put
// an end to the ones that nobody will read.
type pages struct {
	mu       sync.Mutex
	running  *sync.WaitGroup
	released chan struct{}
}

func newPages() *pages { return &pages{running: new(sync.WaitGroup), released: make(chan struct{})} }

// start renders pages, each in a goroutine. The channel is closed by release.
func (p *pages) start(n int, render func(n int, released <-chan struct{})) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	released := p.released
	for i := range n {
		p.running.Go(func() { render(i, released) })
	}
	return released
}

// release ends all that were started, and returns when they have ended.
func (p *pages) release() {
	p.mu.Lock()
	old, released := p.running, p.released
	p.running, p.released = new(sync.WaitGroup), make(chan struct{})
	p.mu.Unlock()
	close(released)
	old.Wait()
}
