package canary_test

import (
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/scheduler/clinic"
)

// patients of each kind, jobs and canaries, of TestCanariesCanNotBeTold.
var patients = flag.Int("patients", 60, "patients whose jobs and canaries are compared; 400 take some 2 minutes on two cores")

// A node can't tell canaries from jobs by what it can see of one: the form of a payload is
// the same, no feature of it divides the two beyond chance, and neither does a classifier
// that was trained on half of them. The same classifier finds canaries made carelessly.
func TestCanariesCanNotBeTold(t *testing.T) {
	pkg := headPackage(t)
	w := newWard(t, 1)
	var doors []*clinic.Door
	for range 3 {
		doors = append(doors, newDoor(t))
	}
	through := func(n int, folder string) []byte { return prepared(t.Context(), t, doors[n%len(doors)], folder, pkg) }
	jobs, bases, canaries, careless := make([][]byte, *patients), make([][]byte, *patients), make([][]byte, *patients), make([][]byte, *patients)
	for n := range *patients {
		jobs[n] = through(n, w.scan(t))
		base := through(n, w.scan(t)) // another patient, as a clinic gave the study away
		bases[n] = base
		perturbed, err := canary.Perturb(base, seeded(byte(n)))
		if err != nil {
			t.Fatal(err)
		}
		canaries[n] = through(n, unpacked(t, perturbed)) // a canary clinic's door, like any other
		if direct, again := formOf(t, perturbed), formOf(t, canaries[n]); direct != again {
			t.Fatalf("patient %d: the door makes another form of a canary", n)
		}
		careless[n] = smoothed(t, base)
	}
	forms := map[string]int{}
	for n := range *patients {
		forms[formOf(t, jobs[n])]++
		forms[formOf(t, canaries[n])]++
	}
	if len(forms) != 1 {
		t.Errorf("%d forms of payloads; want 1 for jobs and canaries alike", len(forms))
	}
	measured := func(payloads [][]byte) (list [][]float64) {
		for _, p := range payloads {
			list = append(list, features(t, p))
		}
		return list
	}
	real := measured(jobs)
	made := measured(canaries)
	told, control := newTrial(real, made), newTrial(real, measured(careless))
	for n, moved := range changes(measured(bases), made) {
		t.Logf("%-42s changes by %+.3f of what it differs by among patients", featureNames[n], moved)
		if math.Abs(moved) > mostChange && !slices.Contains(redrawn, featureNames[n]) {
			t.Errorf("%s changes by %+.3f deviations; want %.1f", featureNames[n], moved, mostChange)
		}
	}
	for n, area := range told.areas {
		t.Logf("%-42s area under the curve %.3f", featureNames[n], area)
		if math.Abs(area-0.5) > told.areaByChance() {
			t.Errorf("%s divides canaries from jobs: area under the curve %.3f; chance stays within %.3f of 0.5", featureNames[n], area, told.areaByChance())
		}
	}
	t.Logf("trained on half: %.3f of the other half are told right; careless ones: %.3f; chance stays under %.3f", told.right, control.right, told.rightByChance())
	if told.right > told.rightByChance() {
		t.Errorf("a classifier tells %.3f right; chance stays under %.3f", told.right, told.rightByChance())
	}
	if control.right < 0.9 {
		t.Errorf("the classifier tells only %.3f of careless canaries right: it would find nothing", control.right)
	}
}

// mostChange is how far perturbing may move a feature, in deviations of it among patients.
// Alone it would make an area of 0.57, which takes some hundred canaries to notice that one
// knows to be canaries.
const mostChange = 0.25

// redrawn are the features that are drawn at random for each study.
var redrawn = []string{"length of UIDs", "fractions in positions"}

// changes is the mean change of each feature from a study to the canary made of it, in
// deviations among the studies: far finer than comparing two groups of patients.
func changes(before, after [][]float64) []float64 {
	out := make([]float64, len(before[0]))
	for f := range out {
		sum, square, change := 0.0, 0.0, 0.0
		for n := range before {
			sum, square = sum+before[n][f], square+before[n][f]*before[n][f]
			change += after[n][f] - before[n][f]
		}
		n := float64(len(before))
		if deviation := math.Sqrt(max(0, square/n-sum*sum/n/n)); deviation > 1e-9*math.Abs(sum/n) {
			out[f] = change / n / deviation
		}
	}
	return out
}

// unpacked writes a payload's files into a folder.
func unpacked(t testing.TB, payload []byte) string {
	t.Helper()
	files, _ := opened(t, payload)
	folder := t.TempDir()
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(folder, f.Name), f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// smoothed is a canary as one would make it without thinking: moved by half a pixel, linearly.
func smoothed(t testing.TB, payload []byte) []byte {
	t.Helper()
	files, objects := opened(t, payload)
	for n, o := range objects {
		pixels := slices.Clone(o.Pixels)
		v := words(o)
		for at := range len(v) - 1 {
			word := uint16((v[at] + v[at+1]) / 2)
			pixels[2*at], pixels[2*at+1] = byte(word), byte(word>>8)
		}
		data, err := dicom.Encode(o.Dataset, pixels)
		if err != nil {
			t.Fatal(err)
		}
		files[n].Data = data
	}
	path := filepath.Join(t.TempDir(), "study.tar")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(dicom.WriteTar(out, files), out.Close()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// trial is how well two kinds can be told apart.
type trial struct {
	areas   []float64 // under each feature's curve, 0.5 by chance (Mann and Whitney 1947)
	right   float64   // part of the held-out half that a logistic regression tells right
	of, out int       // of each kind; held out in all
}

func newTrial(a, b [][]float64) trial {
	r := trial{of: len(a), out: len(a)}
	for f := range a[0] {
		wins := 0.0
		for _, x := range a {
			for _, y := range b {
				switch {
				case y[f] > x[f]:
					wins++
				case y[f] == x[f]:
					wins += 0.5
				}
			}
		}
		r.areas = append(r.areas, wins/float64(len(a)*len(b)))
	}
	half := len(a) / 2
	weights, scale := train(a[:half], b[:half])
	right := 0
	for n := half; n < len(a); n++ {
		if weights.score(scale, a[n]) < 0 {
			right++
		}
		if weights.score(scale, b[n]) > 0 {
			right++
		}
	}
	r.out = 2 * (len(a) - half)
	r.right = float64(right) / float64(r.out)
	return r
}

// deviations beyond which nothing is called chance: one figure in some 100,000, since the
// clinics' secrets, and so the UIDs, are new in each run.
const deviations = 4.5

// areaByChance is how far an area may lie from 0.5: its deviation is √((n+m+1)/12nm).
func (r trial) areaByChance() float64 {
	n := float64(r.of)
	return deviations * math.Sqrt((2*n+1)/(12*n*n))
}

// rightByChance is the binomial's bound.
func (r trial) rightByChance() float64 { return 0.5 + deviations*math.Sqrt(0.25/float64(r.out)) }

// linear is a logistic regression: weights of standardised features, the last one alone.
type linear []float64

type standard struct{ mean, deviation []float64 }

func train(a, b [][]float64) (linear, standard) {
	all := slices.Concat(a, b)
	width := len(all[0])
	s := standard{make([]float64, width), make([]float64, width)}
	for f := range width {
		sum, square := 0.0, 0.0
		for _, x := range all {
			sum, square = sum+x[f], square+x[f]*x[f]
		}
		n := float64(len(all))
		s.mean[f] = sum / n
		s.deviation[f] = math.Sqrt(max(square/n-s.mean[f]*s.mean[f], 0)) + 1e-9*(1+math.Abs(s.mean[f]))
	}
	const rounds, rate, decay = 2000, 0.1, 0.01
	w := make(linear, width+1)
	for range rounds {
		step := make([]float64, width+1)
		for n, x := range all {
			want := 0.0
			if n >= len(a) {
				want = 1
			}
			miss := want - 1/(1+math.Exp(-w.score(s, x)))
			for f := range width {
				step[f] += miss * (x[f] - s.mean[f]) / s.deviation[f]
			}
			step[width] += miss
		}
		for f := range w {
			w[f] += rate * (step[f]/float64(len(all)) - decay*w[f])
		}
	}
	return w, s
}

func (w linear) score(s standard, x []float64) float64 {
	sum := w[len(w)-1]
	for f, v := range x {
		sum += w[f] * (v - s.mean[f]) / s.deviation[f]
	}
	return sum
}
