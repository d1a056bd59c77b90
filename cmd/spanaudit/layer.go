package main

import (
	"fmt"
	"strings"
)

// layer is one way in which the kernel confines this process.
type layer struct {
	Name string
	Held bool   // it is in force, in every thread
	Says string // what it leaves or forbids; of one that is not in force, why
}

func (l layer) String() string { return fmt.Sprintf("%s (%s)", l.Name, l.Says) }

// tellLayers writes a line of the layers that are in force, and one about each
// that is not.
func tellLayers(w world, layers []layer) {
	var held []string
	for _, l := range layers {
		if l.Held {
			held = append(held, l.String())
		} else {
			w.tell("not confined by %s: %s", l.Name, l.Says)
		}
	}
	if len(held) > 0 {
		w.tell("confined by %s", strings.Join(held, ", "))
	}
}

// confinement is what the process still needs when everything is open: sockets,
// the record, the places that findings are told to. What is open stays usable.
type confinement struct {
	Read  []string // files and directories that are read anew, such as the directory of the policy
	Write []string // directories in which files are made, written, renamed and removed
	Ports []uint16 // TCP ports that are connected to, beside 53 for names; nil leaves all
}
