package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"math/big"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/client"
	"github.com/medhive/medhive/agent/demo"
	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/hwprobe/challenge"
	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/scheduler/clinic"
)

// TestMain lets the test binary be what a clinic and a node start, and ends the network that
// the examples ran on.
func TestMain(m *testing.M) {
	roles := map[string]func() error{
		"reader":             func() error { return clinic.Serve(os.Stdin, os.Stdout) },
		"runner":             func() error { return runner.Main(os.Stdin, os.Stdout) },
		agent.MeasureCommand: func() error { return hwprobe.Serve(context.Background(), os.Stdin, os.Stdout, func() { os.Exit(1) }) },
		agent.ProveCommand:   func() error { return challenge.Serve(context.Background(), os.Stdin, os.Stdout, func() { os.Exit(1) }) },
		agent.NVMLCommand:    func() error { return errors.New("the tests ask no driver") },
	}
	if len(os.Args) > 1 && roles[os.Args[1]] != nil {
		if err := roles[os.Args[1]](); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	if err := theNetwork.end(); err != nil {
		fmt.Fprintln(os.Stderr, "the network did not end well:", err)
		code = 1
	}
	os.Exit(code)
}

// epochTime is short, so that a test sees several.
const epochTime = 3 * time.Second

// aNetwork is a real served network, started when it is first asked for.
type aNetwork struct {
	once  sync.Once
	where demo.Addresses
	stop  context.CancelFunc
	done  chan error
}

var theNetwork aNetwork

// network is where the network of the examples is reached.
func network() demo.Addresses {
	theNetwork.once.Do(theNetwork.start)
	return theNetwork.where
}

func (n *aNetwork) start() {
	ctx, stop := context.WithCancel(context.Background())
	n.stop, n.done = stop, make(chan error, 1)
	ready := make(chan demo.Addresses, 1)
	go func() {
		n.done <- demo.Serve(ctx, demo.ServeConfig{Epoch: epochTime, Ready: func(a demo.Addresses) error { ready <- a; return nil }})
	}()
	select {
	case n.where = <-ready:
	case err := <-n.done:
		log.Fatal(err)
	}
}

// end stops the network, if it was started, and wants nothing of it left.
func (n *aNetwork) end() error {
	if n.stop == nil {
		return nil
	}
	n.stop()
	err := <-n.done
	if _, left := os.Stat(n.where.Home); !errors.Is(left, os.ErrNotExist) {
		err = errors.Join(err, errors.New("its temporary folder is still there"))
	}
	return err
}

// Each door gives its document, and nobody is let in who shows nothing, a wrong token or a
// link that was used.
func TestDoorsOfARealNetwork(t *testing.T) {
	where := network()
	for _, document := range []string{where.Coordinator.OpenAPI, where.Nodes[0].OpenAPI, where.Nodes[1].OpenAPI, where.Clinic.OpenAPI} {
		answer, err := http.Get(document)
		if err != nil {
			t.Fatal(err)
		}
		var head struct {
			Version string         `json:"openapi"`
			Paths   map[string]any `json:"paths"`
		}
		err = json.NewDecoder(answer.Body).Decode(&head)
		if answer.Body.Close(); err != nil || head.Version != "3.1.0" || len(head.Paths) < 5 {
			t.Errorf("%s: %v, OpenAPI %q of %d paths", document, err, head.Version, len(head.Paths))
		}
	}
	stranger, err := client.NewOperator(where.Nodes[0].URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stranger.Status(t.Context()); !errors.Is(err, client.ErrNotAllowed) {
		t.Errorf("a stranger: %v", err)
	}
	friend, err := client.NewOperator(where.Nodes[0].URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := friend.Enter(t.Context(), where.Nodes[0].Link); err != nil {
		t.Fatal(err)
	}
	if s, err := friend.Status(t.Context()); err != nil || s.Address != where.Nodes[0].Address || s.PriceGwei != where.Nodes[0].PriceGwei {
		t.Errorf("%v: %+v", err, s)
	}
	if err := stranger.Enter(t.Context(), where.Nodes[0].Link); !errors.Is(err, client.ErrNotAllowed) {
		t.Errorf("a used link: %v", err)
	}
	if _, err := friend.Warnings(t.Context()); err != nil {
		t.Error(err)
	}
	awaitReward(t, friend)
	if _, err := friend.Scores(t.Context(), 3); err != nil { // the node asks for them now and then
		t.Error(err)
	}
}

// awaitReward waits until the chain would pay a reward: nobody has moved its clock.
func awaitReward(t *testing.T, node *client.Operator) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	ticker := time.NewTicker(epochTime / 3)
	defer ticker.Stop()
	for {
		earned, err := node.Earnings(ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		if wei, ok := new(big.Int).SetString(earned.ClaimableWei, 10); ok && wei.Sign() > 0 {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("nothing can be claimed: %+v", earned)
		case <-ticker.C:
		}
	}
}

// What a coordinator does not have is ErrNotFound; an epoch comes in one file.
func TestWhatACoordinatorPublishes(t *testing.T) {
	published, err := client.NewNetwork(network().Coordinator.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := published.Score(t.Context(), "0x000000000000000000000000000000000000dEaD"); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("a node that nobody knows: %v", err)
	}
	if _, err := published.Score(t.Context(), "swift"); err == nil || errors.Is(err, client.ErrNotFound) {
		t.Errorf("no address: %v", err)
	}
	if err := published.Bundle(t.Context(), 1<<40, &bytes.Buffer{}); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("an epoch of the far future: %v", err)
	}
	var file bytes.Buffer
	newest, err := published.AwaitEpoch(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := published.Bundle(t.Context(), newest, &file); err != nil || !bytes.HasPrefix(file.Bytes(), []byte{0x1f, 0x8b}) {
		t.Errorf("%v: %d bytes", err, file.Len())
	}
}
