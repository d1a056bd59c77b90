package main

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os"
	"regexp"
	"slices"

	"github.com/spf13/cobra"

	"spanaudit/rules"
)

// importFlags names the device that a MUD file is about.
type importFlags struct{ id, role, mac, ip string }

func newPolicyImport(w world) *cobra.Command {
	var f importFlags
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Make a policy of a MUD file or of Zeek's networks.cfg",
		Long: "import reads a Manufacturer Usage Description (RFC 8520), the list of what a type of device may contact,\n" +
			"or Zeek's networks.cfg, the list of local networks, and writes what they say as a policy to standard\n" +
			"output. What a policy cannot say stands there in comments. The signature of a MUD file is not verified.",
		Example: "  spanaudit policy import --device cam-01 --ip 10.20.0.21 --role camera camera.json > cam-01.yaml\n" +
			"  spanaudit policy import /opt/zeek/etc/networks.cfg > site.yaml",
		Args: oneArg("a MUD file or a networks.cfg"),
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := f.convert(args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(w.stdout, text)
			return err
		},
	}
	c.Flags().SortFlags = false
	c.Flags().StringVar(&f.id, "device", "device-1", "`ID` of the device that a MUD file is about")
	c.Flags().StringVar(&f.role, "role", "other", "its `ROLE`, such as camera")
	c.Flags().StringVar(&f.mac, "mac", "", "its `MAC`")
	c.Flags().StringVar(&f.ip, "ip", "", "its `ADDRESS`")
	complete(c, "role", rules.Roles())
	return c
}

func (f *importFlags) convert(path string) (string, error) {
	device, err := f.device()
	if err != nil {
		return "", err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return rules.ImportMUD(path, data, device)
	}
	if f.mac+f.ip != "" {
		return "", fmt.Errorf("--mac and --ip name the device of a MUD file, and %s is none", path)
	}
	return rules.ImportNetworks(path, data)
}

var deviceID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func (f *importFlags) device() (d rules.MUDDevice, err error) {
	d.ID, d.Role = f.id, rules.Role(f.role)
	if !slices.Contains(rules.Roles(), f.role) {
		return d, fmt.Errorf("--role %q is not known%s", f.role, didYouMean(f.role, rules.Roles()))
	}
	if f.mac != "" {
		mac, err := net.ParseMAC(f.mac)
		if err != nil || len(mac) != len(d.MAC) {
			return d, fmt.Errorf("--mac %q is no MAC; give one such as 02:00:5e:00:53:10", f.mac)
		}
		copy(d.MAC[:], mac)
	}
	if f.ip != "" {
		if d.IP, err = netip.ParseAddr(f.ip); err != nil {
			return d, fmt.Errorf("--ip %q is no address", f.ip)
		}
	}
	if !deviceID.MatchString(f.id) {
		return d, fmt.Errorf("--device %q is no id; use letters, digits, '.', '_' and '-'", f.id)
	}
	return d, nil
}
