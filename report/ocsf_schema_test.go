package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// ocsfSchema is what this program writes of the Open Cybersecurity Schema
// Framework, release 1.9.0 of 2026-08-03 (events/, objects/ and dictionary.json of
// github.com/ocsf/ocsf-schema, Apache-2.0): the attributes of each class and
// object with their types, "!" behind those that are required, "[]" before those
// that are lists, and their values where they are of an enumeration. What is
// deprecated is left out.
var ocsfSchema = map[string]string{
	"base_event": `activity_id!=int activity_name=string category_uid!=int category_name=string class_uid!=int class_name=string
		type_uid!=long type_name=string time!=timestamp start_time=timestamp end_time=timestamp duration=long
		severity_id!=int:0,1,2,3,4,5,6,99 severity=string status_id=int status=string status_detail=string message=string count=int
		metadata!=metadata []observables=observable unmapped=any`,
	"compliance_finding": `finding_info!=finding_info compliance!=compliance remediation=remediation []resources=resource_details []evidences=evidences`,
	"network_activity": `app_protocol_name=string initiator_id=int:0,1,2,99 src_endpoint=network_endpoint dst_endpoint=network_endpoint
		connection_info=network_connection_info traffic=network_traffic tls=tls []ja4_fingerprint_list=ja4_fingerprint`,
	"metadata":     `version!=string product!=product uid=string correlation_uid=string`,
	"product":      `name=string vendor_name=string version=string`,
	"finding_info": `uid!=string title=string desc=string []types=string first_seen_time=timestamp last_seen_time=timestamp analytic=analytic []data_sources=string`,
	"analytic":     `uid=string name=string type_id!=int:0,1,2,3,4,5,6,99 type=string`,
	"compliance": `control=string []standards=string []requirements=string status_id=int:0,1,2,3,99 status=string status_code=string
		[]status_details=string []checks=check`,
	"check":                   `uid=string name=string desc=string severity_id=int:0,1,2,3,4,5,6,99 severity=string status_id=int:0,1,2,3,99 status=string []standards=string`,
	"remediation":             `desc!=string`,
	"resource_details":        `uid=string name=string type=string role_id=int:0,1,2,3,4,99 role=string ip=ip hostname=hostname data=any`,
	"evidences":               `name=string file=file data=any connection_info=network_connection_info`,
	"file":                    `name!=string path=string type_id!=int:0,1,2,3,4,5,6,7,8,99 []hashes=fingerprint`,
	"fingerprint":             `algorithm_id!=int:0,1,2,3,4,5,6,7,99 algorithm=string value!=string`,
	"observable":              `name=string type_id!=int:0,1,2,3,99 type=string value=string`,
	"network_endpoint":        `ip=ip port=port mac=mac network_scope_id=int:0,1,2,99 vlan_uid=string`,
	"network_connection_info": `direction_id!=int:0,1,2,3,4,99 direction=string boundary_id=int:0,1,2,3,4,5,6,7,8,9,10,11,99 boundary=string protocol_num=int protocol_name=string protocol_ver_id=int:0,4,6,99 community_uid=string`,
	"network_traffic":         `bytes=long bytes_in=long bytes_out=long bytes_missed=long packets=long packets_in=long packets_out=long`,
	"tls":                     `version!=string cipher=string sni=string []client_ciphers=string ja3_hash=fingerprint ja3s_hash=fingerprint certificate=certificate`,
	"certificate":             `serial_number!=string issuer!=string subject=string created_time=timestamp expiration_time=timestamp []fingerprints=fingerprint []sans=san`,
	"san":                     `name!=string type!=string`,
	"ja4_fingerprint":         `type_id!=int:0,1,2,3,4,5,6,7,8,9,99 type=string value!=string`,
}

// ocsfClasses are the classes by their uid, with their category and activities.
var ocsfClasses = map[float64]struct {
	name       string
	category   float64
	activities []float64
}{
	2003: {"compliance_finding", 2, []float64{0, 1, 2, 3, 99}},
	4001: {"network_activity", 4, []float64{0, 1, 2, 3, 4, 5, 6, 7, 99}},
}

// ocsfFaults holds an event against the schema.
func ocsfFaults(event map[string]any) (faults []string) {
	class, ok := ocsfClasses[asNumber(event["class_uid"])]
	if !ok {
		return []string{fmt.Sprintf("class_uid %v", event["class_uid"])}
	}
	activity := asNumber(event["activity_id"])
	if asNumber(event["category_uid"]) != class.category || !slices.Contains(class.activities, activity) ||
		asNumber(event["type_uid"]) != asNumber(event["class_uid"])*100+activity {
		faults = append(faults, "the uids do not belong together")
	}
	return append(faults, ocsfObjectFaults(class.name, ocsfSchema["base_event"]+" "+ocsfSchema[class.name], event)...)
}

func ocsfObjectFaults(path, schema string, object map[string]any) (faults []string) {
	left := map[string]bool{}
	for key := range object {
		left[key] = true
	}
	for _, field := range strings.Fields(schema) {
		name, kind, _ := strings.Cut(field, "=")
		name, list := strings.CutPrefix(name, "[]")
		name, required := strings.CutSuffix(name, "!")
		kind, enum, _ := strings.Cut(kind, ":")
		value, has := object[name]
		delete(left, name)
		at := path + "." + name
		switch items, isList := value.([]any); {
		case !has && required:
			faults = append(faults, at+" is missing")
		case !has:
		case list != isList && kind != "any":
			faults = append(faults, at+" is a list, or none")
		case list:
			for _, item := range items {
				faults = append(faults, ocsfValueFaults(at, kind, enum, item)...)
			}
		default:
			faults = append(faults, ocsfValueFaults(at, kind, enum, value)...)
		}
	}
	for key := range left {
		faults = append(faults, path+"."+key+" is no attribute")
	}
	return faults
}

func ocsfValueFaults(at, kind, enum string, value any) []string {
	text, isText := value.(string)
	n, isNumber := value.(float64)
	isWhole := isNumber && n == math.Trunc(n)
	good := true
	switch kind {
	case "any":
	case "string":
		good = isText
	case "ip":
		_, err := netip.ParseAddr(text)
		good = err == nil
	case "mac":
		good = len(text) == 17
	case "hostname":
		good = hostnameForm.MatchString(text)
	case "port":
		good = isWhole && n >= 0 && n <= 65535
	case "int", "long", "timestamp":
		good = isWhole && (enum == "" || slices.Contains(strings.Split(enum, ","), fmt.Sprint(n)))
	default:
		object, ok := value.(map[string]any)
		if ok {
			return ocsfObjectFaults(at, ocsfSchema[kind], object)
		}
		good = false
	}
	if !good {
		return []string{fmt.Sprintf("%s is %v, wanted %s %s", at, value, kind, enum)}
	}
	return nil
}

func asNumber(v any) float64 {
	n, _ := v.(float64)
	return n
}

// ocsfEvents reads NDJSON and holds each event against the schema.
func ocsfEvents(t *testing.T, text []byte) (events []map[string]any) {
	t.Helper()
	for line := range bytes.Lines(text) {
		var event map[string]any
		if err := json.Unmarshal(line, &event); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if faults := ocsfFaults(event); len(faults) > 0 {
			t.Errorf("%s: %s", strings.Join(faults, "; "), line)
		}
		events = append(events, event)
	}
	if i := bytes.IndexFunc(text, func(r rune) bool { return r != '\n' && !visible(r) }); i >= 0 {
		t.Errorf("%q is not escaped", text[i:i+8])
	}
	return events
}

func TestOCSFSchemaSeesFaults(t *testing.T) {
	var event map[string]any
	good := ocsfText(t, siteAudit())
	first, _, _ := bytes.Cut(good, []byte("\n"))
	for _, change := range []string{
		`"type_uid":200301 "type_uid":200302`, `"class_uid":2003 "class_uid":2004`, `"severity_id":5 "severity_id":7`, `"finding_info": "finding":`,
		`"status_id":3,"status":"Fail" "status_id":4,"status":"Fail"`, `"role_id":1 "role_id":"1"`, `"ip":"2001:db8 "ip":"2001;db8`, `"version":"1.9.0" "version":19`,
	} {
		old, now, _ := strings.Cut(change, " ")
		bad := strings.Replace(string(first), old, now, 1)
		if err := json.Unmarshal([]byte(bad), &event); err != nil || bad == string(first) {
			t.Fatalf("%s: %v", change, err)
		}
		if len(ocsfFaults(event)) == 0 {
			t.Errorf("%s is not seen", change)
		}
		event = nil
	}
}
