package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"spanaudit/flow"
	"spanaudit/rules"
)

const secret = "a secret of more than sixteen bytes"

// anonymizerFor is the mapping of secret for a policy.
func anonymizerFor(t *testing.T, policy string) *flow.Anonymizer {
	t.Helper()
	p, err := rules.Load(policy, os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	return flow.NewAnonymizer(sha256.Sum256([]byte(secret)), p.Prefixes())
}

// written is what an audit writes.
type written struct{ table, document, flows string }

func auditAll(t *testing.T, policy, path string, args ...string) (w written) {
	t.Helper()
	flows := filepath.Join(t.TempDir(), "flows.ndjson")
	args = append([]string{"audit", "--quiet", "--fail-on", "none", "--policy", policy, path}, args...)
	status, table, stderr := spanaudit(append(args, "--flows", flows)...)
	if status != statusDone && status != statusUnread {
		t.Fatalf("status %d: %s", status, stderr)
	}
	_, document, _ := spanaudit(append(args, "--format", "json")...)
	return written{table, document, string(read(t, flows))}
}

// essence is what of an audit's JSON is the same whatever the addresses are, in
// an order that does not depend on them.
func essence(t *testing.T, document string, mapping *flow.Anonymizer) []string {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(document), &doc); err != nil {
		t.Fatal(err)
	}
	lines := []string{}
	add := func(kind string, v any) {
		text, _ := json.Marshal(v)
		lines = append(lines, kind+" "+strings.ToLower(mapping.TextOf(computed.ReplaceAllString(string(text), ""))))
	}
	for _, v := range doc["findings"].([]any) {
		f := v.(map[string]any)
		delete(f, "id")       // of the addresses too
		delete(f, "controls") // numbers of sections look like addresses
		f["flows"] = len(f["flows"].([]any))
		add("finding", f)
	}
	for _, v := range doc["requirements"].([]any) {
		delete(v.(map[string]any), "controls")
		add("requirement", v)
	}
	for _, v := range doc["coverage"].(map[string]any)["devices"].([]any) { // by address
		add("device", v)
	}
	delete(doc["coverage"].(map[string]any), "devices")
	delete(doc["policy"].(map[string]any), "sha256")
	for _, key := range []string{"policy", "coverage", "period", "inputs", "statements", "waivers"} {
		add(key, doc[key])
	}
	slices.Sort(lines)
	return lines
}

// recordLines are flow records without what is computed of addresses, or looks
// like them: a part of JA4 has the form of a MAC, an attribute that has no name
// that of an address. A certificate that holds an address is another. A time server's address stands
// there in hexadecimal digits.
func recordLines(records string, mapping *flow.Anonymizer) []string {
	lines := strings.Split(computed.ReplaceAllString(records, ""), "\n")
	for i := range lines {
		lines[i] = strings.ToLower(mapping.TextOf(lines[i]))
	}
	slices.Sort(lines)
	return lines
}

var computed = regexp.MustCompile(`"(community_id|ja4|setup_by)":"[^"]*",?|"reference_id":\["[0-9a-f]{8}.*?\]|"hash":\{[^}]*\},?|[0-9.]+=#[0-9a-f]*`)

// anonymizable are the captures here, each with its policy.
func anonymizable(t *testing.T) map[string]string {
	list := map[string]string{}
	fixtures, _ := filepath.Glob("../../fixtures/*/*.pcapng")
	for _, path := range fixtures {
		list[path] = policyFor(strings.TrimSuffix(path, ".pcapng"))
	}
	for _, pattern := range []string{"../../../shared/captures/*.pcapng", "../../../shared/corpus/captures/*"} {
		found, _ := filepath.Glob(pattern)
		for _, path := range found {
			list[path] = "edge-camera"
		}
	}
	if len(list) < 50 {
		t.Fatalf("%d captures found", len(list))
	}
	return list
}

// An audit that is anonymized finds what the audit finds, of the same devices
// and peers under other addresses.
func TestAnonymizedAuditFindsTheSame(t *testing.T) {
	key := put(t, "key", []byte(secret))
	for path, policy := range anonymizable(t) {
		t.Run(filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			before, after := auditAll(t, policy, path), auditAll(t, policy, path, "--anonymize-key", key)
			mapping := anonymizerFor(t, policy)
			same(t, "report", essence(t, before.document, mapping), essence(t, after.document, nil))
			same(t, "flow records", recordLines(before.flows, mapping), recordLines(after.flows, nil))
			holdsNone(t, before, after, mapping)
		})
	}
}

func same(t *testing.T, what string, want, got []string) {
	t.Helper()
	if slices.Equal(want, got) {
		return
	}
	for i := range min(len(want), len(got)) {
		at := 0
		for at < min(len(want[i]), len(got[i])) && want[i][at] == got[i][at] {
			at++
		}
		if want[i] != got[i] {
			from := max(0, at-60)
			t.Errorf("%s: %d lines for %d; one has\n%.160s, and not\n%.160s", what, len(got), len(want), got[i][from:], want[i][from:])
			return
		}
	}
	t.Errorf("%s: %d lines for %d", what, len(got), len(want))
}

var (
	textIPv4 = regexp.MustCompile(`\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b`)
	textIPv6 = regexp.MustCompile(`[0-9a-fA-F]*(:[0-9a-fA-F]*){2,7}`)
	textMAC  = regexp.MustCompile(`\b[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}\b`)

	noAddress = regexp.MustCompile(`PCI DSS [0-9.]+ [0-9.]+|[0-9.]+=#[0-9a-f]*|[0-9.]+\.in-addr\.arpa`)
)

// holdsNone holds what was written against the addresses that the packets had,
// and MACs. One may be what another was mapped to.
func holdsNone(t *testing.T, before, after written, mapping *flow.Anonymizer) {
	t.Helper()
	original, image := map[string]bool{}, map[string]bool{}
	for _, text := range []string{before.table, before.document, before.flows} {
		for _, pattern := range []*regexp.Regexp{textIPv4, textIPv6, textMAC} {
			for _, s := range pattern.FindAllString(noAddress.ReplaceAllString(text, ""), -1) {
				if to := mapping.TextOf(s); to != s {
					original[s], image[to] = true, true
				}
			}
		}
	}
	for form, text := range map[string]string{"table": after.table, "JSON": after.document, "flow records": after.flows} {
		for _, pattern := range []*regexp.Regexp{textIPv4, textIPv6, textMAC} {
			for _, s := range pattern.FindAllString(noAddress.ReplaceAllString(text, ""), -1) {
				if original[s] && !image[s] {
					t.Errorf("%s: holds %s", form, s)
				}
			}
		}
	}
}

// The mapping is another in every run, and with a key the same.
func TestAnonymizeKeyDecidesTheMapping(t *testing.T) {
	args := []string{"audit", "--quiet", "--policy", "../../fixtures/site.yaml", violations}
	_, first, _ := spanaudit(append(args, "--anonymize")...)
	_, second, _ := spanaudit(append(args, "--anonymize")...)
	if first == second || strings.Contains(first, "10.20.0.") || !strings.Contains(first, "panorama-1") {
		t.Errorf("two runs map alike, or not at all:\n%.500s", first)
	}
	key := put(t, "key", []byte(secret))
	_, first, _ = spanaudit(append(args, "--anonymize-key", key)...)
	_, second, _ = spanaudit(append(args, "--anonymize-key", key)...)
	if first != second || strings.Contains(first, "10.20.0.") {
		t.Error("with one key two runs differ, or do not map")
	}
	status, _, stderr := spanaudit(append(args, "--anonymize-key", put(t, "short", []byte("short")))...)
	if status != statusUsage || !strings.Contains(stderr, "give 16 or more") {
		t.Errorf("a short secret: status %d, %s", status, stderr)
	}
	status, _, stderr = spanaudit(append(args, "--anonymize-key", "nosuch")...)
	if status != statusUsage || !strings.Contains(stderr, "no such file") {
		t.Errorf("no secret: status %d, %s", status, stderr)
	}
}

// Names of files and the filter are told with other addresses, too.
func TestAnonymizeMapsWhatTheCommandLineNames(t *testing.T) {
	path := put(t, "cam-10.20.0.21.pcapng", read(t, clean))
	_, out, stderr := spanaudit("audit", "--quiet", "--anonymize", "--format", "json", "--filter", "host 10.20.0.10", path)
	if strings.Contains(out, "10.20.0.") || !strings.Contains(out, `"cam-`) && !strings.Contains(out, "/cam-") || !strings.Contains(out, "host 10.") {
		t.Errorf("%s %.800s", stderr, out)
	}
}

// Of a file that is read anew, since it is not in order, the frames are mapped
// once.
func TestAnonymizedDisorderIsMappedOnce(t *testing.T) {
	frames := readFrames(t, "../../fixtures/clean/site.pcapng")
	last := slices.Concat(frames[:len(frames)-2], frames[len(frames)-1:], frames[len(frames)-2:len(frames)-1])
	key := put(t, "key", []byte(secret))
	a := auditAll(t, "../../fixtures/site.yaml", writeFrames(t, frames), "--anonymize-key", key)
	b := auditAll(t, "../../fixtures/site.yaml", writeFrames(t, last), "--anonymize-key", key)
	if a.flows != b.flows || len(a.flows) < 1000 {
		t.Errorf("the records differ:\n%s", firstDifference(a.flows, b.flows))
	}
}

// The resolved policy is the same text with other addresses, and each address in
// the zone that it was in.
func TestAnonymizedPolicyMeansTheSame(t *testing.T) {
	policies, _ := filepath.Glob("../../fixtures/*/*.yaml")
	for _, path := range append(policies, "../../fixtures/site.yaml", "edge-camera", "aws-panorama") {
		p, err := rules.Load(path, os.ReadFile)
		if err != nil {
			t.Fatal(err)
		}
		mapping := anonymizerFor(t, path)
		q, err := p.Anonymized(mapping)
		if err != nil {
			t.Fatal(err)
		}
		var before, after bytes.Buffer
		if err := p.WriteYAML(&before); err != nil {
			t.Fatal(err)
		}
		if err := q.WriteYAML(&after); err != nil {
			t.Fatal(err)
		}
		body := func(s string) string { // without the comments that name files
			for strings.HasPrefix(s, "#") {
				_, s, _ = strings.Cut(s, "\n")
			}
			return s
		}
		if got, want := body(after.String()), mapping.TextOf(body(before.String())); got != want {
			t.Errorf("%s: %s", path, firstDifference(want, got))
		}
		for _, s := range []string{"10.20.0.21", "10.20.0.200", "203.0.113.9", "169.254.1.1", "8.8.8.8", "fd00:20::21", "2001:db8::9", "10.99.0.1"} {
			ip := netip.MustParseAddr(s)
			if got, want := q.ZoneOf(mapping.Addr(ip)), p.ZoneOf(ip); got != want {
				t.Errorf("%s: %s is in %v, its image %s in %v", path, ip, want, mapping.Addr(ip), got)
			}
		}
		if fmt.Sprintf("%x", q.SHA256) == fmt.Sprintf("%x", p.SHA256) && strings.HasSuffix(path, "site.yaml") {
			t.Errorf("%s: the SHA-256 is still that of the file", path)
		}
	}
}

// A bundle that is anonymized verifies, of an input that is read once too, and no
// file of it holds an address of the site: not the frames, not the policy.
func TestAnonymizedEvidenceVerifies(t *testing.T) {
	key := put(t, "key", []byte(secret))
	for name, from := range map[string]string{"a file": violations, "standard input": "-"} {
		dir := filepath.Join(t.TempDir(), "bundle")
		status, _, stderr := spanauditFrom(bytes.NewReader(read(t, violations)), "audit", "--fail-on", "none", "--policy", "../../fixtures/site.yaml", "--anonymize-key", key, "--evidence", dir, from)
		if status != statusDone {
			t.Fatalf("%s: status %d: %s", name, status, stderr)
		}
		if status, out, stderr := spanaudit("verify", dir); status != statusDone {
			t.Errorf("%s: verify: status %d: %s%s", name, status, out, stderr)
		}
		files := 0
		err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			files++
			content := read(t, path)
			for _, s := range []string{"10.20.0.", "fd00:20::", "02:00:5e:00:53", "02-00-5e-00-53", "\x02\x00\x5e\x00\x53", "\x0a\x14\x00\x15", "\x0a\x14\x00\x0a", "\xfd\x00\x00\x20\x00\x00\x00\x00"} {
				if bytes.Contains(content, []byte(s)) || bytes.Contains(content, []byte(strings.ToUpper(s))) {
					t.Errorf("%s: %s holds %q", name, filepath.Base(path), s)
				}
			}
			return nil
		})
		if err != nil || files < 20 {
			t.Errorf("%s: %d files, %v", name, files, err)
		}
	}
}
