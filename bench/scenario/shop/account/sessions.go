package account

import (
	"strconv"
	"sync"
	"time"
)

// Sessions are the customers who are here.
type Sessions struct {
	mu   sync.RWMutex
	open map[string]*session
}

type session struct {
	customer int
	seen     time.Time
	basket   [32]int64
	agent    string
}

// NewSessions returns no sessions.
func NewSessions() *Sessions { return &Sessions{open: map[string]*session{}} }

// Touch notes that a customer is here.
func (s *Sessions) Touch(customer, visit int) {
	key := strconv.Itoa(customer) + "/" + strconv.Itoa(visit)
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.open[key]
	if got == nil {
		got = &session{customer: customer, agent: "Mozilla/5.0 (X11; Linux x86_64) " + key}
		s.open[key] = got
	}
	got.seen = time.Now()
	got.basket[visit%len(got.basket)]++
}

// Len is how many there are.
func (s *Sessions) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.open)
}
