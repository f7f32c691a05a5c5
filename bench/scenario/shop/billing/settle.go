// Package billing writes invoices.
package billing

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"

	"github.com/go-holmes/holmes/bench/scenario/shop/storage"
)

// A Service writes invoices into the database, and tells the bank of them.
type Service struct {
	db   *sql.DB
	bank string
	http *http.Client
}

// NewService returns a service.
func NewService(db *sql.DB, bank string) *Service {
	return &Service{db: db, bank: bank, http: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
}

// Settle writes an invoice, unless the bank does not want it.
func (s *Service) Settle(ctx context.Context, invoice int) (err error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = tx.Rollback() // the first error counts
		}
	}()
	if _, err := storage.Get(ctx, tx, fmt.Sprintf("put invoice %d", invoice)); err != nil {
		return err
	}
	if err := s.tell(ctx, invoice); err != nil {
		return err
	}
	return tx.Commit()
}

func (s *Service) tell(ctx context.Context, invoice int) error {
	url := fmt.Sprintf("%s/slow?ms=60000&invoice=%d", s.bank, invoice)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	res, err := s.http.Do(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}
