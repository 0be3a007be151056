package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/agent/binding"
	"github.com/medhive/medhive/attest"
)

// BindListen is where the page lies on which an owner's wallet signs: at all addresses, since
// a phone must reach it. Who doesn't know the code of the hour finds nothing there.
const BindListen = ":9404"

// ownerFile is where a node keeps its owner's word, in its folder.
const ownerFile = "owner.json"

// Owner is the wallet that an owner bound a node to; nil if nobody did.
func Owner(ctx context.Context, state string, network Network, node common.Address) (*common.Address, error) {
	data, err := readBounded(filepath.Join(state, ownerFile), attest.MaxOwnerBindingBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the owner's word: %w", pathless(err))
	}
	signed, err := attest.DecodeSignedOwnerBinding(data)
	if err == nil && signed.Binding.Node != node {
		err = fmt.Errorf("it is about node %s", signed.Binding.Node)
	}
	if err == nil && signed.WalletSig == "" { // a contract wallet was asked when it signed
		err = signed.Verify(ctx, network.Domain(), nil)
	}
	if err != nil {
		return nil, fmt.Errorf("the owner's word does not count: %w; bind the node again with `medhive node bind --again`", err)
	}
	return &signed.Binding.Owner, nil
}

// OpenBinding is a node's open question whose it is.
type OpenBinding struct {
	Offer binding.Offer
	Links []string // where the page is, the best first

	door   *binding.Door
	server *http.Server
	ended  chan error
	closed func()
}

// Times of the page's server: the page is small, and phones are slow.
const (
	bindHeader = 10 * time.Second
	bindWhole  = time.Minute
)

// OpenBind shows the page on which an owner's wallet signs for the node, at listen, until it
// is closed. What is signed is kept in the node's folder before it is acknowledged.
func OpenBind(ctx context.Context, state, tpm, listen string, network Network, log *slog.Logger) (*OpenBinding, error) {
	if err := makeState(state); err != nil {
		return nil, err
	}
	key, err := NodeKey(ctx, state, tpm)
	if err != nil {
		return nil, err
	}
	return openBinding(ctx, key.Address(), state, listen, network, log)
}

// OpenBind is OpenBind of a node that runs; its dashboard shows the link and its picture.
// What it learns counts when the node is registered, or proposes another recipient.
func (n *Node) OpenBind(ctx context.Context, listen string) (*OpenBinding, error) {
	return openBinding(ctx, n.key.Address(), n.conf.State, listen, n.conf.Network, n.conf.Log)
}

// Owner is the wallet that the node is bound to; nil if nobody's.
func (n *Node) Owner(ctx context.Context) (*common.Address, error) {
	return Owner(ctx, n.conf.State, n.conf.Network, n.key.Address())
}

func openBinding(ctx context.Context, node common.Address, state, listen string, network Network, log *slog.Logger) (*OpenBinding, error) {
	offer, err := binding.NewOffer(node, network.Domain(), time.Now())
	if err != nil {
		return nil, err
	}
	var wallets attest.Wallets // who signs with a contract wallet waits for a chain
	closed := func() {}
	if client, err := network.Dial(ctx, log); err == nil {
		wallets, closed = client, client.Close
	} else {
		log.Warn("the chain does not answer: contract wallets can't be asked now", "error", err)
	}
	door, err := binding.NewDoor(offer, wallets, func(s attest.SignedOwnerBinding) error { return KeepOwner(state, s) })
	if err != nil {
		closed()
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		closed()
		return nil, fmt.Errorf("open the page of the binding: %w; name another place with --listen", err)
	}
	o := &OpenBinding{Offer: offer, door: door, ended: make(chan error, 1), closed: closed,
		server: &http.Server{Handler: door, ReadHeaderTimeout: bindHeader, ReadTimeout: bindWhole, WriteTimeout: bindWhole, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}}
	o.Links = links(listener.Addr(), offer.Path())
	go func() { o.ended <- o.server.Serve(listener) }()
	return o, nil
}

// Wait returns the binding once there is one.
func (o *OpenBinding) Wait(ctx context.Context) (attest.SignedOwnerBinding, error) {
	ctx, cancel := context.WithDeadlineCause(ctx, o.Offer.Deadline, errors.New("nobody bound this node in time; run the command again for a new code"))
	defer cancel()
	select {
	case signed := <-o.door.Done():
		return signed, nil
	case err := <-o.ended:
		o.ended <- err // for Close
		return attest.SignedOwnerBinding{}, fmt.Errorf("show the page of the binding: %w", err)
	case <-ctx.Done():
		return attest.SignedOwnerBinding{}, context.Cause(ctx)
	}
}

// bindLinger is how long the last answer may take to reach the phone.
const bindLinger = 5 * time.Second

// Close takes the page away.
func (o *OpenBinding) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), bindLinger)
	defer cancel()
	return o.close(ctx)
}

// close lets answers go out until ctx ends. Who is not done by then, or never meant to be, is
// cut off: the page is for everybody in the owner's network, and no fault of the binding's.
func (o *OpenBinding) close(ctx context.Context) error {
	err := o.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		err = o.server.Close()
	}
	if ended := <-o.ended; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	o.closed()
	return err
}

// KeepOwner writes an owner's word, which was verified, into a node's folder.
func KeepOwner(state string, s attest.SignedOwnerBinding) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("keep the owner's word: %w", err)
	}
	return writeFileDurably(filepath.Join(state, ownerFile), append(data, '\n'), 0o644)
}

// links are where a phone may find the page: at the machine's private addresses where it
// listens on all of them.
func links(at net.Addr, path string) (list []string) {
	host, port, err := net.SplitHostPort(at.String())
	if err != nil {
		return nil
	}
	hosts := []string{host}
	if ip := net.ParseIP(host); ip.IsUnspecified() {
		hosts = append(privateAddresses(), "127.0.0.1")
	}
	for _, h := range hosts {
		list = append(list, "http://"+net.JoinHostPort(h, port)+path)
	}
	return list
}

// privateAddresses are the machine's addresses of its own network (RFC 1918).
func privateAddresses() (list []string) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range addresses {
		if network, ok := a.(*net.IPNet); ok && network.IP.IsPrivate() && network.IP.To4() != nil {
			list = append(list, network.IP.String())
		}
	}
	return list
}
