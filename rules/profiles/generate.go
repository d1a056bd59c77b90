//go:build ignore

// Command generate writes the allow-list of a profile from the table of AWS
// endpoints, between the profile's two marker lines.
//
//	go run profiles/generate.go aws_endpoints.csv profiles/aws-panorama.yaml
package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"log"
	"os"
	"regexp"
	"slices"
	"strings"
)

const (
	begin = "# begin generated from aws_endpoints.csv by profiles/generate.go\n"
	end   = "# end generated\n"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: generate TABLE.csv PROFILE.yaml")
	}
	table, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer table.Close()
	records, err := csv.NewReader(table).ReadAll()
	if err != nil {
		log.Fatal(err)
	}
	profile, err := os.ReadFile(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	head, rest, ok := bytes.Cut(profile, []byte(begin))
	_, tail, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		log.Fatalf("%s: the two marker lines are missing", os.Args[2])
	}
	var b bytes.Buffer
	b.Write(head)
	b.WriteString(begin)
	for _, r := range records[1:] {
		if e := read(records[0], r); e.wanted() {
			e.write(&b)
		}
	}
	b.WriteString(end)
	b.Write(tail)
	if err := os.WriteFile(os.Args[2], b.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}

// entry is a row of the table by its column names.
type entry map[string]string

func read(header, record []string) entry {
	e := entry{}
	for i, column := range header {
		e[column] = record[i]
	}
	return e
}

// wanted leaves out what the table denies, or allows on other hosts or in other
// sites only.
func (e entry) wanted() bool {
	use := e["panorama_profile"]
	return strings.HasPrefix(use, "required") || strings.HasPrefix(use, "optional") ||
		strings.HasPrefix(use, "exception candidate") || strings.Contains(use, "admin hosts only")
}

// required is true of rows without a condition, such as a software version.
func (e entry) required() bool {
	use := e["panorama_profile"]
	return use == "required" || strings.HasPrefix(use, "required (")
}

func (e entry) write(b *bytes.Buffer) {
	ports := strings.Split(e["ports"], ";")
	app := "https"
	if ports[0] == "80" {
		app = "http"
	}
	apps, alpn := e.alpn()
	if apps == "" {
		apps = app
	}
	fmt.Fprintf(b, "  - id: %s\n    service: %q\n", e["id"], e["service"])
	if strings.Contains(e["panorama_profile"], "admin hosts only") {
		fmt.Fprintf(b, "    from: [\"role:admin\"]\n")
	} else {
		fmt.Fprintf(b, "    from: [\"role:appliance\"]\n")
	}
	fmt.Fprintf(b, "    names:\n")
	for _, name := range e.names() {
		fmt.Fprintf(b, "      - %q\n", name)
	}
	fmt.Fprintf(b, "    ports: [%s]\n    proto: tcp\n    app: [%s]\n", ports[0], apps)
	if alpn != "" {
		fmt.Fprintf(b, "    alpn: {%s}\n", alpn)
	}
	fmt.Fprintf(b, "    required: %t\n", e.required())
	if retired := regexp.MustCompile(`retired (\d{4}-\d\d-\d\d)`).FindStringSubmatch(e["panorama_profile"]); retired != nil {
		fmt.Fprintf(b, "    end_of_support: %q\n", retired[1])
	}
	fmt.Fprintf(b, "    source: %q\n", e["source"])
	if len(ports) > 1 {
		e.writeOtherPorts(b, ports[1:], apps)
	}
}

// writeOtherPorts writes the ports that a policy has to enable.
func (e entry) writeOtherPorts(b *bytes.Buffer, ports []string, apps string) {
	fmt.Fprintf(b, "  - id: %s-other-ports\n    service: %q\n    from: [\"role:appliance\"]\n    names:\n", e["id"], e["service"])
	for _, name := range e.names() {
		fmt.Fprintf(b, "      - %q\n", name)
	}
	fmt.Fprintf(b, "    ports: [%s]\n    proto: tcp\n    app: [%s]\n    required: false\n    enabled: false\n    reason: \"for sites whose software uses these ports\"\n    source: %q\n",
		strings.Join(ports, ", "), apps, e["source"])
}

// alpn reads the protocols of port 443 out of "443/MQTT x509: x-amzn-mqtt-ca; …".
func (e entry) alpn() (apps, alpn string) {
	ids := map[string][]string{}
	var order []string
	for _, m := range regexp.MustCompile(`443/(\w+)[^:;]*: ([\w/.-]+)`).FindAllStringSubmatch(e["alpn"], -1) {
		app := strings.ToLower(m[1])
		if ids[app] == nil {
			order = append(order, app)
		}
		ids[app] = append(ids[app], fmt.Sprintf("%q", m[2]))
	}
	var parts []string
	for _, app := range order {
		parts = append(parts, fmt.Sprintf(" %s: [%s]", app, strings.Join(ids[app], ", ")))
	}
	if parts != nil {
		alpn = strings.Join(parts, ",") + " "
	}
	return strings.Join(order, ", "), alpn
}

var hostName = regexp.MustCompile(`[a-z0-9<>*.-]+`)

// names returns the row's names and its variants, which the table abbreviates:
// "name..." lacks the suffix, ".label." stands in the place of the service's
// own label, ".api.aws" in the place of the suffix.
func (e entry) names() []string {
	var names []string
	add := func(name string) {
		name = strings.NewReplacer("<account>", "<account-id>", "ocsp.*.", "ocsp.<amazontrust-ca>.", "crl.*.", "crl.<amazontrust-ca>.").Replace(name)
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range strings.Split(e["name_pattern"], "; ") {
		add(name)
	}
	first := names[0]
	service := "." + strings.Split(first, ".")[1] + "."
	for _, word := range hostName.FindAllString(e["variants"], -1) {
		base, abbreviated := strings.CutSuffix(word, "...")
		switch {
		case abbreviated:
			add(base + ".amazonaws.com")
		case word == ".api.aws":
			add(strings.Replace(first, ".amazonaws.com", ".api.aws", 1))
		case strings.HasPrefix(word, ".") && strings.HasSuffix(word, "."):
			add(strings.Replace(first, service, word, 1))
		case strings.HasSuffix(word, ".amazonaws.com"), strings.HasSuffix(word, ".api.aws"):
			add(word)
		}
	}
	return names
}
