package agent

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/medhive/medhive/hwprobe/power"
	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/worker"
	"github.com/medhive/medhive/testdata"
)

// ward runs jobs as the node does. It begins with the emergency's when the routine job
// computes, and notes the order in which jobs end.
type ward struct {
	executor
	socket    *socket       // takes 5 J at each sign of progress
	atDoor    chan struct{} // closed when the emergency has arrived
	computing chan struct{} // closed when the routine job begins to compute

	mu    sync.Mutex // guards ended
	ended []scheduler.Class
}

func (w *ward) Execute(ctx context.Context, job worker.Job, progress func(string, float64)) (worker.Output, error) {
	heard := func(stage string, done float64) {
		w.socket.use(5)
		progress(stage, done)
	}
	door, told := w.atDoor, heard
	if job.Class == scheduler.STAT {
		close(w.atDoor)
		door = w.computing
	} else {
		begun := sync.OnceFunc(func() { close(w.computing) })
		told = func(stage string, done float64) {
			heard(stage, done)
			if stage == inference.StageInference {
				begun()
			}
		}
	}
	select {
	case <-door:
	case <-ctx.Done():
		return worker.Output{}, context.Cause(ctx)
	}
	out, err := w.executor.Execute(ctx, job, told)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = append(w.ended, job.Class)
	return out, err
}

// twoLanes makes the pool start a model's second runner, so that a test need not wait
// for it when time counts.
func twoLanes(t *testing.T, n *Node, model string) {
	t.Helper()
	entry, err := n.models.Entry(model)
	if err != nil {
		t.Fatal(err)
	}
	try, err := loadTrial(entry)
	if err != nil {
		t.Fatal(err)
	}
	second := make(chan struct{})
	var both sync.WaitGroup
	run := func(progress func(string, float64)) {
		if _, err := n.pool.Do(t.Context(), runner.Job{Package: try.pkg, Study: try.study, Progress: progress}); err != nil {
			t.Error(err)
		}
	}
	arrived := sync.OnceFunc(func() { close(second) })
	begun := sync.OnceFunc(func() { // holds the first runner until the second has its job
		both.Go(func() {
			defer arrived()
			run(func(string, float64) { arrived() })
		})
		<-second
	})
	both.Go(func() { run(func(string, float64) { begun() }) })
	both.Wait()
}

// The product's whole way, with real runners: a STAT study that comes in while a routine
// one computes is done first, neither is lost, and the node is paid for both.
func TestStatStudyOvertakesARoutineOne(t *testing.T) {
	home := t.TempDir()
	loopback, network := []string{"/ip4/127.0.0.1/tcp/0"}, NetworkPath(home)
	chain, err := StartChain(t.Context(), ChainConfig{Home: home, NetworkPath: network, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closing(t, chain.Close) })
	coordinator, err := StartCoordinator(t.Context(), CoordinatorConfig{
		State: CoordinatorState(home), NetworkPath: network, Network: chain.Network(), Listen: loopback, ChallengeEvery: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closing(t, coordinator.Close) })
	n, err := ReadNetwork(network)
	if err != nil {
		t.Fatal(err)
	}
	w := &ward{socket: newSocket(t), atDoor: make(chan struct{}), computing: make(chan struct{})}
	node, err := startNode(t.Context(), NodeConfig{
		Name: "node", State: NodeState(home, "node"), Listen: loopback, Network: n, Jurisdiction: "DE", PriceGwei: 1, Provider: "cpu",
		Threads: 1, MemoryBytes: 2 << 30, ProbeDuration: 200 * time.Millisecond, Roots: w.socket.roots,
	}, func(e executor) worker.Executor { w.executor = e; return w })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closing(t, node.Close) })
	if left := node.Status().Warnings; len(node.models.omissions()) > 0 {
		t.Fatalf("the node does not offer all models: %v", left)
	}
	twoLanes(t, node, "t1-tissue")
	clinic, err := StartClinic(t.Context(), ClinicConfig{Name: "clinic", State: ClinicState(home, "clinic"), Listen: loopback, Network: n})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closing(t, clinic.Close) })

	var both sync.WaitGroup
	reports := map[scheduler.Class]*Report{scheduler.Routine: {}, scheduler.STAT: {}}
	for class, data := range map[scheduler.Class][]byte{scheduler.Routine: testdata.T1Study(), scheduler.STAT: testdata.SmallStudy()} {
		study := filepath.Join(home, class.String()+".zip")
		if err := os.WriteFile(study, data, 0o600); err != nil {
			t.Fatal(err)
		}
		both.Go(func() {
			report, err := clinic.Submit(t.Context(), Submission{
				Path: study, Model: "t1-tissue", Out: filepath.Join(home, "results"), Residency: []string{"DE"}, PriceCeilingGwei: 10,
				Within: 3 * time.Minute, Priority: class,
			})
			if err != nil {
				t.Errorf("%v: %v", class, err)
			}
			*reports[class] = report
		})
	}
	both.Wait()
	if w.mu.Lock(); len(w.ended) != 2 || w.ended[0] != scheduler.STAT {
		t.Errorf("the jobs ended in the order %v; want the emergency's first", w.ended)
	}
	w.mu.Unlock()
	for class, r := range reports {
		if r.State != scheduler.Delivered || r.Priority != class.String() || r.Fence != 1 || !r.Receipt.Acceptance.Accepted || !r.Receipt.Receipt.OnTime() {
			t.Errorf("%v: state %s, priority %s, fence %d, receipt accepted %v (%s) and in time %v", class, r.State, r.Priority, r.Fence,
				r.Receipt.Acceptance.Accepted, r.Receipt.Acceptance.Reason, r.Receipt.Receipt.OnTime())
		}
	}
	checkEnergy(t, w.socket, reports)
	status := node.Status()
	if status.Done != 2 || status.Capacity < 1 || status.StatPlaces != statPlaces {
		t.Errorf("the node says %d jobs done, room for %d and %d", status.Done, status.Capacity, status.StatPlaces)
	}
}

// checkEnergy holds the receipts of all jobs against the machine's counter: each has its
// share, and together they have what it took. The counter is first looked at a moment
// after a job began, and its power then stands for that moment, hence the factor.
func checkEnergy(t *testing.T, machine *socket, reports map[scheduler.Class]*Report) {
	t.Helper()
	sum := 0.0
	for class, r := range reports {
		receipt := r.Receipt.Receipt
		if receipt.EnergyBasis != string(power.Package) || receipt.EnergyMilliJ == 0 {
			t.Errorf("%v: the receipt says %d mJ, %s", class, receipt.EnergyMilliJ, receipt.EnergyBasis)
		}
		sum += float64(receipt.EnergyMilliJ) / 1000
	}
	if took := machine.total(); sum > 2*took {
		t.Errorf("the receipts say %.1f J, the machine took %.1f", sum, took)
	}
}
