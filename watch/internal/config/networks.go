package config

import (
	"errors"
	"fmt"
	"net/netip"
)

// Networks says which addresses may be read and captured.
type Networks struct {
	// Allow lists the networks that targets may be in, as prefixes. Empty is all.
	Allow []string `yaml:"allow"`

	allow []netip.Prefix
}

func (n *Networks) check() error {
	var wrong []error
	for _, text := range n.Allow {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("networks: allow: %w", err))
			continue
		}
		n.allow = append(n.allow, p)
	}
	return errors.Join(wrong...)
}

// Check returns an error for an address that holmes-watch does not connect to: one
// outside of the allowed networks and, whatever these are, one that is link-local, as
// the metadata services of clouds are, multicast or unspecified.
func (n *Networks) Check(a netip.Addr) error {
	a = a.Unmap()
	switch {
	case !a.IsValid(), a.IsUnspecified(), a.IsMulticast(), a.IsLinkLocalUnicast(), a.String() == metadataV6:
		return fmt.Errorf("%s is no address of a target", a)
	case len(n.allow) == 0:
		return nil
	}
	for _, p := range n.allow {
		if p.Contains(a) {
			return nil
		}
	}
	return fmt.Errorf("%s is in none of the networks that are allowed", a)
}

// metadataV6 is the address of AWS's metadata service in IPv6, which is not link-local.
const metadataV6 = "fd00:ec2::254"
