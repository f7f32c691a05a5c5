package capture

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/go-holmes/holmes/watch/internal/client"
	"github.com/go-holmes/holmes/watch/internal/targets"
)

// A Source is where the profiles of one target are taken.
type Source struct {
	Target *targets.Target
	Client *client.Client
	Pin    *client.Pin

	recording chan struct{} // holds one while a profile with a duration is taken
	wait      func(context.Context, time.Duration) error
}

// NewSource returns the source of a target.
func NewSource(t *targets.Target, c *client.Client, p *client.Pin) *Source {
	return &Source{Target: t, Client: c, Pin: p, recording: make(chan struct{}, 1), wait: sleep}
}

// A pulled is a profile that was taken.
type pulled struct {
	raw   []byte
	start time.Time
	took  time.Duration // 0 for a snapshot
	note  string
}

// pull takes one profile, lasting so long if its kind has a duration.
func (s *Source) pull(ctx context.Context, k kind, most int64, lasting time.Duration) (p pulled, err error) {
	query := url.Values{}
	limit := answerTime
	if k.Lasting {
		query.Set("seconds", strconv.Itoa(int(lasting/time.Second)))
		limit += lasting
		p.took = lasting
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	p.start = time.Now()
	p.raw, err = s.Client.Get(ctx, client.Request{URL: s.Target.Profile(k.Name, query), Most: most, Pin: s.Pin})
	if err != nil {
		return pulled{}, fmt.Errorf("%s profile: %w", k.Kind, err)
	}
	return p, nil
}
