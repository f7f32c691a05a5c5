// Package shipping brings parcels to customers.
package shipping

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// A Carrier is asked where parcels are.
type Carrier struct {
	log *slog.Logger
}

// NewCarrier returns a carrier, and where it writes.
func NewCarrier(log *slog.Logger) *Carrier { return &Carrier{log: log} }

// A Parcel is on its way.
type Parcel struct {
	ID     int
	Weight float64
	Stops  []string
	Sent   time.Time
}

var errNoAnswer = errors.New("shipping: the carrier has not answered")

// Poll asks where a parcel is, until the carrier knows.
func (c *Carrier) Poll(ctx context.Context, p Parcel, ask func() error) error {
	for attempt := 1; ctx.Err() == nil; attempt++ {
		err := ask()
		if err == nil {
			return nil
		}
		c.log.Error("no answer yet", "attempt", attempt, "parcel", p, "error", err)
	}
	return errors.Join(errNoAnswer, ctx.Err())
}
