package partners

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
)

// A Client asks a partner's service.
type Client struct {
	url  string
	http *http.Client

	mu    sync.Mutex
	rates map[string]float64
}

// NewClient returns a client of the service at a URL.
func NewClient(url string) *Client {
	return &Client{url: url, http: &http.Client{Transport: &http.Transport{}}}
}

// Close ends the connections that wait for use.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Refresh asks for the exchange rates of the hour.
func (c *Client) Refresh(ctx context.Context, path string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+path, http.NoBody)
	if err != nil {
		return err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	fresh := map[string]float64{}
	if err := json.NewDecoder(res.Body).Decode(&fresh); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rates = fresh
	return nil
}

// Available asks whether an offer stands.
func (c *Client) Available(ctx context.Context, offer int) (bool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/gone?offer=%d", c.url, offer), http.NoBody)
	if err != nil {
		return false, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return false, err
	}
	if res.StatusCode != http.StatusOK {
		return false, nil
	}
	defer res.Body.Close()
	var stands bool
	err = json.NewDecoder(res.Body).Decode(&stands)
	return stands, err
}
