package alert

import (
	"context"
	"io"
	"time"
)

// Form writes an alert as one line, or one message, of bytes.
type Form func(*Alert) ([]byte, error)

// Writer is a sink that writes lines to a stream, such as standard output.
type Writer struct{ *queue }

// NewWriter returns a Writer to w in a form that ends its lines itself. What
// cannot be written is lost: a stream cannot be opened again.
func NewWriter(w io.Writer, form Form, o QueueOptions) *Writer {
	q := newQueue(o)
	q.start(func(ctx context.Context) {
		if d, ok := w.(interface{ SetWriteDeadline(time.Time) error }); ok {
			stop := context.AfterFunc(ctx, func() { d.SetWriteDeadline(time.Unix(1, 0)) })
			defer stop()
		}
		q.run(ctx, &stream{w: w, form: form})
	})
	return &Writer{q}
}

type stream struct {
	w    io.Writer
	form Form
	torn bool // the last line was written in part
}

func (s *stream) send(_ context.Context, a *Alert) error {
	line, err := s.form(a)
	if err != nil {
		return hopeless{err}
	}
	if s.torn {
		line = append([]byte("\n"), line...)
	}
	n, err := s.w.Write(line)
	if err != nil {
		s.torn = s.torn && n == 0 || 0 < n && n < len(line)
		return hopeless{err}
	}
	s.torn = false
	return nil
}

func (s *stream) broken() <-chan struct{}    { return nil }
func (s *stream) mend(context.Context) error { return nil }
func (s *stream) owes() int                  { return 0 }
func (s *stream) close()                     {}
