package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// orders is what a process that runs for long is told by signals.
type orders struct {
	Reload  <-chan os.Signal // SIGHUP; several that are not yet taken are one
	Stop    context.Context  // is done with the first SIGTERM or SIGINT; the second kills
	forsake func()
}

// takeOrders begins to listen. Stop is done when ctx is, too.
func takeOrders(ctx context.Context) *orders {
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	stop, cancel := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(stop, cancel) // the next has its usual effect
	return &orders{Reload: reload, Stop: stop, forsake: func() {
		signal.Stop(reload)
		cancel()
	}}
}

// close gives the signals their usual effects back; Stop is done.
func (o *orders) close() { o.forsake() }
