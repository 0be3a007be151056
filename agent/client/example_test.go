package client_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/medhive/medhive/agent/client"
)

// An operator enters a node's dashboard by a link, reads what the node earned, drains it
// before the machine is restarted, and has it work again.
func ExampleOperator() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	where := network() // what `medhive demo --serve --json` printed

	node, err := client.NewOperator(where.Nodes[1].URL)
	if err != nil {
		log.Fatal(err)
	}
	if err := node.Enter(ctx, where.Nodes[1].Link); err != nil { // or client.Token above
		log.Fatal(err)
	}
	earned, err := node.Earnings(ctx, 30)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("of the last", earned.Days, "days, claimable:", earned.ClaimableWei != "")

	status, err := node.Drain(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(status.Name, "is", status.Mode, "and idle:", status.Idle())

	if status, err = node.SetMode(ctx, client.Working); err != nil {
		log.Fatal(err)
	}
	fmt.Println(status.Name, "is", status.Mode)
	// Output:
	// of the last 30 days, claimable: true
	// thrifty is draining and idle: true
	// thrifty is working
}

// A clinic's program sends a folder of images, waits until the study is settled, and reads what
// became of it. The objects of the result went to the clinic's destinations meanwhile.
func ExampleClinic() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	where := network()

	clinic, err := client.NewClinic(where.Clinic.URL) // elsewhere: https, client.Token and Login
	if err != nil {
		log.Fatal(err)
	}
	sent, err := clinic.Send(ctx, os.DirFS(where.Study))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("sent:", sent.Instances, "images")

	cases, err := clinic.Await(ctx, sent.Study)
	if err != nil {
		log.Fatal(err)
	}
	for _, one := range cases {
		fmt.Println(one.Model, one.State, one.Outcome)
		result, err := clinic.Result(ctx, one.ID)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("the result is", result.Outcome, "with figures:", len(result.Figures) > 0)
	}
	// Output:
	// sent: 181 images
	// t1-tissue delivered completed
	// the result is completed with figures: true
}

// An integrator reads what anybody may read of a network: whether its coordinator is well,
// which epochs it published, and how a node was scored and why.
func ExampleNetwork() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	where := network()

	published, err := client.NewNetwork(where.Coordinator.URL)
	if err != nil {
		log.Fatal(err)
	}
	health, err := published.Health(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(health.Role, health.State, health.Healthy)

	if _, err := published.AwaitEpoch(ctx, 1); err != nil {
		log.Fatal(err)
	}
	score, err := published.Score(ctx, where.Nodes[0].Address)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("scored in epoch 1 or later:", score.Epoch >= 1, "with reasons:", len(score.Explained) > 0)
	// Output:
	// coordinator running true
	// scored in epoch 1 or later: true with reasons: true
}
