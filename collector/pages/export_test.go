package pages

// Sessions returns the number of sessions.
func (p *Pages) Sessions() int {
	p.sessions.mu.Lock()
	defer p.sessions.mu.Unlock()
	return len(p.sessions.open)
}
