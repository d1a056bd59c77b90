package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// What other tools get wrong, by the numbers of the list of pitfalls, and the
// test that holds what is right. Those without a folder are in this one; the
// experiments have their own names, TestE1 to TestE15.
//
//	 1  TLS 1.3 as 1.2; HelloRetryRequest     TestPitfall1…; classify TestServerHelloVariants, TestHelloRetryRequestChoosesNothing
//	 2  a version from the ClientHello alone  TestE3…
//	 3  old versions offered                  TestPitfall3…
//	 4  the session id echo of TLS 1.3        TestPitfall4And5…
//	 5  a ticket offered is no resumption     TestPitfall4And5…
//	 6  forward secrecy of TLS 1.3            TestPitfall6…
//	 7  ECDH is not ECDHE                     classify TestForwardSecrecyIsNotReadFromNames
//	 8  suites that were only offered         TestPitfall8…; rules TestOffers
//	 9  where a group comes from              TestPitfall9…; classify TestServerKeyExchangeParameters
//	10  weak is not broken, broken is         TestE8…; classify TestEveryCipherSuiteIsAsRegistered
//	12  hellos in many pieces                 TestPitfall12…; classify TestHandshakeInSmallRecords, TestCryptoFramesInEveryOrder
//	13  GREASE, ECH and hybrids are fine      TestE10…; classify TestGREASEIsLeftOutOfTheOffer
//	14  certificates of TLS 1.3               TestPitfall14…
//	16  MQTT in TLS on other ports            TestE6…
//	17  MQTT 5                                TestPitfall17…; classify TestMQTTConnect
//	18  MQTT in WebSocket                     TestE7…; classify TestMQTTInWebSocket
//	19  RTSP is not HTTP                      TestE1…; classify TestHTTPYieldsToTunnels
//	20  RTP by its looks                      TestPitfall20…; classify TestRTPRun, TestDatagramsThatAreNoRTP
//	21  media from other ports                rules TestMediaIsBoundToItsSetup, TestMediaIsNotBoundToAnotherHostsSetup
//	22  NTP by one port                       TestE2…; classify TestNTPMessages
//	23  NTP versions; requests not seen       TestPitfall23…; TestFixtures odd/nothing-relevant, odd/ntp-unanswered
//	24  client and server exchanged           TestPitfall24…; classify TestHelloTellsTheClient, TestHalvesSwapped
//	25  one direction; VLANs by direction     TestPitfall25…; TestFixtures odd/tls-one-sided-*
//	26  files out of order                    TestE9…; capture TestOrderOfAFile, TestWindowIsBounded
//	27  duplicates                            TestSamePacketsSameReport; flow TestDuplicatesOfASpanPortAreDropped
//	28  checksums and offload                 TestPitfall28…; capture TestBadChecksums
//	30  one side is not TLS yet               TestPitfall30And31…
//	31  gaps                                  TestPitfall30And31…, TestPitfall31…; classify TestHolesAreNotReadOver
//	32  captures cut short                    TestE12…; capture TestEveryPrefix, TestDamagedPcapKeepsWhatPrecedes
//	33  attempts are not connections          TestFixtures violation/egress-allow-list
//	34  handshakes that failed                TestPitfall34…; classify TestAlerts
//	35  memory and leaps of time              flow TestBudgetStarvesAFlowAndSaysSo, TestTooManyFlowsEvictTheUnansweredFirst,
//	                                          TestTimeoutsFollowThePacketsClock; TestDamagedCaptures
//	36  crashes of gopacket's decoders        none of them is called; TestDamagedCaptures; capture FuzzDecode, TestHostileCorpus
//	37  tables that cut                       report TestTableNeverCutsWhatAReaderCopies, TestTableKeepsToTheScreen
//	38  one stream, one format; exit status   TestJSONIsAloneOnStandardOutput, TestExitStatus
//	40  secrets                               TestPitfall40…; classify checkSecret in every test of a login
//	41  no JA4S                               TestPitfall41…
//	42  Community ID                          TestCorpus; flow TestCommunityIDBaseline
//
// 11, 15, 29 and 39 are about policies.

// corpusCapture is the path of a capture of the corpus.
func corpusCapture(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(corpus, "captures", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the corpus of captures is not at %s", corpus)
	}
	return path
}

// onlyFlow audits a capture and returns the record of the one flow of a
// transport that it has.
func onlyFlow(t *testing.T, path, transport string) (only object) {
	t.Helper()
	_, _, records := auditFlows(t, path)
	for _, r := range records {
		if r.text("network.transport") != transport {
			continue
		}
		if only != nil {
			t.Fatalf("%s: more than one flow of %s", path, transport)
		}
		only = r
	}
	if only == nil {
		t.Fatalf("%s: no flow of %s", path, transport)
	}
	return only
}

// wantRecord compares fields of a record with text; the empty text wants a
// field to be absent.
func wantRecord(t *testing.T, r object, want map[string]string) {
	t.Helper()
	for path, value := range want {
		if got := text(r.at(path)); got != value {
			t.Errorf("%s is %q, want %q, in %v", path, got, value, r)
		}
	}
}

func text(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// canonicalJSON is the same text for the same value.
func canonicalJSON(v any) string {
	b, _ := json.Marshal(v) // keys are sorted
	return string(b)
}

// wantVerdicts wants requirements to end with a verdict.
func wantVerdicts(t *testing.T, document object, verdict string, rules ...string) {
	t.Helper()
	for _, rule := range rules {
		if r := verdictOf(document, rule); r.text("verdict") != verdict {
			t.Errorf("%s: want %s, in %v", rule, verdict, r)
		}
	}
}

// verdictOf returns a rule's requirement.
func verdictOf(document object, rule string) object {
	for _, r := range document.list("requirements") {
		if o := object(r.(map[string]any)); o.text("rule") == rule {
			return o
		}
	}
	return nil
}

// findingsOf returns the severities of a rule's findings.
func findingsOf(document object, rule string) (severities []string) {
	for _, f := range document.list("findings") {
		if o := object(f.(map[string]any)); o.text("rule") == rule {
			severities = append(severities, o.text("severity"))
		}
	}
	return severities
}
