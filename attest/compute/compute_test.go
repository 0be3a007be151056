package compute

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/intake"
	"github.com/medhive/medhive/hwprobe/challenge"
	"github.com/medhive/medhive/models"
)

func TestANodeThatComputesProvesItsClaim(t *testing.T) {
	w := newWorld(t, 1, nil)
	n := w.nodes[0]
	heard := make(chan attest.SignedExamination, 2)
	w.respond(n, cpu(t), func(o *ResponderOptions) { o.Result = func(s attest.SignedExamination) { heard <- s } })
	must(t, w.examiner.Trigger(t.Context()))
	got := w.records()
	if len(got) != 2 {
		t.Fatalf("%d records, want 2", len(got))
	}
	for i, e := range got {
		must(t, e.Verify(testDomain))
		if e.Outcome != attest.Proved || e.Figure() == 0 || e.ClaimMOPS != tops*1e6 || e.Subject != attest.ComputeRate {
			t.Errorf("record %d: %+v", i, e)
		}
		t.Logf("%d·10⁶ operations in %d ms: %d MOPS", e.Size, e.TookMS, e.Figure())
	}
	if a, b := got[0].Answer.Commitment, got[1].Answer.Commitment; a.Seed == b.Seed || a.Challenge == b.Challenge || a.Root == b.Root {
		t.Error("two examinations share a seed, an id or a root")
	}
	for _, want := range got {
		select {
		case s := <-heard:
			if s.Verify(testDomain, crypto.PubkeyToAddress(w.key.PublicKey)) != nil || s.Examination.ID != want.ID {
				t.Errorf("the node heard %+v, want the outcome of %x", s, want.ID)
			}
		case <-time.After(time.Minute):
			t.Fatal("the node did not hear its outcome")
		}
	}
}

func TestANodeProvesItsMemory(t *testing.T) {
	w := newWorld(t, 1, nil)
	n := w.nodes[0]
	n.claims.MemoryBytes = 8 << 20
	w.respond(n, cpu(t), nil)
	s, err := w.examiner.plan(w.examiner.opts.Targets(t.Context())[0], true)
	must(t, err)
	must(t, w.ledger.Ask(t.Context(), s.record))
	must(t, s.prepare(t.Context()))
	s.failed = s.conduct(t.Context())
	must(t, w.examiner.conclude(t.Context(), s))
	got := w.recorded().Examinations
	if len(got) != 1 || got[0].Outcome != attest.Proved || got[0].Subject != attest.MemorySize || got[0].Figure() < 4<<20 {
		t.Fatalf("recorded %+v after %v", got, s.failed)
	}
	must(t, got[0].Verify(testDomain))
}

// fake is a machine of a test's making.
type fake struct {
	prove func(ctx context.Context, w challenge.Work, seed challenge.Seed) (challenge.Answer, error)
}

func (f fake) Prove(ctx context.Context, w challenge.Work, seed challenge.Seed) (challenge.Answer, error) {
	return f.prove(ctx, w, seed)
}

func (f fake) Fill(context.Context, challenge.Work, challenge.Seed) (func(context.Context, [32]byte) (challenge.Answer, error), error) {
	return nil, challenge.ErrUnable
}

func (fake) Close() error { return nil }

// made up is an answer that nobody computed.
type madeUp struct{ size int }

func (madeUp) Root() challenge.Root { return challenge.Root{1, 2, 3} }

func (m madeUp) Open(context.Context, [32]byte) ([]byte, error) { return make([]byte, m.size), nil }

func TestWhatAMachineCanDoWrong(t *testing.T) {
	earlier := challenge.Seed{9} // of a work that was computed beforehand
	cases := map[string]struct {
		machine func(real Machine) Machine
		want    attest.Outcome
		claim   float64
	}{
		"computed from another seed": {func(real Machine) Machine {
			return fake{func(ctx context.Context, w challenge.Work, _ challenge.Seed) (challenge.Answer, error) {
				return real.Prove(ctx, w, earlier)
			}}
		}, attest.False, tops},
		"fewer rows than asked for": {func(real Machine) Machine {
			return fake{func(ctx context.Context, w challenge.Work, seed challenge.Seed) (challenge.Answer, error) {
				w.Rows = 8192 // the least; the coordinator asked for more
				return real.Prove(ctx, w, seed)
			}}
		}, attest.False, tops},
		"fewer layers than asked for": {func(real Machine) Machine {
			return fake{func(ctx context.Context, w challenge.Work, seed challenge.Seed) (challenge.Answer, error) {
				w.Layers--
				return real.Prove(ctx, w, seed)
			}}
		}, attest.False, tops},
		"made up": {func(Machine) Machine {
			return fake{func(context.Context, challenge.Work, challenge.Seed) (challenge.Answer, error) {
				return madeUp{32 * 66 * 14}, nil
			}}
		}, attest.False, tops},
		"an opening of nothing": {func(Machine) Machine {
			return fake{func(context.Context, challenge.Work, challenge.Seed) (challenge.Answer, error) { return madeUp{0}, nil }}
		}, attest.False, tops},
		"an opening without end": {func(Machine) Machine {
			return fake{func(context.Context, challenge.Work, challenge.Seed) (challenge.Answer, error) {
				return madeUp{challenge.MaxOpening + 1}, nil
			}}
		}, attest.Missed, tops},
		"a failure": {func(Machine) Machine {
			return fake{func(context.Context, challenge.Work, challenge.Seed) (challenge.Answer, error) {
				return nil, errors.New("the driver is gone")
			}}
		}, attest.Missed, tops},
		"unable": {func(Machine) Machine {
			return fake{func(context.Context, challenge.Work, challenge.Seed) (challenge.Answer, error) {
				return nil, challenge.ErrUnable
			}}
		}, attest.Unable, tops},
		"too slow": {func(Machine) Machine {
			return fake{func(ctx context.Context, _ challenge.Work, _ challenge.Seed) (challenge.Answer, error) {
				<-ctx.Done() // the responder's end
				return nil, ctx.Err()
			}}
		}, attest.Missed, fast},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			// A work of half again the least size, whatever the claim.
			w := newWorld(t, 1, func(o *ExaminerOptions) { o.Length = time.Duration(0.05 / c.claim * float64(time.Second)) })
			w.nodes[0].claims.TOPS = c.claim
			w.respond(w.nodes[0], c.machine(cpu(t)), nil)
			got := w.records()
			if len(got) != 1 || got[0].Outcome != c.want || got[0].Figure() != 0 {
				t.Fatalf("recorded %+v, want %s", got, c.want)
			}
			must(t, got[0].Verify(testDomain))
		})
	}
}

func TestWhatANodeCanDoWrong(t *testing.T) {
	for name, alter := range map[string]func(w *world, n *node, o *ResponderOptions){
		"a closed door": func(_ *world, _ *node, o *ResponderOptions) { o.Allow = func(peer.ID) bool { return false } },
		"a stale profile": func(_ *world, n *node, o *ResponderOptions) {
			o.Claims = func() Claims { return Claims{Profile: models.DigestOf([]byte("newer")), TOPS: tops} }
		},
		"busy for ever": func(_ *world, _ *node, o *ResponderOptions) {
			o.Ready = func(context.Context) (func(), error) { return nil, errors.New("jobs") }
		},
		"another key":   func(w *world, _ *node, o *ResponderOptions) { o.Key = newKey(w.t) },
		"another chain": func(_ *world, _ *node, o *ResponderOptions) { o.Domain.Registry[0]++ },
		"no runtime": func(_ *world, _ *node, o *ResponderOptions) {
			o.Machine = func(context.Context) (Machine, error) { return nil, errors.New("no library") }
		},
		"a hundredth of it": func(_ *world, n *node, o *ResponderOptions) {
			o.Claims = func() Claims { return Claims{Profile: n.claims.Profile, TOPS: tops / 1000} }
		},
		"examined just now":   func(_ *world, _ *node, o *ResponderOptions) { o.Gap = time.Hour },
		"nothing at all":      nil,
		"a stream of garbage": func(w *world, n *node, o *ResponderOptions) { o.Allow = nil },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1, nil)
			n, want := w.nodes[0], attest.Missed
			switch name {
			case "nothing at all":
			case "a stream of garbage":
				n.host.SetStreamHandler(Protocol, func(s network.Stream) { _, _ = s.Write(make([]byte, 100)); _ = s.Close() })
			case "no runtime":
				want = attest.Unable
				w.respond(n, nil, func(o *ResponderOptions) { alter(w, n, o) })
			case "examined just now":
				w.respond(n, cpu(t), func(o *ResponderOptions) { alter(w, n, o) })
				must(t, w.examiner.Trigger(t.Context()))
			default:
				w.respond(n, cpu(t), func(o *ResponderOptions) { alter(w, n, o) })
			}
			got := w.records()
			if last := got[len(got)-1]; last.Outcome != want {
				t.Errorf("recorded %s, want %s", last.Outcome, want)
			}
		})
	}
}

func TestAnOldCommitmentProvesNothing(t *testing.T) {
	w := newWorld(t, 1, nil)
	n := w.nodes[0]
	r := w.respond(n, cpu(t), nil)
	must(t, w.examiner.Trigger(t.Context()))
	r.Close()
	old, err := json.Marshal(w.recorded().Examinations[0].Answer)
	must(t, err)
	n.host.SetStreamHandler(Protocol, func(s network.Stream) {
		var o offer
		var seed word
		if receive(s, &o) == nil && send(s, reply{Ready: true}) == nil && receive(s, &seed) == nil {
			_ = attest.WriteFrame(s, old)
		}
		_ = s.Close()
	})
	must(t, w.examiner.Trigger(t.Context()))
	window, err := w.store.Seal(2)
	must(t, err)
	if len(window.Examinations) != 1 || window.Examinations[0].Outcome != attest.Missed {
		t.Errorf("an old answer: %+v", window.Examinations)
	}
}

func TestTheCoordinatorsOwnOutageIsNobodysStrike(t *testing.T) {
	w := newWorld(t, 2, func(o *ExaminerOptions) { o.Online = func(context.Context, Target) bool { return false } })
	w.respond(w.nodes[0], cpu(t), nil)
	must(t, w.nodes[1].host.Close())
	outcomes := map[common.Address]attest.Outcome{}
	for _, e := range w.records() {
		outcomes[e.Node] = e.Outcome
	}
	if a, b := outcomes[w.nodes[0].address()], outcomes[w.nodes[1].address()]; a != attest.Proved || b != attest.OwnOutage {
		t.Errorf("the one that answered: %s; the one that can't be reached: %s", a, b)
	}
}

func TestWhatACrashLeftOpenIsNobodysStrike(t *testing.T) {
	w := newWorld(t, 1, nil)
	s, err := w.examiner.plan(w.examiner.opts.Targets(t.Context())[0], false)
	must(t, err)
	must(t, w.ledger.Ask(t.Context(), s.record))
	if err := w.ledger.Ask(t.Context(), s.record); !errors.Is(err, ErrAsked) {
		t.Errorf("an id asked twice: %v", err)
	}
	done, err := w.examiner.plan(w.examiner.opts.Targets(t.Context())[0], false)
	must(t, err)
	if err := w.ledger.Record(t.Context(), done.record); !errors.Is(err, ErrAsked) {
		t.Errorf("an outcome of what was never asked: %v", err)
	}
	// Another process opens the same file.
	path := w.db.Path()
	must(t, w.db.Close())
	w.db = openDB(t, path)
	w.store, err = intake.NewBolt(w.db)
	must(t, err)
	again, err := NewBolt(w.db, w.store)
	must(t, err)
	must(t, again.Abandon(t.Context()))
	must(t, again.Abandon(t.Context()))
	got := w.recorded().Examinations
	if len(got) != 1 || got[0].Outcome != attest.OwnOutage || got[0].ID != s.record.ID {
		t.Errorf("recorded %+v, want one outage of our own", got)
	}
	must(t, got[0].Verify(testDomain))
}

// meeting is a machine that computes only when all others have begun, too.
type meeting struct {
	Machine
	arrived *sync.WaitGroup
}

func (m meeting) Prove(ctx context.Context, w challenge.Work, seed challenge.Seed) (challenge.Answer, error) {
	m.arrived.Done()
	m.arrived.Wait()
	return m.Machine.Prove(ctx, w, seed)
}

func TestNodesOfOneOperatorAreExaminedAtTheSameMoment(t *testing.T) {
	const nodes = 3
	w := newWorld(t, nodes, func(o *ExaminerOptions) { o.ReadyWithin = time.Minute })
	var arrived sync.WaitGroup
	arrived.Add(nodes)
	var late sync.WaitGroup // the last one gets ready long after the others
	late.Add(nodes - 1)
	for i, n := range w.nodes {
		w.respond(n, meeting{cpu(t), &arrived}, func(o *ResponderOptions) {
			o.Ready = func(context.Context) (func(), error) {
				if i == nodes-1 {
					late.Wait()
				} else {
					late.Done()
				}
				return func() {}, nil
			}
		})
	}
	for _, e := range w.records() {
		if e.Outcome != attest.Proved {
			t.Errorf("%s: %s; they did not compute at the same time", e.Node, e.Outcome)
		}
	}
}

func TestTheResponderOutlivesGarbage(t *testing.T) {
	w := newWorld(t, 1, nil)
	w.respond(w.nodes[0], cpu(t), nil)
	for name, raw := range map[string]string{
		"absurd length": "\xff\xff\xff\xff", "not JSON": "\x00\x00\x00\x02hi", "nothing": "",
		"an absurd work": "\x00\x00\x00\x48" + `{"id":"0x00","work":{"kind":"compute","width":1,"layers":-1,"rows":99999}}`,
	} {
		stream, err := w.coordinator.NewStream(t.Context(), w.nodes[0].host.ID(), Protocol)
		must(t, err)
		if _, err := stream.Write([]byte(raw)); err != nil {
			t.Fatal(err)
		}
		_ = stream.CloseWrite()
		var r reply
		if err := receive(stream, &r); err == nil && r.Ready {
			t.Errorf("%s: the node is ready to compute it", name)
		}
		_ = stream.Close()
	}
	if got := w.records(); got[0].Outcome != attest.Proved {
		t.Fatalf("after garbage: %s", got[0].Outcome)
	}
}

func TestBothSidesNeedEverything(t *testing.T) {
	if _, err := NewResponder(ResponderOptions{}); err == nil {
		t.Error("a responder without a key")
	}
	if _, err := NewExaminer(nil, ExaminerOptions{}); err == nil {
		t.Error("an examiner without a ledger")
	}
}

func FuzzOffers(f *testing.F) {
	w, err := challenge.ComputeWork(1, time.Second)
	must(f, err)
	data, err := json.Marshal(offer{Work: w})
	must(f, err)
	f.Add(data, 1.0, uint64(0))
	s := &sitting{Responder: &Responder{}, rested: true}
	f.Fuzz(func(t *testing.T, data []byte, claim float64, memory uint64) {
		var o offer
		if decodeFrame(data, &o) != nil {
			return
		}
		if s.judge(o, Claims{Profile: o.Profile, TOPS: claim, MemoryBytes: memory}) != "" {
			return
		}
		if o.Work.Operations() > claim*1e12*longestWork.Seconds() || (o.Work.Kind == challenge.Memory && o.Work.TableBytes() > memory) {
			t.Fatalf("a work out of bounds is taken: %+v", o.Work)
		}
	})
}

func TestANodeIsLeftAloneForAWhile(t *testing.T) {
	w := newWorld(t, 1, func(o *ExaminerOptions) { o.Gap = time.Hour })
	w.respond(w.nodes[0], fake{func(context.Context, challenge.Work, challenge.Seed) (challenge.Answer, error) {
		return nil, challenge.ErrUnable
	}}, nil)
	must(t, w.examiner.Trigger(t.Context()))
	now := time.Now()
	w.examiner.opts.Now = func() time.Time { return now }
	if got := w.records(); len(got) != 1 {
		t.Fatalf("%d examinations within the gap, want 1", len(got))
	}
	now = now.Add(2 * time.Hour)
	must(t, w.examiner.Trigger(t.Context()))
	window, err := w.store.Seal(2)
	must(t, err)
	if len(window.Examinations) != 1 {
		t.Errorf("%d examinations after the gap, want 1", len(window.Examinations))
	}
}

func TestTheGapOutlivesTheCoordinator(t *testing.T) {
	w := newWorld(t, 1, func(o *ExaminerOptions) { o.Gap = time.Hour })
	w.respond(w.nodes[0], cpu(t), func(o *ResponderOptions) { o.Gap = time.Hour })
	must(t, w.examiner.Trigger(t.Context()))
	again, err := NewExaminer(w.coordinator, w.examiner.opts)
	must(t, err)
	w.examiner = again
	if got := w.records(); len(got) != 1 || got[0].Outcome != attest.Proved {
		t.Errorf("recorded %+v, want the one proof from before the restart", got)
	}
	must(t, w.db.View(func(tx *bbolt.Tx) error {
		if key, _ := tx.Bucket([]byte("attest.exams")).Cursor().First(); key != nil {
			t.Errorf("the id of examination %x is kept for ever", key[:4])
		}
		return nil
	}))
	if late, err := w.ledger.Ended(time.Now().Add(time.Minute)); err != nil || len(late) != 0 {
		t.Errorf("%v since later, %v", late, err)
	}
	if old, err := w.ledger.Ended(time.Time{}); err != nil || len(old) != 0 {
		t.Errorf("what is older than needed is kept: %v, %v", old, err)
	}
}

func TestANodeHearsWhatItMissed(t *testing.T) {
	for name, alter := range map[string]func(o *ResponderOptions){
		"busy": func(o *ResponderOptions) {
			o.Ready = func(context.Context) (func(), error) { return nil, errors.New("jobs") }
		},
		"unable": func(o *ResponderOptions) {
			o.Machine = func(context.Context) (Machine, error) { return nil, errors.New("no library") }
		},
		"failed": func(o *ResponderOptions) {
			o.Machine = func(context.Context) (Machine, error) {
				return fake{func(context.Context, challenge.Work, challenge.Seed) (challenge.Answer, error) {
					return nil, errors.New("gone")
				}}, nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1, nil)
			n := w.nodes[0]
			heard := make(chan attest.SignedExamination, 1)
			w.respond(n, cpu(t), func(o *ResponderOptions) {
				o.Result = func(s attest.SignedExamination) { heard <- s }
				alter(o)
			})
			recorded := w.records()
			select {
			case s := <-heard:
				if s.Examination.ID != recorded[0].ID || s.Examination.Outcome != recorded[0].Outcome || s.Examination.Outcome == attest.Proved {
					t.Errorf("heard %+v of %+v", s.Examination, recorded[0])
				}
				must(t, s.Verify(testDomain, crypto.PubkeyToAddress(w.key.PublicKey)))
			case <-time.After(tellTimeout):
				t.Error("it never hears of it")
			}
		})
	}
}

func TestANodeTakesItsCoordinatorsWordOnly(t *testing.T) {
	w := newWorld(t, 2, nil)
	heard := make(chan attest.SignedExamination, 4)
	r := w.respond(w.nodes[0], cpu(t), func(o *ResponderOptions) { o.Result = func(s attest.SignedExamination) { heard <- s } })
	s, err := w.examiner.plan(w.examiner.opts.Targets(t.Context())[0], false)
	must(t, err)
	tell := func(e attest.Examination, key *ecdsa.PrivateKey) {
		signature, err := attest.Sign(e.Hash(testDomain), key)
		must(t, err)
		stream, err := w.coordinator.NewStream(t.Context(), w.nodes[0].host.ID(), OutcomeProtocol)
		must(t, err)
		must(t, send(stream, attest.SignedExamination{Examination: e, CoordinatorSig: signature}))
		must(t, stream.CloseWrite())
		_, _ = stream.Read(make([]byte, 1)) // ends when the node is through with it
	}
	tell(s.record, w.nodes[1].key)
	others := s.record
	others.Node = w.nodes[1].address()
	tell(others, w.key)
	tell(s.record, w.key)
	r.Close()
	close(heard)
	count := 0
	for got := range heard {
		count++
		if got.Examination.ID != s.record.ID || got.Examination.Node != w.nodes[0].address() {
			t.Errorf("took %+v", got.Examination)
		}
	}
	if count != 1 {
		t.Errorf("took %d outcomes, want the one that the coordinator signed for it", count)
	}
}

// A node that knows no examinations, or says so, is not spared them: its claim would stand
// unproved for ever.
func TestANodeThatDoesNotAnswerMisses(t *testing.T) {
	w := newWorld(t, 1, nil)
	must(t, w.examiner.Trigger(t.Context()))
	window, err := w.store.Seal(2)
	must(t, err)
	if got := window.Examinations; len(got) != 1 || got[0].Outcome != attest.Missed {
		t.Errorf("recorded %+v of a node that does not answer, want a missed one", got)
	}
}

// poor has no room for a table.
type poor struct{ fake }

func (poor) Fill(context.Context, challenge.Work, challenge.Seed) (func(context.Context, [32]byte) (challenge.Answer, error), error) {
	return nil, errors.New("out of memory")
}

func TestNoRoomForATableIsUnable(t *testing.T) {
	w := newWorld(t, 1, nil)
	w.nodes[0].claims.MemoryBytes = 8 << 20
	w.respond(w.nodes[0], poor{}, nil)
	s, err := w.examiner.plan(w.examiner.opts.Targets(t.Context())[0], true)
	must(t, err)
	must(t, w.ledger.Ask(t.Context(), s.record))
	must(t, s.prepare(t.Context()))
	s.failed = s.conduct(t.Context())
	must(t, w.examiner.conclude(t.Context(), s))
	if got := w.recorded().Examinations; len(got) != 1 || got[0].Outcome != attest.Unable {
		t.Errorf("recorded %+v, want unable", got)
	}
}

func TestAnExaminationSaysWhatPromptedIt(t *testing.T) {
	for _, prompted := range []bool{true, false} {
		w := newWorld(t, 1, nil)
		must(t, w.examiner.examine(t.Context(), turn{w.examiner.opts.Targets(t.Context()), prompted}))
		if got := w.recorded().Examinations; len(got) != 1 || got[0].Prompted != prompted {
			t.Errorf("recorded %+v, prompted: %v", got, prompted)
		}
	}
}
