package attest

// AppendBinary appends the binary form to b: 198 bytes.
func (s SignedDeviceVoucher) AppendBinary(b []byte) ([]byte, error) {
	a, v := appender{b: b}, s.Voucher
	a.uint8(binaryVersion)
	a.address(v.Vendor)
	a.word(v.Endorsement)
	a.deviceKey(v.Device)
	a.time(v.IssuedAt)
	a.time(v.ExpiresAt)
	a.signature(s.VendorSig)
	return a.done()
}

// UnmarshalBinary reads what AppendBinary wrote. It checks no signature.
func (s *SignedDeviceVoucher) UnmarshalBinary(data []byte) error {
	r := reader{b: data}
	v := r.deviceVoucher()
	if err := r.done("signed device voucher"); err != nil {
		return err
	}
	*s = v
	return nil
}

// AppendBinary appends the binary form to b: 126 bytes.
func (s SignedDeviceRevocation) AppendBinary(b []byte) ([]byte, error) {
	a := appender{b: b}
	a.uint8(binaryVersion)
	a.address(s.Revocation.Vendor)
	a.word(s.Revocation.Voucher)
	a.time(s.Revocation.At)
	a.signature(s.VendorSig)
	return a.done()
}

// UnmarshalBinary reads what AppendBinary wrote. It checks no signature.
func (s *SignedDeviceRevocation) UnmarshalBinary(data []byte) error {
	r := reader{b: data}
	r.version()
	v := SignedDeviceRevocation{Revocation: DeviceRevocation{Vendor: r.address(), Voucher: r.word(), At: r.time()}}
	v.VendorSig = r.signature()
	if err := r.done("signed device revocation"); err != nil {
		return err
	}
	*s = v
	return nil
}

// AppendBinary appends the binary form to b: 390 bytes and the quote's.
func (s SignedDeviceProof) AppendBinary(b []byte) ([]byte, error) {
	a, p := appender{b: b}, s.Proof
	a.uint8(binaryVersion)
	a.address(p.Node)
	a.word(p.Voucher)
	a.word(p.Nonce)
	a.time(p.AskedAt)
	a.text(string(s.Quote.Attested))
	a.b = append(a.b, s.Quote.Sig[:]...)
	a.signature(s.NodeSig)
	raw, err := a.done()
	if err != nil {
		return raw, err
	}
	return s.Voucher.AppendBinary(raw)
}

// UnmarshalBinary reads what AppendBinary wrote. It checks the bounds of the parts, no
// signature.
func (s *SignedDeviceProof) UnmarshalBinary(data []byte) error {
	r := reader{b: data}
	r.version()
	v := SignedDeviceProof{Proof: DeviceProof{Node: r.address(), Voucher: r.word(), Nonce: r.word(), AskedAt: r.time()}}
	v.Quote.Attested = []byte(r.text(MaxQuoteBytes))
	v.Quote.Sig = [64]byte(r.take(len(v.Quote.Sig)))
	v.NodeSig = r.signature()
	v.Voucher = r.deviceVoucher()
	if err := r.done("signed device proof"); err != nil {
		return err
	}
	*s = v
	return nil
}

func (a *appender) deviceKey(v DeviceKey) { a.b = append(a.b, v[:]...) }

func (r *reader) deviceVoucher() SignedDeviceVoucher {
	r.version()
	v := DeviceVoucher{Vendor: r.address(), Endorsement: r.word(), Device: DeviceKey(r.take(len(DeviceKey{}))), IssuedAt: r.time(), ExpiresAt: r.time()}
	return SignedDeviceVoucher{Voucher: v, VendorSig: r.signature()}
}
