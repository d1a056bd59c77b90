package flow

import "time"

// queue is a list of flows in order of their last activity.
type queue struct {
	timeout        time.Duration
	heads          *heads // of the table
	oldest, newest *Flow
}

func (q *queue) push(f *Flow) {
	f.queue, f.older, f.newer = q, q.newest, nil
	if q.newest != nil {
		q.newest.newer = f
	} else {
		q.oldest = f
	}
	q.newest = f
}

func (q *queue) remove(f *Flow) {
	if f.older != nil {
		f.older.newer = f.newer
	} else {
		q.oldest = f.newer
	}
	if f.newer != nil {
		f.newer.older = f.older
	} else {
		q.newest = f.older
	}
	f.older, f.newer = nil, nil
}
