package main

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Every handshake of the shared captures has the facts that their index, made
// with another tool, says: one ServerHello a line of "stream|version|supported
// version|suite|key share|extensions|alert".
func TestCapturesHaveTheFactsOfTheirIndex(t *testing.T) {
	const folder = "../../../shared/captures"
	index, err := os.Open(filepath.Join(folder, "index.csv"))
	if err != nil {
		t.Skipf("the shared captures are not here: %v", err)
	}
	defer index.Close()
	rows, err := csv.NewReader(index).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		name := strings.TrimSuffix(row[0], ".pcapng")
		if strings.HasPrefix(name, "rtsp") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			got := tlsRecords(t, filepath.Join(folder, row[0]))
			for _, hello := range strings.Split(row[4], ";") {
				compareHello(t, strings.Split(strings.TrimSpace(hello), "|"), got)
			}
			for i, want := range forwardSecrecy(name, len(got)) {
				if got[i].ForwardSecrecy != want {
					t.Errorf("flow %d: forward secrecy %s; %s is wanted", i, got[i].ForwardSecrecy, want)
				}
			}
		})
	}
}

// forwardSecrecy is what the name of a capture says of each of its flows.
func forwardSecrecy(name string, flows int) []string {
	want := strings.Split(strings.Repeat("yes ", flows), " ")[:flows]
	switch name {
	case "tls12-rsa", "tls12-null", "tls12-psk":
		want[0] = "no"
	case "tls12-fail":
		want[0] = "" // nothing was negotiated
	case "tls13-psk_ke":
		want[1] = "no"
	}
	return want
}

// tlsFacts is what these tests read of a flow record's tls.
type tlsFacts struct {
	Version        string
	Cipher         string
	Curve          string
	Resumed        *bool
	HelloRetry     *bool `json:"hello_retry"`
	Alert          string
	ForwardSecrecy string `json:"forward_secrecy"`
}

// tlsRecords returns the TLS facts of a capture's flows, in the order in which
// the flows began.
func tlsRecords(t *testing.T, path string) (list []tlsFacts) {
	t.Helper()
	flows := filepath.Join(t.TempDir(), "flows.ndjson")
	spanaudit("audit", "--quiet", "--flows", flows, path)
	for line := range strings.SplitSeq(strings.TrimSpace(string(read(t, flows))), "\n") {
		var record struct{ TLS tlsFacts }
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		list = append(list, record.TLS)
	}
	return list
}

// compareHello compares one ServerHello, HelloRetryRequest or alert of the index.
func compareHello(t *testing.T, hello []string, got []tlsFacts) {
	t.Helper()
	stream, err := strconv.Atoi(hello[0])
	if err != nil || len(hello) != 7 || stream >= len(got) {
		t.Fatalf("index entry %q, %d flows", hello, len(got))
	}
	have := got[stream]
	versions := map[string]string{"": "", "0x0301": "1.0", "0x0302": "1.1", "0x0303": "1.2", "0x0304": "1.3"}
	version := versions[hello[1]]
	if hello[2] != "" {
		version = versions[hello[2]]
	}
	if have.Version != version && hello[6] != "0" {
		t.Errorf("flow %d: version %q; %q is wanted", stream, have.Version, version)
	}
	if suite := suiteNames[hello[3]]; hello[3] != "" && have.Cipher != suite {
		t.Errorf("flow %d: cipher suite %q; %q is wanted", stream, have.Cipher, suite)
	}
	groups := map[string]string{"23": "secp256r1", "24": "secp384r1", "29": "x25519"}
	if group := groups[hello[4]]; group != "" && have.Curve != group {
		t.Errorf("flow %d: group %q; %q is wanted", stream, have.Curve, group)
	}
	if hello[6] == "70" && have.Alert != "protocol_version" {
		t.Errorf("flow %d: alert %q; protocol_version is wanted", stream, have.Alert)
	}
}

// suiteNames are the suites of the index, by their code points.
var suiteNames = map[string]string{
	"0x003b": "TLS_RSA_WITH_NULL_SHA256",
	"0x006c": "TLS_DH_anon_WITH_AES_128_CBC_SHA256",
	"0x009c": "TLS_RSA_WITH_AES_128_GCM_SHA256",
	"0x009e": "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
	"0x00a8": "TLS_PSK_WITH_AES_128_GCM_SHA256",
	"0x1302": "TLS_AES_256_GCM_SHA384",
	"0xc010": "TLS_ECDHE_RSA_WITH_NULL_SHA",
	"0xc014": "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
	"0xc02f": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
	"0xc030": "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
}
