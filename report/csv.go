package report

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"spanaudit/rules"
)

// CSV writes the findings, one a row, by RFC 4180: a header, CRLF, each cell in
// quotes. Of violations that are too many to be listed, one row a rule says how
// many; it has no id. Lists within a cell are divided by " | ". No cell begins
// with what a spreadsheet takes for a formula: such a cell begins with an
// apostrophe.
func CSV(w io.Writer, a *Audit) error {
	t := newRows("id", "severity", "rule", "verdict", "what_was_seen_and_wanted",
		"device", "device_role", "device_ip", "device_mac", "peer_name", "peer_ip", "peer_port",
		"first", "last", "count", "frames", "context_frames", "community_ids", "remediation", "controls",
		"waiver", "waiver_expires", "waiver_reason", "waiver_approved_by")
	for i := range a.Findings {
		f := &a.Findings[i]
		waiver := Waiver{}
		if f.Waiver != nil {
			waiver = *f.Waiver
		}
		t.add(f.ID, f.Severity.String(), f.Rule, string(f.Verdict), f.Message,
			f.Device.ID, f.Device.Role, address(f.Device.IP), f.Device.MAC, f.Peer.Name, address(f.Peer.IP), number(f.Peer.Port),
			moment(f.First), moment(f.Last), strconv.Itoa(f.Count), framesCell(f.Evidence), framesCell(f.Context), cellList(f.Flows), f.Remediation, cellList(f.Controls),
			waiver.ID, waiver.Expires, waiver.Reason, waiver.ApprovedBy)
	}
	for _, q := range a.Requirements {
		if q.Unlisted > 0 {
			t.add("", q.Severity.String(), q.Rule, string(rules.Fail), unlisted(q), "", "", "", "", "", "", "",
				"", "", strconv.Itoa(q.Unlisted), "", "", "", "", cellList(q.Controls), "", "", "", "")
		}
	}
	return t.writeTo(w)
}

// InventoryCSV writes the inventory of TLS, DTLS and QUIC in use, one row for each
// way in which a client uses a service, in the form of CSV. Where the inventory
// had no room, a last row counts the flows that it leaves out.
func InventoryCSV(w io.Writer, a *Audit) error {
	t := newRows("protocol", "version", "cipher_suite", "class", "group", "forward_secrecy", "purpose",
		"client", "client_role", "client_ip", "client_mac", "client_zone", "server", "server_ip", "server_port", "server_zone",
		"flows", "first", "last")
	for _, u := range a.Inventory {
		t.add(u.Protocol, u.Version, u.Cipher, u.Class, u.Group, u.ForwardSecrecy, u.Purpose,
			u.Client.ID, u.Client.Role, address(u.Client.IP), u.Client.MAC, u.ClientZone,
			u.Server.Name, address(u.Server.IP), number(u.Server.Port), u.ServerZone,
			strconv.FormatUint(u.Flows, 10), moment(u.First), moment(u.Last))
	}
	if a.MoreTLS > 0 {
		t.add("not listed", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", strconv.FormatUint(a.MoreTLS, 10), "", "")
	}
	return t.writeTo(w)
}

// rows is a table in CSV. Its writer is its own, because encoding/csv quotes no
// cell for a semicolon, at which some spreadsheets divide it all the same.
type rows struct{ text bytes.Buffer }

func newRows(heads ...string) *rows {
	t := &rows{}
	t.add(heads...)
	return t
}

func (t *rows) add(cells ...string) {
	for i, c := range cells {
		if i > 0 {
			t.text.WriteByte(',')
		}
		t.text.WriteString(`"` + strings.ReplaceAll(inert(c), `"`, `""`) + `"`)
	}
	t.text.WriteString("\r\n")
}

func (t *rows) writeTo(w io.Writer) error {
	_, err := w.Write(t.text.Bytes())
	return err
}

// formulaStarts are the characters with which a spreadsheet begins a formula,
// and those that are compatible with them in Unicode, which some read alike.
const formulaStarts = "=+-@" + "＝＋－＠" + "﹦﹢﹣﹫" + "⁼⁺⁻₌₊₋" + "−"

// inert returns a cell's text as one line that no spreadsheet takes for a
// formula, neither as a whole nor where it divides it at a semicolon.
func inert(s string) string {
	parts := strings.Split(Line(s), ";")
	for i, part := range parts {
		first, n := utf8.DecodeRuneInString(strings.TrimLeft(part, ` "'`))
		if n > 0 && strings.ContainsRune(formulaStarts, first) {
			parts[i] = "'" + part
		}
	}
	return strings.Join(parts, ";")
}

// cellList puts a list into one cell.
func cellList(list []string) string { return strings.Join(list, " | ") }

func framesCell(evidence []Evidence) string {
	return cellList(mapped(framesByFile(evidence), func(f fileFrames) string { return f.file + ": " + f.list() }))
}
