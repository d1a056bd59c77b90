package rules

import (
	_ "embed"
	"encoding/csv"
	"slices"
	"strings"
)

// controlsCSV maps rules to the controls of compliance frameworks that their
// evidence is relevant to: columns rule, framework, control.
//
//go:embed controls.csv
var controlsCSV string

// controlRows reads the table. The file is part of the program, so an error in it
// is a programming error, and a test reads every row.
func controlRows() [][]string {
	rows, err := csv.NewReader(strings.NewReader(controlsCSV)).ReadAll()
	if err != nil {
		panic(err)
	}
	return rows[1:]
}

func controlsByRule() map[string][]string {
	controls := map[string][]string{}
	for _, row := range controlRows() {
		controls[row[0]] = append(controls[row[0]], row[1]+" "+row[2])
	}
	return controls
}

// Frameworks returns the frameworks whose controls rules name, in the table's
// order. A control is written as its framework, a blank and its own name.
func Frameworks() (list []string) {
	for _, row := range controlRows() {
		if !slices.Contains(list, row[1]) {
			list = append(list, row[1])
		}
	}
	return list
}
