package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

const (
	progressAfter = time.Second // nobody needs to be told about less
	progressEvery = 200 * time.Millisecond
	progressBar   = 24 // characters
	clearLine     = "\r\x1b[K"
)

// progress keeps a line on a terminal that says how far the reading is.
type progress struct {
	done chan struct{}
	idle sync.WaitGroup
}

// startProgress shows how far read is in a while, if w is a terminal; stop ends
// it. A total below 0 is not known.
func startProgress(w io.Writer, read func() (done, total int64)) *progress {
	if _, ok := terminalOf(w); !ok {
		return nil
	}
	p := &progress{done: make(chan struct{})}
	p.idle.Go(func() { p.show(w, read) })
	return p
}

// stop ends the line and takes it away. A nil progress has none.
func (p *progress) stop() {
	if p == nil {
		return
	}
	close(p.done)
	p.idle.Wait()
}

func (p *progress) show(w io.Writer, read func() (done, total int64)) {
	start := time.Now()
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	shown := false
	for {
		select {
		case <-p.done:
			if shown {
				io.WriteString(w, clearLine)
			}
			return
		case <-tick.C:
			if took := time.Since(start); took >= progressAfter {
				done, total := read()
				io.WriteString(w, clearLine+progressLine(done, total, took))
				shown = true
			}
		}
	}
}

// progressLine writes how much was read, how fast, and how long the rest will
// take.
func progressLine(done, total int64, took time.Duration) string {
	rate := float64(done) / took.Seconds()
	switch {
	case done <= 0 && total <= 0:
		return took.Round(time.Second).String()
	case total <= 0:
		return fmt.Sprintf("%s read, %s/s", size(float64(done)), size(rate))
	}
	part := min(float64(done)/float64(total), 1)
	filled := int(part * progressBar)
	line := fmt.Sprintf("[%s%s] %3.0f%% of %s, %s/s", strings.Repeat("#", filled), strings.Repeat(".", progressBar-filled),
		100*part, size(float64(total)), size(rate))
	if rate > 0 {
		left := time.Duration(float64(total-done) / rate * float64(time.Second))
		line += fmt.Sprintf(", %s left", max(left, 0).Round(time.Second))
	}
	return line
}

// size writes a number of bytes in units of 1000.
func size(bytes float64) string {
	units := []string{"B", "kB", "MB", "GB", "TB", "PB"}
	for len(units) > 1 && bytes >= 999.5 {
		bytes, units = bytes/1000, units[1:]
	}
	if bytes < 9.95 && units[0] != "B" {
		return fmt.Sprintf("%.1f %s", bytes, units[0])
	}
	return fmt.Sprintf("%.0f %s", bytes, units[0])
}
