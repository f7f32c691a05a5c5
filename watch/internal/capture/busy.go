package capture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/go-holmes/holmes/internal/humanize"

	"github.com/go-holmes/holmes/watch/internal/client"
)

// maxAttempts is how often a profile is asked for.
const maxAttempts = 4

// record takes a profile with a duration. It waits for another program that is profiling
// the target, with jitter, because several may wait for the same one. It asks for a
// shorter profile where the target's server would end the answer before.
func (s *Source) record(ctx context.Context, k kind, most int64, lasting time.Duration) (pulled, error) {
	began, note := time.Now(), ""
	for attempt := 1; ; attempt++ {
		p, err := s.pull(ctx, k, most, lasting)
		p.note = note
		pause := time.Duration(0)
		switch {
		case err == nil || attempt == maxAttempts || ctx.Err() != nil:
			return p, err
		case isBusy(err):
			pause = lasting/2 + rand.N(lasting)
		case isTooLong(err) && lasting > time.Second:
			lasting = max(lasting/2, time.Second).Truncate(time.Second)
			note = fmt.Sprintf("only %s long, because the target's server has a WriteTimeout", humanize.Duration(lasting))
		default:
			return p, err
		}
		if pause == 0 {
			continue
		}
		if err := s.wait(ctx, pause); err != nil {
			return p, err
		}
		note = "another program was profiling the target: waited " + humanize.Duration(time.Since(began))
	}
}

// isBusy reports whether another program is profiling the target.
func isBusy(err error) bool { return answers(err, "profiling already in use") }

// isTooLong reports whether the target's server would end the answer before the profile
// is complete.
func isTooLong(err error) bool { return answers(err, "exceeds server's WriteTimeout") }

func answers(err error, text string) bool {
	var status *client.StatusError
	return errors.As(err, &status) && strings.Contains(status.Text, text)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
