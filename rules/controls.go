package rules

import (
	_ "embed"
	"encoding/csv"
	"strings"
)

// controlsCSV maps rules to the controls of compliance frameworks that their
// evidence is relevant to: columns rule, framework, control.
//
//go:embed controls.csv
var controlsCSV string

// controlsByRule reads the table. The file is part of the program, so an error
// in it is a programming error, and a test reads every row.
func controlsByRule() map[string][]string {
	rows, err := csv.NewReader(strings.NewReader(controlsCSV)).ReadAll()
	if err != nil {
		panic(err)
	}
	controls := map[string][]string{}
	for _, row := range rows[1:] {
		controls[row[0]] = append(controls[row[0]], row[1]+" "+row[2])
	}
	return controls
}
