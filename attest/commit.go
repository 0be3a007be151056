package attest

import (
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/medhive/medhive/models"
)

// outputCommitmentTag keeps a commitment apart from every EIP-712 digest, which begins with 0x1901.
var outputCommitmentTag = crypto.Keccak256Hash([]byte("MedHive OutputCommitment(bytes32 output,bytes32 salt,address node,bytes32 task) 1"))

// OutputCommitment is what a node says of a replica's output before it sees another's:
//
//	keccak256(tag ‖ output ‖ salt ‖ node ‖ task)
//
// in 32-byte words, node right-aligned, tag the keccak256 of the text above that names it. The salt is 32 random bytes,
// without which a likely output could be guessed; node and task keep a node from handing in
// what another one committed.
func OutputCommitment(output models.Digest, salt [32]byte, node common.Address, task models.Digest) [32]byte {
	var w words
	w.word(outputCommitmentTag)
	w.word(output)
	w.word(salt)
	w.address(node)
	w.word(task)
	return w.hash()
}
