//go:build !linux

package main

import (
	"errors"
	"runtime"
)

func readLink(string) linkState { return linkState{} }

func readClock() clockState { return clockState{unknown: errors.New("not built for " + runtime.GOOS)} }

func injector(string) (func([][]byte) error, error) {
	return nil, errors.New("sending frames is not built for " + runtime.GOOS)
}
