package alert

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const hookSecret = "a secret of more than sixteen characters"

// receiver is a webhook's server. It holds each request against what is promised.
type receiver struct {
	*httptest.Server
	t *testing.T

	mu       sync.Mutex
	answer   func(n int, w http.ResponseWriter) // to the request n, from 0; nil for 204
	requests []request
}

type request struct {
	key, body string
	ids       []string
	at        time.Time
	taken     bool
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{t: t}
	r.Server = httptest.NewServer(http.HandlerFunc(r.take))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) take(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return
	}
	if err := Verify([]byte(hookSecret), q.Header.Get(SignatureHeader), body, time.Now(), time.Minute); err != nil {
		r.t.Errorf("%v", err)
	}
	if q.Method != "POST" || q.Header.Get("Content-Type") != "application/json" || !strings.HasPrefix(q.Header.Get("User-Agent"), "spanaudit/") || len(q.Header.Get("Idempotency-Key")) != 32 {
		r.t.Errorf("%s %v", q.Method, q.Header)
	}
	var b batch
	if err := json.Unmarshal(body, &b); err != nil || b.Schema != BatchSchema || len(b.Alerts) == 0 || len(b.Alerts) > maxBatch {
		r.t.Errorf("%v, %d alerts", err, len(b.Alerts))
	}
	got := request{key: q.Header.Get("Idempotency-Key"), body: string(body), at: time.Now()}
	for _, a := range b.Alerts {
		got.ids = append(got.ids, a.ID)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	status := &statusWriter{ResponseWriter: w, status: 200}
	if r.answer != nil {
		r.answer(len(r.requests), status)
	} else {
		w.WriteHeader(204)
	}
	got.taken = status.status < 300
	r.requests = append(r.requests, got)
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (s *statusWriter) WriteHeader(code int) { s.status = code; s.ResponseWriter.WriteHeader(code) }

// all returns the requests so far, and the ids of those that were taken.
func (r *receiver) all() (requests []request, taken []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, q := range r.requests {
		if q.taken {
			taken = append(taken, q.ids...)
		}
	}
	return slices.Clone(r.requests), taken
}

// options returns those of a target with a secret, and the spool.
func hookOptions(t *testing.T) (text, spool string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/secret", []byte(hookSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return "?secret-file=" + dir + "/secret&spool=" + dir + "/spool", dir + "/spool"
}

func TestAWebhookGetsAllInOrder(t *testing.T) {
	r := newReceiver(t)
	options, spool := hookOptions(t)
	s := open(t, r.URL+"/hook"+options, world(t))
	tell(t, s, 0, 200)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	requests, taken := r.all()
	inOrder(t, taken, 0, 200)
	if got := s.Stats(); got.Told != 200 || got.Waiting != 0 || got.Failed != 0 || got.Sink != r.URL {
		t.Errorf("%+v", got)
	}
	if len(requests) < 200/maxBatch || names(t, spool) != "lock" {
		t.Errorf("%d requests, and in the spool %s", len(requests), names(t, spool))
	}
}

func TestWhatFailsIsTriedAgainAsTheSameRequest(t *testing.T) {
	r := newReceiver(t)
	r.answer = func(n int, w http.ResponseWriter) {
		w.WriteHeader([]int{500, 503, 429, 408, 302, 200}[min(n, 5)])
	}
	options, _ := hookOptions(t)
	s := open(t, r.URL+options, world(t))
	tell(t, s, 0, 1)
	wait(t, "it is told", func() bool { return s.Stats().Told == 1 })
	requests, _ := r.all()
	if len(requests) != 6 {
		t.Fatalf("%d requests", len(requests))
	}
	for _, q := range requests {
		if q.key != requests[0].key || q.body != requests[0].body {
			t.Errorf("%s %s", q.key, q.body)
		}
	}
	if got := s.Stats(); got.Failed != 5 || got.Failing || got.Refused != 0 {
		t.Errorf("%+v", got)
	}
}

func TestWhatWillNeverBeTakenIsGivenUpAndCounted(t *testing.T) {
	for _, code := range []int{400, 401, 403, 404, 410, 413, 422, 451} {
		r := newReceiver(t)
		r.answer = func(n int, w http.ResponseWriter) {
			if n == 0 {
				w.WriteHeader(code)
			}
		}
		options, _ := hookOptions(t)
		s := open(t, r.URL+options, world(t))
		tell(t, s, 0, 1)
		wait(t, "it is given up", func() bool { return s.Stats().Refused == 1 })
		tell(t, s, 1, 2)
		s.Close()
		requests, taken := r.all()
		inOrder(t, taken, 1, 2)
		if got := s.Stats(); len(requests) != 2 || got.Told != 1 || got.Failed != 1 || got.Dropped != 0 {
			t.Errorf("%d: %d requests, %+v", code, len(requests), got)
		}
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	r := newReceiver(t)
	r.answer = func(n int, w http.ResponseWriter) {
		if n == 0 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(503)
		}
	}
	options, _ := hookOptions(t)
	s := open(t, r.URL+options, world(t))
	tell(t, s, 0, 1)
	wait(t, "it is told", func() bool { return s.Stats().Told == 1 })
	requests, _ := r.all()
	if waited := requests[1].at.Sub(requests[0].at); waited < time.Second {
		t.Errorf("it came again after %s", waited)
	}
	p := Poster{options: PostOptions{Now: func() time.Time { return time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC) }}}
	for text, want := range map[string]time.Duration{
		"": 0, "x": 0, "-1": 0, "0": 0, "120": 2 * time.Minute, "4000000000": time.Hour, "99999999999999999999": 0,
		"Tue, 24 Nov 2026 08:00:30 GMT": 30 * time.Second, "Tue, 24 Nov 2026 07:00:00 GMT": 0, "Thu, 24 Nov 2050 07:00:00 GMT": time.Hour,
	} {
		if got := p.asked(text); got != want {
			t.Errorf("Retry-After: %s is %s", text, got)
		}
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	elsewhere := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer other.Close()
	r := newReceiver(t)
	r.answer = func(_ int, w http.ResponseWriter) { w.Header().Set("Location", other.URL); w.WriteHeader(307) }
	options, spool := hookOptions(t)
	s := open(t, r.URL+options, world(t))
	tell(t, s, 0, 1)
	wait(t, "it fails", func() bool { return s.Stats().Failed > 1 })
	s.Close()
	if got := s.Stats(); elsewhere != 0 || got.Told != 0 || got.Waiting != 1 || !strings.Contains(got.Error, "not followed") {
		t.Errorf("%d requests elsewhere, %+v", elsewhere, got)
	}
	if got := names(t, spool); got != "0000000000000001-1.json lock" {
		t.Errorf("in the spool: %s", got)
	}
}

// What a server that was away has not got, the next run delivers first.
func TestTheNextRunDeliversWhatIsInTheSpool(t *testing.T) {
	r := newReceiver(t)
	r.answer = func(_ int, w http.ResponseWriter) { w.WriteHeader(500) }
	options, _ := hookOptions(t)
	s := open(t, r.URL+options, world(t))
	tell(t, s, 0, 100)
	wait(t, "all are in the spool", func() bool { return len(s.(*Webhook).alerts) == 0 && s.(*Webhook).spool.waiting() == 100 })
	began := time.Now()
	if err := s.Close(); err != nil || time.Since(began) > Grace {
		t.Errorf("Close, with all on disk: %v after %s", err, time.Since(began))
	}
	first, _ := r.all()
	r.mu.Lock()
	r.answer = nil
	r.mu.Unlock()
	s = open(t, r.URL+options, world(t))
	if got := s.Stats(); got.Waiting == 0 && got.Told == 0 {
		t.Errorf("at the start: %+v", got)
	}
	tell(t, s, 100, 120)
	s.Close()
	requests, taken := r.all()
	inOrder(t, taken, 0, 120)
	if again := requests[len(first)]; again.key != first[0].key || again.body != first[0].body {
		t.Errorf("the request of the next run is another one: %s, %s", again.key, first[0].key)
	}
}

func TestASpoolIsBounded(t *testing.T) {
	r := newReceiver(t)
	r.Close()
	options, spool := hookOptions(t)
	s := open(t, r.URL+options+"&room=5MB&queue=1", world(t))
	big := newAlert("f-big")
	big.Message = strings.Repeat("x", 1_000_000)
	for i := range 20 {
		s.Tell(big)
		wait(t, "it is in the spool or dropped", func() bool {
			got := s.Stats()
			return uint64(got.Waiting)+got.Dropped == uint64(i+1) && len(s.(*Webhook).alerts) == 0
		})
	}
	var used int64
	for _, name := range strings.Fields(names(t, spool)) {
		info, err := os.Stat(filepath.Join(spool, name))
		if err != nil {
			t.Fatal(err)
		}
		used += info.Size()
	}
	if got := s.Stats(); got.Dropped != 16 || got.Waiting != 4 || used > 5e6 {
		t.Errorf("%d octets, %+v", used, got)
	}
}

func TestASpoolHasOneProcess(t *testing.T) {
	r := newReceiver(t)
	options, _ := hookOptions(t)
	open(t, r.URL+options, world(t))
	target, err := Parse(r.URL + "/other" + options)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := target.Open(world(t)); err == nil || !strings.Contains(err.Error(), "another process uses it") {
		t.Errorf("%v", err)
	}
}

// A spool that anybody may have written into costs what is wrong, and no more.
func TestWhatIsWrongInASpool(t *testing.T) {
	r := newReceiver(t)
	options, spool := hookOptions(t)
	if err := os.MkdirAll(spool+"/0000000000000008-1.json", 0o700); err != nil {
		t.Fatal(err)
	}
	a := newAlert(id(0))
	good := `{"schema":"spanaudit/alerts/v1","alerts":[` + strings.TrimSpace(string(ndjson(t, &a))) + "]}\n"
	for name, text := range map[string]string{
		"partial": good[:50], "0000000000000001-1.json": "", "0000000000000002-1.json": good[:50], "0000000000000003-1.json": good,
		"0000000000000004-1.json": `{"schema":"other"}`, "0000000000000005-1.json": strings.Repeat(" ", maxBody+1), "notes.txt": "x", "9-1.json": good, "0000000000000007-01.json": good,
	} {
		if err := os.WriteFile(filepath.Join(spool, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", spool+"/0000000000000006-1.json"); err != nil {
		t.Fatal(err)
	}
	s := open(t, r.URL+options, world(t))
	wait(t, "all was looked at", func() bool { return s.Stats().Waiting == 0 })
	s.Close()
	_, taken := r.all()
	inOrder(t, taken, 0, 1)
	if got := s.Stats(); got.Told != 1 || got.Refused != 4 {
		t.Errorf("%+v", got)
	}
	if got := names(t, spool); got != "0000000000000006-1.json 0000000000000007-01.json 0000000000000008-1.json 9-1.json lock notes.txt partial" {
		t.Errorf("left: %s", got)
	}
}

// An error says what went wrong and not where to: the path is often a secret.
func TestErrorsDoNotShowAWebhooksAddress(t *testing.T) {
	r := newReceiver(t)
	r.Close()
	options, _ := hookOptions(t)
	s := open(t, r.URL+"/services/T0SECRET/B0SECRET"+options+"&token=SECRET", world(t))
	tell(t, s, 0, 1)
	wait(t, "it fails", func() bool { return s.Stats().Failed > 0 })
	if got := s.Stats(); strings.Contains(got.Error+got.Sink, "SECRET") || got.Error == "" {
		t.Errorf("%+v", got)
	}
}

func TestAWebhookOverTLS(t *testing.T) {
	ca, cert := authority(t, "")
	r := &receiver{t: t}
	r.Server = httptest.NewUnstartedServer(http.HandlerFunc(r.take))
	r.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	r.Config.ErrorLog = nil
	r.StartTLS()
	t.Cleanup(r.Close)
	options, _ := hookOptions(t)
	distrusted := open(t, r.URL+options, world(t))
	tell(t, distrusted, 0, 1)
	wait(t, "it fails", func() bool { return strings.Contains(distrusted.Stats().Error, "certificate") })
	distrusted.Close()
	s := open(t, r.URL+options+"&ca="+ca, world(t))
	s.Close()
	_, taken := r.all()
	inOrder(t, taken, 0, 1)
}

func TestHTTPGoesToThisMachineAlone(t *testing.T) {
	if err := onlyLoopback("tcp", "192.0.2.1:80", nil); err == nil {
		t.Error("192.0.2.1 is not refused")
	}
	for _, address := range []string{"127.0.0.1:80", "[::1]:80", "[::ffff:127.0.0.1]:80"} {
		if err := onlyLoopback("tcp", address, nil); err != nil {
			t.Error(err)
		}
	}
}

func TestAServerThatDoesNotAnswerDoesNotHoldUp(t *testing.T) {
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	t.Cleanup(func() { close(hang); server.Close() })
	options, _ := hookOptions(t)
	s := open(t, server.URL+options, world(t))
	began := time.Now()
	tell(t, s, 0, 500)
	if took := time.Since(began); took > time.Second {
		t.Errorf("Tell took %s", took)
	}
	wait(t, "all are in the spool", func() bool { return s.(*Webhook).spool.waiting() == 500 })
	began = time.Now()
	if err := s.Close(); err != nil || time.Since(began) > Grace+time.Second {
		t.Errorf("Close: %v after %s", err, time.Since(began))
	}
}
