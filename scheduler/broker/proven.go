package broker

import (
	"sync"

	"github.com/ethereum/go-ethereum/common"
)

// maxProven bounds the memory of nodes whose work was accepted. Beyond it any one of them
// is forgotten, and then has to do its next task before it gets a second one.
const maxProven = 16_384

// proven are the nodes whose work this clinic has accepted at some time, as its records
// tell. It is safe for concurrent use.
type proven struct {
	mu    sync.Mutex // guards nodes
	nodes map[common.Address]struct{}
}

func newProven() *proven { return &proven{nodes: map[common.Address]struct{}{}} }

func (p *proven) add(node common.Address) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.nodes[node]; !known && len(p.nodes) >= maxProven {
		for any := range p.nodes {
			delete(p.nodes, any)
			break
		}
	}
	p.nodes[node] = struct{}{}
}

func (p *proven) has(node common.Address) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, known := p.nodes[node]
	return known
}
