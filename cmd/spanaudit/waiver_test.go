package main

import (
	"strings"
	"testing"
)

// sitePolicy returns a policy file: that of the fixtures with more to it.
func sitePolicy(t *testing.T, more string) string {
	t.Helper()
	return put(t, "site.yaml", append(read(t, "../../fixtures/site.yaml"), more...))
}

func TestPolicyPastItsReviewIsSaid(t *testing.T) {
	policy := func(day string) string {
		return put(t, "site.yaml", []byte("metadata: { review_by: \""+day+"\" }\n"))
	}
	const want = "policy site was to be reviewed by 2026-11-22, before this capture"
	if _, _, stderr := spanaudit("audit", "-q", "-p", policy("2026-11-22"), oldTLS); !strings.Contains(stderr, want) {
		t.Errorf("stderr %q", stderr)
	}
	if _, _, stderr := spanaudit("audit", "-q", "-p", policy("2026-11-23"), oldTLS); stderr != "" {
		t.Errorf("on the day itself: %q", stderr)
	}
}

const oldTLS = "../../fixtures/violation/tls-version.pcapng" // of 2026-11-23

func TestWaivedViolationIsReportedAndDoesNotFail(t *testing.T) {
	waiver := func(expires string) string {
		return sitePolicy(t, `
waivers:
  - id: W-1
    rule: tls-version
    match: { device: panorama-1, endpoint: cloudwatch-logs }
    reason: the old firmware is replaced in December
    owner: cctv@example.com
    approved_by: ciso@example.com
    created: "2026-11-01"
    expires: "`+expires+`"
`)
	}
	if status, _, _ := spanaudit("audit", "-q", "--policy", "../../fixtures/site.yaml", oldTLS); status != statusViolations {
		t.Fatalf("without a waiver: status %d", status)
	}
	status, stdout, _ := spanaudit("audit", "-q", "--policy", waiver("2026-12-31"), oldTLS)
	for _, want := range []string{
		"(1 waived)", "negotiated TLS 1.0", "all its findings are waived",
		"waived until 2026-12-31 by W-1: the old firmware is replaced in December (approved by ciso@example.com)",
		"- W-1 (tls-version) excuses 1 finding until 2026-12-31",
	} {
		if !strings.Contains(strings.Join(strings.Fields(strings.ReplaceAll(stdout, "│", "")), " "), want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if status != statusDone {
		t.Errorf("waived: status %d\n%s", status, stdout)
	}
	status, stdout, _ = spanaudit("audit", "-q", "--policy", waiver("2026-11-22"), oldTLS)
	if status != statusViolations || !strings.Contains(stdout, "W-1 (tls-version) expired after 2026-11-22") {
		t.Errorf("expired: status %d\n%s", status, stdout)
	}
}
