// Package identity holds a role's one secp256k1 key: the same key is the
// libp2p identity, the signer of statements and the EVM address, so that a
// peer on the wire, a signature in a receipt and a node in the registry can be
// compared without a directory in between. A path goes in, a Key comes out.
// The key is hot: it signs statements and never receives money, and it never
// leaves its file or appears in an error.
package identity

import (
	"crypto/ecdsa"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	ethcrypto "github.com/ethereum/go-ethereum/crypto"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
)

// ErrNotSecp256k1 says that a peer id carries no inlined secp256k1 public key,
// so the peer has no EVM address.
var ErrNotSecp256k1 = errors.New("peer id does not hold a secp256k1 key")

// Key is one secp256k1 private key in its three guises. It is immutable and
// safe for concurrent use.
type Key struct {
	ecdsa   *ecdsa.PrivateKey
	libp2p  crypto.PrivKey
	peerID  peer.ID
	address common.Address
}

// Generate makes a fresh key from the system's randomness.
func Generate() (*Key, error) {
	private, err := ethcrypto.GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("generate identity key: %w", err)
	}
	return FromECDSA(private)
}

// FromECDSA wraps an existing secp256k1 private key.
func FromECDSA(private *ecdsa.PrivateKey) (*Key, error) {
	if private == nil || private.Curve != ethcrypto.S256() {
		return nil, errors.New("wrap identity key: not a secp256k1 key")
	}
	return fromScalar(ethcrypto.FromECDSA(private))
}

// fromScalar builds a Key from the 32-byte big-endian private scalar.
func fromScalar(scalar []byte) (*Key, error) {
	private, err := ethcrypto.ToECDSA(scalar)
	if err != nil {
		return nil, fmt.Errorf("read identity key: %w", err)
	}
	host, err := crypto.UnmarshalSecp256k1PrivateKey(scalar)
	if err != nil {
		return nil, fmt.Errorf("read identity key for libp2p: %w", err)
	}
	id, err := peer.IDFromPrivateKey(host)
	if err != nil {
		return nil, fmt.Errorf("derive peer id: %w", err)
	}
	return &Key{
		ecdsa:   private,
		libp2p:  host,
		peerID:  id,
		address: ethcrypto.PubkeyToAddress(private.PublicKey),
	}, nil
}

// Address is the key's EVM address, the node's name in receipts and on chain.
func (k *Key) Address() common.Address { return k.address }

// ECDSA is the key as go-ethereum signs with it. Callers must not change it.
func (k *Key) ECDSA() *ecdsa.PrivateKey { return k.ecdsa }

// PeerID is the key's libp2p name; it holds the public key inline.
func (k *Key) PeerID() peer.ID { return k.peerID }

// Libp2p is the key as a libp2p host takes it.
func (k *Key) Libp2p() crypto.PrivKey { return k.libp2p }

// String names the key by its address, so that logging one never leaks it.
// It and GoString are methods of the value, so that a copied Key is as silent.
func (k Key) String() string { return k.address.Hex() }

// GoString keeps the secret out of %#v as well.
func (k Key) GoString() string { return "identity.Key(" + k.address.Hex() + ")" }

// AddressOf returns the EVM address of the peer behind id, read from the
// secp256k1 public key that the id holds inline. It returns ErrNotSecp256k1 for
// ids of any other kind, such as hashed RSA keys or inlined Ed25519 keys.
func AddressOf(id peer.ID) (common.Address, error) {
	public, err := id.ExtractPublicKey()
	if err != nil {
		return common.Address{}, fmt.Errorf("address of peer %s: %w: %v", id, ErrNotSecp256k1, err)
	}
	if public.Type() != crypto.Secp256k1 {
		return common.Address{}, fmt.Errorf("address of peer %s: %w", id, ErrNotSecp256k1)
	}
	compressed, err := public.Raw()
	if err != nil {
		return common.Address{}, fmt.Errorf("address of peer %s: %w", id, err)
	}
	point, err := ethcrypto.DecompressPubkey(compressed)
	if err != nil {
		return common.Address{}, fmt.Errorf("address of peer %s: %w", id, err)
	}
	return ethcrypto.PubkeyToAddress(*point), nil
}
