package epoch

import (
	"time"

	"github.com/ethereum/go-ethereum/common"
)

// DeviceProofLife is how far from the end of an epoch a device may have proved itself to
// count in it: a node that left its device is trusted no more after that. The coordinator's
// clock says when, chain time when the epoch ends.
const DeviceProofLife = 7 * 24 * time.Hour

// devices are the nodes of which Inputs prove that they run on a vouched device: the
// registry names the voucher, a vendor that counts issued it and has not taken it back, and
// node and device proved lately that they go together. A device stands behind one node, the
// one that proved it last: else one TPM would raise the trust of any number of names.
func (in *Inputs) devices() map[common.Address]bool {
	vendors := map[common.Address]bool{}
	for _, v := range in.Vendors {
		vendors[v] = true
	}
	type taken struct {
		vendor  common.Address
		voucher [32]byte
	}
	revoked := map[taken]bool{}
	for _, r := range in.Revoked {
		revoked[taken{r.Revocation.Vendor, r.Revocation.Voucher}] = true
	}
	registered := make(map[common.Address]common.Hash, len(in.Registrations))
	for _, r := range in.Registrations {
		if r.Active && r.Voucher != (common.Hash{}) {
			registered[r.Node] = r.Voucher
		}
	}
	end := time.Unix(int64(in.To), 0)
	type claim struct {
		node common.Address
		at   time.Time
	}
	newest := map[[64]byte]claim{}
	for _, d := range in.Devices { // by node, so that of two at one moment the first counts
		p, v := d.Proof, d.Voucher.Voucher
		voucher, known := registered[p.Node]
		switch {
		case !known || voucher != p.Voucher:
		case !vendors[v.Vendor] || revoked[taken{v.Vendor, p.Voucher}]:
		case !v.ExpiresAt.IsZero() && v.ExpiresAt.Before(end):
		case p.AskedAt.Sub(end).Abs() > DeviceProofLife:
		default:
			if last, stands := newest[v.Device]; !stands || p.AskedAt.After(last.at) {
				newest[v.Device] = claim{p.Node, p.AskedAt}
			}
		}
	}
	nodes := make(map[common.Address]bool, len(newest))
	for _, c := range newest {
		nodes[c.node] = true
	}
	return nodes
}
