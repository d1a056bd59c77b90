package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	_ "modernc.org/sqlite"

	"spanaudit/capture"
)

// confinedRun is what a process of this test says that has confined itself.
type confinedRun struct {
	Err    string
	Layers []layer
	Tried  map[string]string // "" is done; else the error; a try in an older thread has its number
	Caps   []string          // of each thread, as /proc says
}

const nobody = 65534

// TestConfined has processes confine themselves, and looks at what they can still
// do, in threads that were there before and in new ones.
func TestConfined(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may give a process rights to take away")
	}
	for _, c := range []struct {
		name string
		as   *syscall.SysProcAttr
		user string
	}{
		{"root that stays root", nil, ""},
		{"root that becomes a user", nil, "nobody"},
		{"a user with CAP_NET_RAW", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}, AmbientCaps: []uintptr{unix.CAP_NET_RAW}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) { checkConfined(t, confined(t, c.as, c.user)) })
	}
}

func checkConfined(t *testing.T, r confinedRun) {
	t.Helper()
	if r.Err != "" {
		t.Fatal(r.Err)
	}
	held := map[string]bool{}
	for _, l := range r.Layers {
		held[l.Name] = l.Held
		if !l.Held {
			t.Logf("not in force here: %s", l)
		}
	}
	for _, caps := range r.Caps {
		if caps != noCapabilities {
			t.Errorf("a thread has the capabilities %s", caps)
		}
	}
	if len(r.Caps) < 5 {
		t.Errorf("%d threads were looked at", len(r.Caps))
	}
	denied := []string{"packet socket", "raw socket"}
	if held["Landlock"] {
		denied = append(denied, "read /etc/shadow", "write elsewhere", "read elsewhere", "listen")
	}
	if held["seccomp"] {
		denied = append(denied, "exec", "user namespace")
	}
	must := map[string]bool{}
	for _, name := range denied {
		must[name] = true
	}
	for name, problem := range r.Tried {
		what, _, _ := strings.Cut(name, " in thread")
		switch {
		case must[what] && problem == "":
			t.Errorf("%s: done, although confined", name)
		case !must[what] && problem != "" && strings.HasPrefix(what, "may "):
			t.Errorf("%s: %s", name, problem)
		}
		delete(must, name)
	}
	for name := range must {
		t.Errorf("%s: was not tried", name)
	}
}

// confined runs this test's program as who as says, in a process of its own.
func confined(t *testing.T, as *syscall.SysProcAttr, user string) confinedRun {
	t.Helper()
	dir, err := os.MkdirTemp("", "confined")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	program := filepath.Join(dir, "program")
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"", "record", "policy", "elsewhere"} {
		_ = os.Mkdir(filepath.Join(dir, sub), 0o700)
		if err := os.Chmod(filepath.Join(dir, sub), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string][]byte{"program": self, "policy/policy.yaml": []byte("version: 1\n"), "elsewhere/file": []byte("x")} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }))
	defer server.Close()
	cert := filepath.Join(dir, "policy", "cert")
	if err := os.WriteFile(cert, server.Certificate().Raw, 0o644); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, "-test.run=^TestConfinedProcess$", "-test.v")
	c.Env = append(os.Environ(), "CONFINED="+dir, "CONFINED_USER="+user, "CONFINED_URL="+server.URL)
	c.Dir, c.SysProcAttr, c.Stderr = dir, as, os.Stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_, text, _ := strings.Cut(string(out), "CONFINED ")
	text, _, _ = strings.Cut(text, "\n")
	var r confinedRun
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return r
}

// TestConfinedProcess is the process that TestConfined runs.
func TestConfinedProcess(t *testing.T) {
	dir := os.Getenv("CONFINED")
	if dir == "" {
		t.Skip("it is run by TestConfined")
	}
	r := confinedRun{Tried: map[string]string{}}
	const threads = 4
	work, results := make([]chan func() map[string]string, threads), make(chan map[string]string)
	for i := range threads { // are there before
		work[i] = make(chan func() map[string]string)
		go func() {
			runtime.LockOSThread()
			for do := range work[i] {
				results <- do()
			}
		}()
	}
	if _, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0); err != nil {
		r.Err = "no rights to begin with: " + err.Error()
	}
	live, err := capture.OpenLive("lo", capture.LiveOptions{})
	if err != nil && captures() {
		r.Err = err.Error()
	}
	if user := os.Getenv("CONFINED_USER"); user != "" {
		if err := become(user); err != nil {
			r.Err = err.Error()
		}
	}
	db, err := database(filepath.Join(dir, "record", "database"))
	if err != nil {
		r.Err = err.Error()
	}
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(os.Getenv("CONFINED_URL"), "https://"))
	var n uint16
	fmt.Sscan(port, &n)
	r.Layers, err = confine(confinement{Read: []string{filepath.Join(dir, "policy")}, Write: []string{filepath.Join(dir, "record")}, Ports: []uint16{n}})
	if err != nil {
		r.Err = err.Error()
	}
	for name, problem := range try(dir) {
		r.Tried[name] = problem
	}
	for i := range threads {
		work[i] <- func() map[string]string { return try(dir) }
		for name, problem := range <-results {
			r.Tried[fmt.Sprintf("%s in thread %d", name, i)] = problem
		}
	}
	for name, problem := range tryNetwork(dir, os.Getenv("CONFINED_URL")) {
		r.Tried[name] = problem
	}
	_, err = db.Exec("INSERT INTO t VALUES (1), (2); PRAGMA wal_checkpoint(TRUNCATE); VACUUM")
	r.Tried["may write the database"] = errorText(err)
	r.Tried["may close the database"] = errorText(db.Close())
	if live != nil {
		r.Tried["may go on capturing"] = errorText(hears(live))
	}
	tasks, _ := filepath.Glob("/proc/self/task/*/status")
	for _, path := range tasks {
		status, _ := os.ReadFile(path)
		_, caps, _ := strings.Cut(string(status), "CapEff:\t")
		caps, _, _ = strings.Cut(caps, "\n")
		r.Caps = append(r.Caps, caps)
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("CONFINED %s\n", text)
}

// captures reports whether this build can capture.
func captures() bool {
	_, err := capture.OpenLive("nosuch0", capture.LiveOptions{})
	return strings.Contains(err.Error(), "nosuch0")
}

// database makes one of SQLite's with a write-ahead log.
func database(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(wal)&_pragma=temp_store(memory)")
	if err != nil {
		return nil, err
	}
	_, err = db.Exec("CREATE TABLE t (n)")
	return db, err
}

// hears sends a datagram over the loopback until the capture shows it.
func hears(live *capture.Source) error {
	socket, err := net.Dial("udp", "127.0.0.1:9")
	if err != nil {
		return err
	}
	var b capture.Batch
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		_, _ = socket.Write([]byte("heard"))
		if err := live.Read(&b); err != nil {
			return err
		}
		for _, p := range b.Packets {
			if string(p.Payload) == "heard" {
				return nil
			}
		}
	}
	return errors.New("not heard in 10 s")
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// try tries what shall fail, and, beginning with "may", what shall not.
func try(dir string) map[string]string {
	tried := map[string]string{}
	_, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	tried["packet socket"] = errorText(err)
	_, err = unix.Socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP)
	tried["raw socket"] = errorText(err)
	_, err = os.ReadFile("/etc/shadow")
	tried["read /etc/shadow"] = errorText(err)
	tried["exec"] = errorText(unix.Exec("/bin/false", []string{"false"}, nil))
	tried["user namespace"] = errorText(unix.Unshare(unix.CLONE_NEWUSER))
	_, err = os.ReadFile(filepath.Join(dir, "elsewhere", "file"))
	tried["read elsewhere"] = errorText(err)
	tried["write elsewhere"] = errorText(os.WriteFile(filepath.Join(dir, "elsewhere", "new"), nil, 0o644))
	_, err = os.ReadFile(filepath.Join(dir, "policy", "policy.yaml"))
	tried["may read the policy"] = errorText(err)
	record := filepath.Join(dir, "record", "record.db")
	tried["may write the record"] = errorText(os.WriteFile(record, []byte("x"), 0o644))
	tried["may truncate the record"] = errorText(os.Truncate(record, 0))
	tried["may rename the record"] = errorText(os.Rename(record, record+".1"))
	tried["may remove the record"] = errorText(os.Remove(record + ".1"))
	done := make(chan struct{})
	go func() { runtime.LockOSThread(); close(done) }() // a new thread
	<-done
	return tried
}

func tryNetwork(dir, url string) map[string]string {
	tried := map[string]string{}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for name, resolver := range map[string]*net.Resolver{"Go": {PreferGo: true}, "C": {}} {
		_, err := resolver.LookupHost(ctx, "localhost")
		tried["may resolve by "+name] = errorText(err)
	}
	_, err := net.Interfaces()
	tried["may list interfaces"] = errorText(err)
	raw, _ := os.ReadFile(filepath.Join(dir, "policy", "cert"))
	cert, err := x509.ParseCertificate(raw)
	tried["may read a certificate"] = errorText(err)
	if err != nil {
		return tried
	}
	pool, err := x509.SystemCertPool()
	tried["may read the system's certificates"] = errorText(err)
	if _, err := os.Stat("/etc/ssl/certs/ca-certificates.crt"); err == nil && pool.Equal(x509.NewCertPool()) {
		tried["may read the system's certificates"] = "none"
	}
	pool.AddCert(cert)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}, Timeout: 10 * time.Second}
	answer, err := client.Get(url)
	tried["may connect over TLS"] = errorText(err)
	if err == nil {
		answer.Body.Close()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	tried["listen"] = errorText(err)
	if err == nil {
		l.Close()
	}
	return tried
}
