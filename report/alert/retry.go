package alert

import (
	"context"
	"errors"
	"time"
)

// Retry says how long to wait before what failed is tried again: First, and twice
// as long each time up to Max, of which Jitter takes up to a half away, so that
// many sensors do not come back at once. Jitter returns numbers from 0 up to 1
// and may be called by several goroutines.
type Retry struct {
	First, Max time.Duration
	Jitter     func() float64
}

// after returns the wait after the first attempt, 0, and those that follow.
func (r Retry) after(attempt int) time.Duration {
	wait := r.First
	for range attempt {
		if wait = min(2*wait, r.Max); wait == r.Max {
			break
		}
	}
	return wait - time.Duration(r.Jitter()*float64(wait/2))
}

// hopeless is an error that another attempt would not change.
type hopeless struct{ error }

func (h hopeless) Unwrap() error { return h.error }

func isHopeless(err error) bool {
	var h hopeless
	return errors.As(err, &h)
}

// sleep waits, and reports whether nothing ended it before.
func sleep(ctx context.Context, wait time.Duration, wake <-chan struct{}) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-wake:
		return false
	case <-ctx.Done():
		return false
	}
}
