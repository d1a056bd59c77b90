package classify

import (
	"encoding/csv"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// referenceTable reads a table of the reference folder, by the names of its columns.
func referenceTable(t *testing.T, name string) (rows []map[string]string) {
	t.Helper()
	f, err := os.Open("../../shared/reference/" + name)
	if err != nil {
		t.Skipf("the reference table is not here: %v", err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, column := range records[0] {
			row[column] = record[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func codePoint(t *testing.T, text string) uint16 {
	t.Helper()
	v, err := strconv.ParseUint(text, 0, 16)
	if err != nil {
		t.Fatal(err)
	}
	return uint16(v)
}

func wantReasons(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ";")
}

func TestEveryCipherSuiteIsAsRegistered(t *testing.T) {
	rows := referenceTable(t, "tls_ciphersuites.csv")
	if len(rows) != len(cipherSuites) {
		t.Errorf("the table has %d suites, the reference %d", len(cipherSuites), len(rows))
	}
	for _, row := range rows {
		c := CipherSuite(codePoint(t, row["value"]))
		secret := map[string]Trit{"true": Yes, "false": No}[row["pfs"]]
		if row["kx"] == "TLS13" {
			secret = UnknownTrit
		}
		if c.String() != row["name"] || c.KeyExchange() != row["kx"] || c.Authentication() != row["auth"] ||
			c.ForwardSecret() != secret || c.Class().String() != row["class"] || !reflect.DeepEqual(c.Reasons(), wantReasons(row["reasons"])) {
			t.Errorf("%s: got %s %s %s %s %s %v, want %v", row["value"], c, c.KeyExchange(), c.Authentication(), c.ForwardSecret(), c.Class(), c.Reasons(), row)
		}
	}
}

// No part of a name says what a suite does: these are the ones that fool who
// reads names.
func TestForwardSecrecyIsNotReadFromNames(t *testing.T) {
	for c, want := range map[CipherSuite]Trit{
		0xC031: No,          // TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256: static ECDH
		0xC02F: Yes,         // TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
		0xC018: Yes,         // TLS_ECDH_anon_WITH_AES_128_CBC_SHA: ephemeral all the same
		0x006C: Yes,         // TLS_DH_anon_WITH_AES_128_CBC_SHA256
		0x00A0: No,          // TLS_DH_RSA_WITH_AES_128_GCM_SHA256
		0x00A8: No,          // TLS_PSK_WITH_AES_128_GCM_SHA256
		0x1301: UnknownTrit, // TLS_AES_128_GCM_SHA256: the handshake says
		0x00FF: UnknownTrit, // TLS_EMPTY_RENEGOTIATION_INFO_SCSV
		0x5600: UnknownTrit, // TLS_FALLBACK_SCSV
		0xCC13: Yes,         // ChaCha20 before its registration
		0xCC15: Yes,
		0xFEFF: No,
		0x0A0A: UnknownTrit,
		0xABCD: UnknownTrit,
	} {
		if got := c.ForwardSecret(); got != want {
			t.Errorf("%s: forward secret %s, want %s", c, got, want)
		}
	}
}

func TestUnregisteredSuitesStandInOrderAndInNoOtherTable(t *testing.T) {
	for i, suite := range unregistered {
		if i > 0 && suite.id <= unregistered[i-1].id {
			t.Errorf("%s stands after %s", suite.id, unregistered[i-1].id)
		}
		if got := suite.id.row(); got != suite {
			t.Errorf("0x%04X is found as %v", uint16(suite.id), got)
		}
	}
}

func TestUnknownSuiteIsNeitherGoodNorBad(t *testing.T) {
	c := CipherSuite(0xABCD)
	if c.String() != "0xABCD" || c.Class() != ClassUnknown || c.KeyExchange() != "" || c.Reasons() != nil {
		t.Errorf("got %s %s %q %v", c, c.Class(), c.KeyExchange(), c.Reasons())
	}
}
