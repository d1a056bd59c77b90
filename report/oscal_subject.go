package report

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
)

// oscalSubjectKey tells hosts apart: by the id of a declared one, else by its
// addresses.
type oscalSubjectKey struct {
	id  string
	ip  netip.Addr
	mac string
}

func subjectKey(d Device) oscalSubjectKey {
	if d.ID != "" {
		return oscalSubjectKey{id: d.ID}
	}
	return oscalSubjectKey{ip: d.IP, mac: d.MAC}
}

// subject refers to a host, which becomes an item of the inventory.
func (o *oscalWriter) subject(d Device) oscalSubject {
	key := subjectKey(d)
	name := cmp.Or(oscalMarkup(d.name()), "a host without a name")
	i, known := o.subjects[key]
	if !known {
		i = len(o.items)
		o.subjects[key] = i
		description := name + ", a host of the site that the policy does not declare"
		if d.ID != "" {
			description = name + ", declared in the policy"
		}
		id := o.lasting("host", o.a.Policy.Name, key.id, key.ip.String(), key.mac)
		o.items = append(o.items, oscalItem{UUID: id, Description: description, Props: o.declared(d.ID)})
	}
	o.items[i].learn(d)
	return oscalSubject{o.items[i].UUID, "inventory-item", name}
}

// declared returns what the policy says of a device.
func (o *oscalWriter) declared(id string) (props []oscalProp) {
	if value := oscalString(id); value != "" {
		props = append(props, oscalProp{Name: "asset-id", Value: value})
	}
	for _, d := range o.a.Policy.Devices {
		if d.ID == id {
			props = append(props, oscalProps("zone", d.Zone, "product", d.Product, "software-version", d.Software)...)
			break
		}
	}
	return props
}

// learn adds what this sight of the host says of it.
func (item *oscalItem) learn(d Device) {
	ip := oscalProp{Name: "ipv6-address", Value: address(d.IP)}
	if d.IP.Is4() {
		ip.Name = "ipv4-address"
	}
	for _, p := range []oscalProp{
		ip,
		{Name: "mac-address", Value: oscalString(d.MAC)},
		{"role", namespaceURI, oscalString(d.Role)},
		{"known-by", namespaceURI, oscalString(d.KnownBy)},
	} {
		if p.Value != "" && len(item.Props) < maxItemProps && !slices.Contains(item.Props, p) {
			item.Props = append(item.Props, p)
		}
	}
}

// maxItemProps bounds the properties of a host: one may have been seen with many
// addresses.
const maxItemProps = 64

// tool describes this program, from which all comes.
func (o *oscalWriter) tool() oscalComponent {
	name := cmp.Or(oscalMarkup(o.a.Tool.Name), "spanaudit")
	c := oscalComponent{
		UUID: o.lasting("tool", o.a.Tool.Name, o.a.Tool.Version), Type: "software", Title: name,
		Description: "A passive auditor of network traffic: it reads captures, says what each flow is, and judges it by a policy.",
		Status:      oscalState{State: "operational"},
	}
	if version := oscalString(o.a.Tool.Version); version != "" {
		c.Props = []oscalProp{{Name: "version", Value: version}}
	}
	o.origins = []oscalOrigin{{[]oscalActor{{"tool", c.UUID}}}}
	return c
}

var sha256Form = regexp.MustCompile(`^[0-9a-f]{64}$`)

func oscalHashes(sha256 string) []oscalHash {
	if !sha256Form.MatchString(sha256) {
		return nil
	}
	return []oscalHash{{"SHA-256", sha256}}
}

// policyResource is the policy that was judged by.
func (o *oscalWriter) policyResource() oscalResource {
	p := &o.a.Policy
	props := oscalProps("version", p.Version, "review-by", p.ReviewBy)
	for _, b := range p.Extends {
		props = append(props, oscalProps("extends", fmt.Sprintf("%s %s, SHA-256 %s", b.Name, b.Version, b.SHA256))...)
	}
	for _, z := range p.Zones {
		props = append(props, oscalProps("zone", fmt.Sprintf("%s (%s): %s", z.Name, z.Trust, z.Prefixes))...)
	}
	r := oscalResource{
		UUID: o.own("policy"), Title: "Policy " + oscalMarkup(policyName(p)),
		Description: cmp.Or(oscalMarkup(p.Description), "The policy by which the traffic was judged.") + " Its file may have another name here; the SHA-256 tells whether it is the same.",
		Props:       props,
	}
	if p.Name != "" {
		r.Links = []oscalRef{{Href: oscalHref(p.Name+".yaml", ""), MediaType: "application/yaml", Hashes: oscalHashes(p.SHA256)}}
	}
	return r
}

// inputResources are the captures. Their hashes tell whether a file at hand is
// the one that was read.
func (o *oscalWriter) inputResources() (list []oscalResource) {
	o.inputs = map[string]uuid{}
	for _, in := range o.a.Inputs {
		r := oscalResource{
			UUID: o.own("input", in.Name), Title: "Capture " + cmp.Or(oscalMarkup(in.Name), "without a name"),
			Description: oscalMarkup(fmt.Sprintf("A capture that was read: %s.", count(in.Packets, "frame"))),
			Props:       oscalProps("packets", in.Packets, "error", in.Error),
		}
		if in.Error != "" {
			r.Description = oscalMarkup(fmt.Sprintf("A capture of which %s could be read, and the rest not.", count(in.Packets, "frame")))
		}
		if in.Name != "" {
			r.Links = []oscalRef{{Href: oscalHref(in.Name, ""), MediaType: "application/vnd.tcpdump.pcap", Hashes: oscalHashes(in.SHA256)}}
		}
		o.inputs[in.Name] = r.UUID
		list = append(list, r)
	}
	return list
}
