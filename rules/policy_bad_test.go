package rules

import (
	"errors"
	"regexp"
	"strings"
	"testing"
)

// badPolicies are policies that are refused, each with the first message.
var badPolicies = []struct{ name, text, want string }{
	// What is no plain YAML document.
	{"empty", "", "site.yaml: no policy in the file; `spanaudit policy show edge-camera` writes one"},
	{"comment only", "# nothing\n", "site.yaml: no policy in the file; `spanaudit policy show edge-camera` writes one"},
	{"no mapping", "- a\n", `site.yaml:1:1: the policy is a list; a mapping is wanted`},
	{"byte order mark", "\ufeffkind: Policy\n", `site.yaml:1:1: file begins with a byte order mark; save it as UTF-8 without one`},
	{"not UTF-8", "kind: Policy\nmetadata: { name: \"\xff\" }\n", `site.yaml:2:1: line is not UTF-8; save the file as UTF-8`},
	{"NUL", "kind: Policy\n\x00\n", `site.yaml:2:1: line has the control character 0x00; remove it`},
	{"lone CR", "kind: Policy\rntp: {}\n", `site.yaml:1:1: line has the control character 0x0d; remove it`},
	{"too large", "#" + strings.Repeat("x", 1<<20), `site.yaml: file is 1048577 bytes; a policy has at most 1048576`},
	{"no YAML", "zones: [1\n", `site.yaml:1:8: not YAML: sequence end token ']' not found; check brackets and indentation, and quote texts with any of * & ! : # { } [ ]`},
	{"no YAML, CRLF", "kind: Policy\r\n# a\r\nntp: x: y\r\n", `site.yaml:3:6: not YAML: mapping value is not allowed in this context; check brackets and indentation, and quote texts with any of * & ! : # { } [ ]`},
	{"too deep", "zones: " + strings.Repeat("[", 1000), `site.yaml:1:1: nested too deeply; a policy needs 6 levels`},
	{"deep", "zones: " + strings.Repeat("[", 100) + strings.Repeat("]", 100), `site.yaml:1:8: zones: a list where a mapping is wanted`},
	{"second document", "kind: Policy\n---\nkind: Policy\n", `site.yaml:2:1: a second document begins; a policy is one document`},
	{"anchor", "ntp: &x { max_gap: 2h }\n", `site.yaml:1:6: an anchor (&) is not allowed; write the value where it is used`},
	{"alias", "ntp: { max_gap: *x }\n", `site.yaml:1:17: an alias (*) is not allowed; write the value itself, or quote the text`},
	{"unquoted star", "vars: { iot-prefix: * }\n", `site.yaml:1:23: not YAML: unexpected scalar value type; check brackets and indentation, and quote texts with any of * & ! : # { } [ ]`},
	{"merge key", "ntp:\n  <<: { max_gap: 2h }\n", `site.yaml:2:3: the merge key (<<) is not allowed; write the keys themselves`},
	{"tag", "metadata: { name: !!str 1 }\n", `site.yaml:1:19: the tag "!!str" is not allowed; remove it`},
	{"number as key", "1: 2\n", `site.yaml:1:1: key "1" is no text; quote it`},
	{"duplicate key", "kind: Policy\nntp: { max_gap: 2h }\nkind: Policy\n", `site.yaml:3:1: key "kind" is given twice, first in line 1; keep one`},

	// Keys and types.
	{"apiVersion", "apiVersion: spanaudit/v2\n", `site.yaml:1:13: apiVersion is "spanaudit/v2"; write spanaudit/v1`},
	{"kind", "kind: policy\n", `site.yaml:1:7: kind is "policy"; write Policy`},
	{"unknown key", "ntp:\n  local_server: [192.0.2.1]\n", `site.yaml:2:3: ntp: unknown key "local_server"; did you mean "local_servers"?`},
	{"unknown section", "zone: {}\n", `site.yaml:1:1: unknown key "zone"; did you mean "zones"?`},
	{"extends in the wrong place", "extends: builtin:aws-panorama@1\n", `site.yaml:1:10: extends: is a key of metadata; write it there`},
	{"extends unknown", "metadata: { extends: aws-panorama }\n", `site.yaml:1:22: metadata: extends "aws-panorama" is no built-in profile; write builtin:edge-camera@1 or builtin:aws-panorama@1`},
	{"extends other version", "metadata: { extends: \"builtin:aws-panorama@9\" }\n", `site.yaml:1:22: metadata: extends "builtin:aws-panorama@9" is no built-in profile; write builtin:edge-camera@1 or builtin:aws-panorama@1`},
	{"list for a mapping", "zones: []\n", `site.yaml:1:8: zones: a list where a mapping is wanted`},
	{"mapping for a list", "devices: { id: a }\n", `site.yaml:1:10: devices: a mapping where a list is wanted`},
	{"version as number", "metadata: { version: 1.10 }\n", `site.yaml:1:22: metadata: version 1.10 is read as a number; quote it: "1.10"`},
	{"yes for true", "tls: { require_pfs: yes }\n", `site.yaml:1:21: tls: require_pfs is text where true or false is wanted`},
	{"duration without unit", "ntp: { max_gap: 3600 }\n", `site.yaml:1:17: ntp: max_gap 3600 has no unit; write a duration such as 250ms, 30s or 24h`},
	{"duration", "ntp: { max_gap: 2 hours }\n", `site.yaml:1:17: ntp: max_gap "2 hours" is no duration; write one such as 250ms, 30s or 24h`},
	{"date", "metadata: { review_by: 20.11.2026 }\n", `site.yaml:1:24: metadata: review_by "20.11.2026" is no date; write it as 2026-11-20`},
	{"percent", "capture: { max_loss_percent: 101 }\n", `site.yaml:1:30: capture: max_loss_percent 101 is no percentage from 0 to 100`},
	{"vantage", "capture: { vantage: inside }\n", `site.yaml:1:21: capture: unknown vantage "inside"; known are inside-nat, outside-nat, routed, unknown`},

	// Zones.
	{"host bits", "zones:\n  cameras: { trust: local, cidrs: [\"198.51.100.1/26\"] }\n", `site.yaml:2:36: zone "cameras": prefix 198.51.100.1/26 has host bits set; write 198.51.100.0/26`},
	{"no prefix", "zones:\n  cameras: { trust: local, cidrs: [\"198.51.100.0-63\"] }\n", `site.yaml:2:36: zone "cameras": "198.51.100.0-63" is no prefix; write one such as 192.0.2.0/24`},
	{"no length", "zones:\n  cameras: { trust: local, cidrs: [\"198.51.100.1\"] }\n", `site.yaml:2:36: zone "cameras": prefix "198.51.100.1" has no length; write 198.51.100.1/32 for the one address`},
	{"mapped prefix", "zones:\n  cameras: { trust: local, cidrs: [\"::ffff:192.0.2.0/120\"] }\n", `site.yaml:2:36: zone "cameras": prefix ::ffff:192.0.2.0/120 is IPv4 mapped into IPv6; write it as IPv4`},
	{"prefix twice", "zones:\n  a: { trust: local, cidrs: [\"10.0.0.0/8\"] }\n  b: { trust: external, cidrs: [\"10.0.0.0/8\"] }\n", `site.yaml:3:33: zone "b": prefix 10.0.0.0/8 is zone "a"'s already; keep one`},
	{"overlapping prefixes", "zones:\n  a: { trust: local, cidrs: [10.0.0.0/8, 10.1.0.0/16] }\n", `site.yaml:2:42: zone "a": prefixes 10.0.0.0/8 and 10.1.0.0/16 of the zone overlap; keep the wider one`},
	{"two rests", "zones:\n  a: { trust: internet, rest: true }\n  b: { trust: external, rest: true }\n", `site.yaml:3:3: zone "b": rest: true is zone "a"'s already; only one zone is the rest`},
	{"local rest", "zones:\n  a: { trust: local, rest: true }\n", `site.yaml:2:3: zone "a": the rest cannot be local: every address of the internet is in it; write trust: internet`},
	{"internet in a local zone", "zones:\n  a: { trust: local, cidrs: [\"0.0.0.0/0\"] }\n", `site.yaml:2:30: zone "a": prefix 0.0.0.0/0 is the whole internet, not local; write the site's own prefixes`},
	{"IPv6 internet in a local zone", "zones:\n  a: { trust: local, cidrs: [\"::/0\"] }\n", `site.yaml:2:30: zone "a": prefix ::/0 is the whole internet, not local; write the site's own prefixes`},
	{"public local prefix", "zones:\n  a: { trust: local, cidrs: [\"8.8.8.0/24\"] }\n", `site.yaml:2:30: zone "a": prefix 8.8.8.0/24 is public; add public_ok: true to the zone if the site does use it inside`},
	{"multicast zone", "zones:\n  a: { trust: local, cidrs: [\"224.0.0.0/4\"] }\n", `site.yaml:2:30: zone "a": prefix 224.0.0.0/4 is multicast, which is in no zone; remove it`},
	{"no trust", "zones:\n  a: { cidrs: [\"10.0.0.0/8\"] }\n", `site.yaml:2:3: zone "a": has no trust; write trust: local, external or internet`},
	{"unknown trust", "zones:\n  a: { trust: Local, cidrs: [\"10.0.0.0/8\"] }\n", `site.yaml:2:15: zone "a": unknown trust "Local"; did you mean "local"?`},
	{"no cidrs", "zones:\n  a: { trust: local }\n", `site.yaml:2:3: zone "a": has no cidrs; add its prefixes, or rest: true for all that is in no other zone`},

	// Devices.
	{"MAC as number", "devices:\n  - { id: a, interfaces: [ { mac: 203040501020 } ] }\n", `site.yaml:2:35: device "a": MAC 203040501020 is read as a number; quote it: "02:00:5e:00:53:10"`},
	{"MAC", "devices:\n  - { id: a, interfaces: [ { mac: \"02:00:5e:00:53\" } ] }\n", `site.yaml:2:35: device "a": "02:00:5e:00:53" is no MAC; write it as "02:00:5e:00:53:10"`},
	{"MAC without separators", "devices:\n  - { id: a, interfaces: [ { mac: 20305e005310 } ] }\n", `site.yaml:2:35: device "a": "20305e005310" is no MAC; write it as "02:00:5e:00:53:10"`},
	{"group MAC", "devices:\n  - { id: a, interfaces: [ { mac: \"ff:ff:ff:ff:ff:ff\" } ] }\n", `site.yaml:2:35: device "a": MAC ff:ff:ff:ff:ff:ff is a group's (multicast or broadcast), not a device's; write the device's own`},
	{"unknown role", "devices:\n  - { id: a, role: cam, interfaces: [ { ipv4: 10.0.0.1 } ] }\n", `site.yaml:2:20: device "a": unknown role "cam"; known are appliance, camera, recorder, viewer, gateway, resolver, ntp-server, dhcp-server, admin, other`},
	{"misspelt role", "devices:\n  - { id: a, role: Camera, interfaces: [ { ipv4: 10.0.0.1 } ] }\n", `site.yaml:2:20: device "a": unknown role "Camera"; did you mean "camera"?`},
	{"no id", "devices:\n  - { role: camera, interfaces: [ { ipv4: 10.0.0.1 } ] }\n", `site.yaml:2:5: device: has no id; add it`},
	{"duplicate id", "devices:\n  - { id: a, interfaces: [ { ipv4: 10.0.0.1 } ] }\n  - { id: a, interfaces: [ { ipv4: 10.0.0.2 } ] }\n", `site.yaml:3:5: device "a": a second device with this id; give it another`},
	{"duplicate MAC", "devices:\n  - { id: a, interfaces: [ { mac: \"02:00:5e:00:53:10\" } ] }\n  - { id: b, interfaces: [ { mac: \"02-00-5E-00-53-10\" } ] }\n", `site.yaml:3:5: device "b": MAC 02:00:5e:00:53:10 is device "a"'s already; give each its own`},
	{"duplicate address", "devices:\n  - { id: a, interfaces: [ { ipv4: 10.0.0.1 } ] }\n  - { id: b, interfaces: [ { ipv4: 10.0.0.1 } ] }\n", `site.yaml:3:5: device "b": address 10.0.0.1 is device "a"'s already; give each its own`},
	{"undeclared zone", "devices:\n  - { id: a, zone: cams, interfaces: [ { ipv4: 10.0.0.1 } ] }\n", `site.yaml:2:20: device "a": zone "cams" is not declared; declare it under zones`},
	{"outside its zone", "zones: { cams: { trust: local, cidrs: [10.1.0.0/16] } }\ndevices:\n  - { id: a, zone: cams, interfaces: [ { ipv4: 10.0.0.1 } ] }\n", `site.yaml:3:48: device "a": address 10.0.0.1 is in zone "internet", not "cams"; correct the address or the zone`},
	{"IPv6 under ipv4", "devices:\n  - { id: a, interfaces: [ { ipv4: \"2001:db8::1\" } ] }\n", `site.yaml:2:36: device "a": address 2001:db8::1 is IPv6; write it under ipv6`},
	{"address in no zone", "zones: { cams: { trust: local, cidrs: [10.1.0.0/16] } }\ndevices:\n  - { id: a, interfaces: [ { ipv6: \"2001:db8::1\" } ] }\n", `site.yaml:3:36: device "a": address 2001:db8::1 is in no zone of the site and would be judged as the internet; add its prefix to a zone`},
	{"appliance that serves", "metadata: { extends: \"builtin:aws-panorama@1\" }\ndevices:\n  - { id: a, role: appliance, interfaces: [ { ipv4: 10.0.0.1 } ], inbound_ports: [22] }\n", `site.yaml:3:5: device "a": inbound port 22 is outside 8000-9000, the appliance's ports for applications; correct it, or extend edge-camera`},
	{"no interfaces", "devices:\n  - { id: a }\n", `site.yaml:2:5: device "a": has no interfaces; add one with a mac or an ipv4 or ipv6 address`},
	{"empty interface", "devices:\n  - { id: a, interfaces: [ { name: eth0 } ] }\n", `site.yaml:2:28: device "a": interface has neither mac nor address; add one`},
	{"port 0", "devices:\n  - { id: a, interfaces: [ { ipv4: 10.0.0.1 } ], inbound_ports: [0] }\n", `site.yaml:2:66: device "a": "0" is no port; write one from 1 to 65535 or a range such as "8000-9000"`},

	// Endpoints and variables.
	{"scheme", "endpoints: [ { id: a, names: [\"https://a.example.com\"] } ]\n", `site.yaml:1:31: endpoint "a": name "https://a.example.com" has a scheme; write the host name alone`},
	{"path", "endpoints: [ { id: a, names: [a.example.com/x] } ]\n", `site.yaml:1:31: endpoint "a": name "a.example.com/x" has a path; write the host name alone`},
	{"port in name", "endpoints: [ { id: a, names: [\"a.example.com:443\"] } ]\n", `site.yaml:1:31: endpoint "a": name "a.example.com:443" has a port; write it under ports`},
	{"upper case", "endpoints: [ { id: a, names: [A.Example.com] } ]\n", `site.yaml:1:31: endpoint "a": name "A.Example.com" has upper case; write "a.example.com"`},
	{"trailing dot", "endpoints: [ { id: a, names: [a.example.com.] } ]\n", `site.yaml:1:31: endpoint "a": name "a.example.com." has a trailing dot; write "a.example.com"`},
	{"Unicode", "endpoints: [ { id: a, names: [münchen.example] } ]\n", `site.yaml:1:31: endpoint "a": name "münchen.example" is not ASCII; write its A-label (xn--…)`},
	{"address as name", "endpoints: [ { id: a, names: [192.0.2.1] } ]\n", `site.yaml:1:31: endpoint "a": name "192.0.2.1" is an address; write it under cidrs with a reason`},
	{"empty label", "endpoints: [ { id: a, names: [a..example.com] } ]\n", `site.yaml:1:31: endpoint "a": name "a..example.com" is no DNS name; its label "" is not 1 to 63 of a-z, 0-9, '-' and '_'`},
	{"bare star", "endpoints: [ { id: a, names: [\"*\"] } ]\n", `site.yaml:1:31: endpoint "a": name "*" matches every name; write the names that are needed`},
	{"star com", "endpoints: [ { id: a, names: [\"*.com\"] } ]\n", `site.yaml:1:31: endpoint "a": name "*.com" matches every name under "com"; write the names that are needed`},
	{"star AWS", "endpoints: [ { id: a, names: [\"*.amazonaws.com\"] } ]\n", `site.yaml:1:31: endpoint "a": name "*.amazonaws.com" matches every AWS service; write the services' names`},
	{"star AWS region", "endpoints: [ { id: a, names: [\"*.eu-west-1.api.aws\"] } ]\n", `site.yaml:1:31: endpoint "a": name "*.eu-west-1.api.aws" matches every AWS service; write the services' names`},
	{"star bucket", "endpoints: [ { id: a, names: [\"*.s3.eu-west-1.amazonaws.com\"] } ]\n", `site.yaml:1:31: endpoint "a": name "*.s3.eu-west-1.amazonaws.com" matches buckets of anybody; write the bucket's whole name`},
	{"prefix bucket", "endpoints: [ { id: a, names: [\"prod-*.s3-eu-west-1.amazonaws.com\"] } ]\n", `site.yaml:1:31: endpoint "a": name "prod-*.s3-eu-west-1.amazonaws.com" matches buckets of anybody; write the bucket's whole name`},
	{"star beyond the first label", "endpoints: [ { id: a, names: [\"a.*.example.com\"] } ]\n", `site.yaml:1:31: endpoint "a": name "a.*.example.com" has '*' beyond its left-most label; '*' stands inside the left-most label only`},
	{"undefined variable", "vars: { region: [us-east-1] }\nendpoints: [ { id: a, names: [\"logs.<regoin>.amazonaws.com\", \"logs.<region>.amazonaws.com\"] } ]\n", `site.yaml:2:31: endpoint "a": name "logs.<regoin>.amazonaws.com" uses <regoin>, which vars does not define; known are <region>`},
	{"unclosed variable", "endpoints: [ { id: a, names: [\"logs.<region.amazonaws.com\"] } ]\n", `site.yaml:1:31: endpoint "a": name "logs.<region.amazonaws.com" is no DNS name; its label "<region" is not 1 to 63 of a-z, 0-9, '-' and '_'`},
	{"unused variable", "vars: { acount: [\"1\"] }\n", `site.yaml:1:9: var "acount": no endpoint name uses <acount>; remove it or correct its name`},
	{"no region", "metadata: { extends: \"builtin:aws-panorama@1\" }\nvars: { region: [useast1] }\n", `site.yaml:2:18: var "region": region "useast1" is no AWS region; write one such as us-east-1`},
	{"region of another partition", "metadata: { extends: \"builtin:aws-panorama@1\" }\nvars:\n  region: [cn-north-1]\n", `site.yaml:3:3: endpoint "iot-data-ats": name "*-ats.iot.cn-north-1.amazonaws.com": region "cn-north-1" is of partition aws-cn; names there end in amazonaws.com.cn or api.amazonwebservices.com.cn`},
	{"region of another partition in a name", "endpoints: [ { id: a, names: [logs.cn-north-1.amazonaws.com] } ]\n", `site.yaml:1:31: endpoint "a": name "logs.cn-north-1.amazonaws.com": region "cn-north-1" is of partition aws-cn; names there end in amazonaws.com.cn or api.amazonwebservices.com.cn`},
	{"account id as number", "metadata: { extends: \"builtin:aws-panorama@1\" }\nvars: { account-id: 123456789012 }\n", `site.yaml:2:21: var "account-id": 123456789012 is read as a number; quote it: "123456789012"`},
	{"account id", "metadata: { extends: \"builtin:aws-panorama@1\" }\nvars: { account-id: \"1234\" }\n", `site.yaml:2:21: var "account-id": account id "1234" is not 12 digits; write all of them, quoted`},
	{"any bucket by variable", "metadata: { extends: \"builtin:aws-panorama@1\" }\nvars: { bucket: [\"*\"] }\n", `site.yaml:2:9: endpoint "s3-vhost": name "*.s3.us-east-1.amazonaws.com" matches buckets of anybody; write the bucket's whole name`},
	{"too many names", "vars: { a: [" + strings.Repeat("x,", 200) + "x], b: [" + strings.Repeat("y,", 200) + "y] }\nendpoints: [ { id: a, names: [\"<a>.<b>.example.com\"] } ]\n", `site.yaml:2:31: endpoint "a": the variables expand to more than 10000 names; give them fewer values`},
	{"no names", "endpoints: [ { id: a } ]\n", `site.yaml:1:14: endpoint "a": has no names; add them`},
	{"endpoint port 0", "endpoints: [ { id: a, names: [a.example.com], ports: [443, 0] } ]\n", `site.yaml:1:60: endpoint "a": "0" is no port; write one from 1 to 65535 or a range such as "8000-9000"`},
	{"port range", "endpoints: [ { id: a, names: [a.example.com], ports: [\"90-80\"] } ]\n", `site.yaml:1:55: endpoint "a": port range 90-80 is upside down; write "80-90"`},
	{"proto", "endpoints: [ { id: a, names: [a.example.com], proto: TCP } ]\n", `site.yaml:1:54: endpoint "a": unknown proto "TCP"; did you mean "tcp"?`},
	{"duplicate endpoint", "endpoints: [ { id: a, names: [a.example.com] }, { id: a, names: [b.example.com] } ]\n", `site.yaml:1:49: endpoint "a": a second endpoint with this id; give it another`},
	{"wide port range", "endpoints: [ { id: a, names: [a.example.com], ports: [\"8000-9000\"] } ]\n", `site.yaml:1:54: endpoint "a": port range 8000-9000 is wider than 100 ports; write those that the endpoint needs`},
	{"ALPN for no app", "endpoints: [ { id: a, names: [a.example.com], app: [https], alpn: { mqtt: [mqtt] } } ]\n", `site.yaml:1:67: endpoint "a": alpn for "mqtt", which app does not list; add it there`},
	{"the same endpoint twice", "endpoints:\n  - { id: a, names: [a.example.com], require_sni: true }\n  - { id: b, names: [a.example.com] }\n", `site.yaml:3:5: endpoint "b": allows the same as endpoint "a"; keep one`},
	{"region that vars lacks", "metadata: { extends: \"builtin:aws-panorama@1\" }\nvars: { region: [us-east-1] }\nendpoints: [ { id: a, names: [logs.eu-west-1.amazonaws.com] } ]\n", `site.yaml:3:31: endpoint "a": name "logs.eu-west-1.amazonaws.com" is of region "eu-west-1", which vars.region does not have; add it there, or correct the name`},
	{"required beyond its end", "metadata: { extends: \"builtin:aws-panorama@1\", approved_on: \"2026-11-20\" }\nendpoints: [ { id: a, names: [a.example.com], required: true, end_of_support: \"2026-05-31\" } ]\n", `site.yaml:2:14: endpoint "a": required: true, but its support ended on 2026-05-31, before the policy was approved; write required: false`},
	{"addresses without reason", "endpoints: [ { id: a, cidrs: [203.0.113.0/24] } ]\n", `site.yaml:1:30: endpoint "a": cidrs without a reason; addresses do not say who is there, add reason`},
	{"selector", "endpoints: [ { id: a, names: [a.example.com], from: [appliance] } ]\n", `site.yaml:1:54: endpoint "a": "appliance" selects nothing; write role:<role>, zone:<zone> or device:<id>`},
	{"selector of no zone", "endpoints: [ { id: a, names: [a.example.com], from: [\"zone:admin\"] } ]\n", `site.yaml:1:54: endpoint "a": "zone:admin" names a zone that is not declared; declare it under zones`},
	{"disabled without reason", "metadata: { extends: \"builtin:aws-panorama@1\" }\nendpoints: [ { id: kms, enabled: false } ]\n", `site.yaml:2:34: endpoint "kms": enabled: false for an endpoint of the profile without a reason; add reason`},

	// Time, TLS, rules, waivers, report.
	{"server local and public", "ntp: { local_servers: [10.0.0.1], public_servers: [10.0.0.1] }\n", `site.yaml:1:6: ntp: server 10.0.0.1 is in local_servers and in public_servers; keep one`},
	{"public server as local", "ntp: { local_servers: [203.0.113.5] }\n", `site.yaml:1:24: ntp: server 203.0.113.5 is on the internet by the zones; write it under public_servers, or add its prefix to a zone`},
	{"no time server at all", "ntp: { local_servers: [], public_servers: [] }\n", `site.yaml:1:6: ntp: both lists are empty, so that no time server is allowed; add one`},
	{"offset finer than the clock", "ntp: { max_offset: 100ms }\ncapture: { clock: { max_error: 250ms } }\n", `site.yaml:1:20: ntp.max_offset 100ms is smaller than capture.clock.max_error 250ms; what the capture's clock cannot measure cannot be judged`},
	{"clock coarser than the profile's offset", "capture: { clock: { max_error: 2s } }\n", `site.yaml:1:32: ntp.max_offset 1s is smaller than capture.clock.max_error 2s; what the capture's clock cannot measure cannot be judged`},
	{"no forward secrecy for AWS", "metadata: { extends: \"builtin:aws-panorama@1\" }\ntls: { require_pfs: false }\n", `site.yaml:2:21: tls: require_pfs cannot be false with aws-panorama; waive single violations instead`},
	{"TLS version as number", "tls: { min_version: 1.2 }\n", `site.yaml:1:21: tls: min_version 1.2 is read as a number; quote it: "1.2"`},
	{"old TLS version", "tls: { min_version: \"1.0\" }\n", `site.yaml:1:21: tls: min_version "1.0" is below "1.2" (RFC 8996); waive single violations instead`},
	{"weak DH", "tls: { min_dh_bits: 1024 }\n", `site.yaml:1:21: tls: min_dh_bits 1024 is no whole number from 2048 to 16384`},
	{"internet as local", "video: { local_trust: [internet] }\n", `site.yaml:1:24: video: unknown trust "internet"; known are local, external`},
	{"RTSP port 0", "video: { rtsp_ports: [0] }\n", `site.yaml:1:23: video: "0" is no port; write one from 1 to 65535 or a range such as "8000-9000"`},
	{"viewers that nobody is", "devices: [ { id: a, role: camera, interfaces: [ { ipv4: 10.0.0.1 } ] } ]\nvideo: { viewers: [\"role:recorder\"] }\n", `site.yaml:2:19: video: "role:recorder" in viewers selects no declared device; declare one, or remove it`},
	{"RTSP port that video does not know", "devices:\n  - { id: a, role: camera, interfaces: [ { ipv4: 10.0.0.1 } ], inbound_ports: [8554] }\n", `site.yaml:2:5: device "a": inbound port 8554 is RTSP's, but video.rtsp_ports does not have it; add it there`},
	{"unknown rule", "rules: { tls-versoin: { severity: low } }\n", `site.yaml:1:10: rules: unknown rule "tls-versoin"; did you mean "tls-version"?`},
	{"no such rule", "rules: { xyz: { severity: low } }\n", "site.yaml:1:10: rules: unknown rule \"xyz\"; `spanaudit rules list` names them"},
	{"critical rule lowered without reason", "rules: { rtsp-boundary: { severity: low } }\n", `site.yaml:1:25: rule "rtsp-boundary": lowers a rule of severity critical without a reason; add reason`},
	{"unknown severity", "rules: { tls-version: { severity: severe } }\n", `site.yaml:1:35: rule "tls-version": unknown severity "severe"; known are info, low, medium, high, critical`},
	{"rule off without reason", "rules: { tls-version: { enabled: false } }\n", `site.yaml:1:23: rule "tls-version": enabled: false without a reason; add reason`},
	{"coverage off", "rules: { capture-loss: { enabled: false, reason: noisy } }\n", `site.yaml:1:24: rule "capture-loss": cannot be disabled: without it nothing says what the verdicts rest on; remove enabled`},
	{"required and disabled", "endpoints: [ { id: a, names: [a.example.com], required: true, enabled: false } ]\n", `site.yaml:1:57: endpoint "a": required: true with enabled: false; keep one`},
	{"fail_on", "report: { fail_on: warning }\n", `site.yaml:1:20: report: unknown severity "warning"; known are info, low, medium, high, critical`},
	{"waiver without owner", waiver("reason: a long reason, approved_by: b@example.com, created: 2026-01-01, expires: 2026-06-01"), `site.yaml:1:12: waiver "W": has no owner; add it`},
	{"waiver without reason", waiver("owner: a@example.com, approved_by: b@example.com, created: 2026-01-01, expires: 2026-06-01"), `site.yaml:1:12: waiver "W": has no reason; add it`},
	{"waiver without approver", waiver("owner: a@example.com, reason: a long reason, created: 2026-01-01, expires: 2026-06-01"), `site.yaml:1:12: waiver "W": has no approved_by; add it`},
	{"waiver without beginning", waiver("owner: a@example.com, approved_by: b@example.com, reason: a long reason, expires: 2026-06-01"), `site.yaml:1:12: waiver "W": has no created; add it`},
	{"waiver without end", waiver("owner: a@example.com, approved_by: b@example.com, reason: a long reason, created: 2026-01-01"), `site.yaml:1:12: waiver "W": has no expires; add it`},
	{"waiver with a word for a reason", waiver("owner: a@example.com, approved_by: b@example.com, reason: accepted, created: 2026-01-01, expires: 2026-06-01"), `site.yaml:1:129: waiver "W": reason "accepted" says too little; write at least 10 characters`},
	{"waiver too long", waiver(approved + "created: 2026-01-01, expires: 2028-01-01"), `site.yaml:1:174: waiver "W": holds for 730 days; at most 365 are allowed`},
	{"waiver that ends before it begins", waiver(approved + "created: 2026-01-01, expires: 2025-12-31"), `site.yaml:1:174: waiver "W": expires before it was created; correct one of the days`},
	{"waiver for all", "waivers: [ { id: W, rule: tls-version, " + approved + "created: 2026-01-01, expires: 2026-06-01 } ]\n", `site.yaml:1:12: waiver "W": matches everything; narrow it by device, endpoint or peer under match`},
	{"waiver of everybody", "waivers: [ { id: W, rule: tls-version, match: { peer: 0.0.0.0/0 }, " + approved + "created: 2026-01-01, expires: 2026-06-01 } ]\n", `site.yaml:1:55: waiver "W": peer 0.0.0.0/0 is everybody; write the peer's prefix`},
	{"waiver of no device", "waivers: [ { id: W, rule: tls-version, match: { device: x }, " + approved + "created: 2026-01-01, expires: 2026-06-01 } ]\n", `site.yaml:1:57: waiver "W": device "x" is not declared; declare it under devices`},
	{"waiver of a disabled endpoint", "endpoints: [ { id: a, names: [a.example.com], enabled: false } ]\nwaivers: [ { id: W, rule: tls-version, match: { endpoint: a }, " + approved + "created: 2026-01-01, expires: 2026-06-01 } ]\n", `site.yaml:2:59: waiver "W": endpoint "a" is disabled; match the peer by its prefix`},
	{"waiver of no rule", "waivers: [ { id: W, rule: tls, match: { peer: 192.0.2.1/32 }, " + approved + "created: 2026-01-01, expires: 2026-06-01 } ]\n", "site.yaml:1:27: waiver \"W\": unknown rule \"tls\"; `spanaudit rules list` names them"},
	{"waiver of the capture", "waivers: [ { id: W, rule: capture-loss, match: { peer: 192.0.2.1/32 }, " + approved + "created: 2026-01-01, expires: 2026-06-01 } ]\n", `site.yaml:1:27: waiver "W": capture-loss judges the capture, not a device, and cannot be waived; remove the waiver`},
	{"waiver of an open door", "waivers: [ { id: W, rule: rtsp-boundary, match: { peer: 192.0.2.1/32 }, " + approved + "created: 2026-01-01, expires: 2026-06-01 } ]\n", `site.yaml:1:12: waiver "W": has no ticket, which a waiver of rtsp-boundary needs; add it`},
	{"two waivers for one", "waivers:\n  - { id: V, rule: tls-version, match: { peer: 192.0.2.1/32 }, " + approved + "created: 2026-01-01, expires: 2026-06-01 }\n  - { id: W, rule: tls-version, match: { peer: 192.0.2.1/32 }, " + approved + "created: 2026-01-01, expires: 2026-06-01 }\n", `site.yaml:3:5: waiver "W": waives the same as waiver "V"; keep one`},
}

// approved is what a waiver says of its why and who.
const approved = "owner: a@example.com, approved_by: b@example.com, reason: a long reason, "

func waiver(keys string) string {
	return "waivers: [ { id: W, rule: tls-version, match: { peer: 192.0.2.1/32 }, " + keys + " } ]\n"
}

// mend is how a message says what to do: behind a semicolon, or as what is wanted.
var mend = regexp.MustCompile(`; |is wanted$|from \d+ to \d+$`)

func TestBadPolicies(t *testing.T) {
	for _, c := range badPolicies {
		_, err := Parse("site.yaml", []byte(c.text))
		var e *PolicyError
		if !errors.As(err, &e) {
			t.Errorf("%s: accepted", c.name)
			continue
		}
		got, _, _ := strings.Cut(e.Error(), "\n")
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		if !mend.MatchString(got) {
			t.Errorf("%s: no mend in %s", c.name, got)
		}
	}
}

func TestAllProblemsOfAFileAreListedByLine(t *testing.T) {
	_, err := Parse("site.yaml", []byte(`zones:
  cameras: { trust: locl, cidrs: ["198.51.100.1/26"] }
  cameras: {}
devices:
  - { id: a, role: cam, interfaces: [ { ipv4: 10.0.0 } ] }
kind: policy
`))
	want := `site.yaml:2:21: zone "cameras": unknown trust "locl"; did you mean "local"?
site.yaml:2:35: zone "cameras": prefix 198.51.100.1/26 has host bits set; write 198.51.100.0/26
site.yaml:3:3: key "cameras" is given twice, first in line 2; keep one
site.yaml:5:20: device "a": unknown role "cam"; known are appliance, camera, recorder, viewer, gateway, resolver, ntp-server, dhcp-server, admin, other
site.yaml:5:47: device "a": "10.0.0" is no IP address; write one such as 192.0.2.10
site.yaml:6:7: kind is "policy"; write Policy`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	var text strings.Builder
	for range 30 {
		text.WriteString("- { id: \"\", role: x }\n")
	}
	_, err = Parse("site.yaml", []byte("devices:\n"+text.String()))
	var e *PolicyError
	if !errors.As(err, &e) || len(e.Problems) != 20 || e.More == 0 {
		t.Errorf("the list is not bounded: %v", err)
	}
}
