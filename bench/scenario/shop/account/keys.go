package account

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// Keys are those that a partner signs with, fetched when they are needed for
// the first time.
type Keys struct {
	url    string
	ctx    context.Context //nolint:containedctx // of the service, since the keys outlive the request that needs them first
	client *http.Client
	once   sync.Once
	key    []byte
	err    error
}

// NewKeys returns the keys behind a URL. They are fetched once, as long as ctx
// lasts.
func NewKeys(ctx context.Context, url string) *Keys {
	return &Keys{url: url, ctx: ctx, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
}

// ServeHTTP answers whether a customer comes from the partner.
func (k *Keys) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key, err := k.get()
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	_, _ = fmt.Fprintln(w, len(key) > 0, r.FormValue("customer")) // the visitor has gone
}

func (k *Keys) get() ([]byte, error) {
	k.once.Do(func() { k.key, k.err = k.fetch() })
	return k.key, k.err
}

// fetch asks the partner.
func (k *Keys) fetch() (key []byte, err error) {
	req, err := http.NewRequestWithContext(k.ctx, http.MethodGet, k.url, http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := k.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	return io.ReadAll(res.Body)
}
