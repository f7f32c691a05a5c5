// Package imports takes in what suppliers send.
package imports

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// An Importer reads files of suppliers.
type Importer struct {
	client *http.Client

	mu    sync.Mutex
	last  []byte
	heads [][]byte
}

// New returns an importer.
func New() *Importer {
	return &Importer{client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
}

// Load reads a whole price list, and keeps it until the next one.
func (m *Importer) Load(ctx context.Context, url string) error {
	body, err := m.open(ctx, url)
	if err != nil {
		return err
	}
	defer body.Close()
	list, err := io.ReadAll(body)
	if err != nil {
		return fmt.Errorf("price list: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = list
	return nil
}

// Inspect reads a file to see what is in it, and keeps its first line.
func (m *Importer) Inspect(name string, size int) {
	content := bytes.Repeat([]byte(name+";stapler, red;12.99\n"), size/(len(name)+20))
	head, _, _ := bytes.Cut(content, []byte("\n"))
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heads = append(m.heads, head)
}

func (m *Importer) open(ctx context.Context, url string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := m.client.Do(req)
	if err != nil {
		return nil, err
	}
	return res.Body, nil
}
