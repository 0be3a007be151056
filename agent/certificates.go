package agent

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/medhive/medhive/agent/warning"
)

const (
	// certificateSoon is when a person is told that a certificate ends: authorities that renew
	// by themselves do it at a month.
	certificateSoon = 21 * 24 * time.Hour
	// maxCertificate bounds the file.
	maxCertificate = 1 << 20
)

// CertificateWarnings look at the PEM file of a certificate that the role shows; what says
// where. An empty path is no certificate.
func CertificateWarnings(what, path string, now time.Time) []warning.Warning {
	if path == "" {
		return nil
	}
	ends, err := certificateEnd(path)
	switch left := ends.Sub(now); {
	case err != nil:
		return []warning.Warning{warning.Of(warning.CertificateEnds, what, "the certificate of %s can't be read: %v", what, err)}
	case left <= 0:
		return []warning.Warning{warning.Of(warning.CertificateEnds, what, "the certificate of %s ended on %s: others refuse it", what, ends.UTC().Format(time.DateOnly)).As(warning.Critical)}
	case left < certificateSoon:
		return []warning.Warning{warning.Of(warning.CertificateEnds, what, "the certificate of %s ends on %s", what, ends.UTC().Format(time.DateOnly))}
	}
	return nil
}

// certificateEnd is when the first certificate of a PEM file ends: that is the one that is
// shown, those behind it vouch for it.
func certificateEnd(path string) (time.Time, error) {
	f, err := os.Open(path)
	if err != nil {
		return time.Time{}, pathless(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxCertificate))
	if err != nil {
		return time.Time{}, pathless(err)
	}
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			return time.Time{}, errors.New("the file holds none; it must be PEM")
		}
		if block.Type == "CERTIFICATE" {
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return time.Time{}, fmt.Errorf("it is no certificate: %w", err)
			}
			return c.NotAfter, nil
		}
		data = rest
	}
}
