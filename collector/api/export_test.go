package api

// Routes are the patterns of all routes, with the token that each needs.
func (h *Handler) Routes() map[string]string {
	all := map[string]string{}
	for _, r := range h.routes() {
		all[r.pattern] = r.needs.String()
	}
	return all
}
