package pages

// Sessions returns how many profiles pprof's pages are kept of.
func (p *Pages) Sessions() int {
	p.sessions.mu.Lock()
	defer p.sessions.mu.Unlock()
	return len(p.sessions.open)
}
