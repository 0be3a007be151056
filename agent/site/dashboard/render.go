package dashboard

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"math/big"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

//go:embed templates/*.html
var templates embed.FS

//go:embed static/style.css static/script.js static/icon.svg openapi.json
var files embed.FS

// served are the files that any visitor may have; they say nothing of the clinic.
var served = map[string]struct{ file, kind string }{
	"/static/style.css": {"static/style.css", "text/css; charset=utf-8"},
	"/static/script.js": {"static/script.js", "text/javascript; charset=utf-8"},
	"/static/icon.svg":  {"static/icon.svg", "image/svg+xml"},
	"/openapi.json":     {"openapi.json", "application/json"},
}

func (b *Board) static(w http.ResponseWriter, r *http.Request) {
	f, known := served[r.URL.Path]
	if !known {
		http.NotFound(w, r)
		return
	}
	data, err := files.ReadFile(f.file)
	if err != nil {
		http.Error(w, "it can't be read", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", f.kind)
	_, _ = w.Write(data) // the visitor may be gone
}

// readPages parses each page together with the frame that all share.
func readPages(now func() time.Time) (map[string]*template.Template, error) {
	names, err := templates.ReadDir("templates")
	if err != nil {
		return nil, err
	}
	all := map[string]*template.Template{}
	for _, entry := range names {
		name := strings.TrimSuffix(entry.Name(), path.Ext(entry.Name()))
		if name == "frame" {
			continue
		}
		all[name], err = template.New("frame.html").Funcs(words(now)).ParseFS(templates, "templates/frame.html", "templates/"+entry.Name())
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// shown is what every page has.
type shown struct {
	*visit
	Title string
	Now   time.Time
	Live  bool // it renews itself
	Data  any
}

// page writes a page. It is made as a whole first: half a page is none.
func (v *visit) page(code int, name, title string, data any) error {
	t, ok := v.pages[name]
	if !ok {
		return fmt.Errorf("there is no page %s", name)
	}
	var body bytes.Buffer
	live := code == http.StatusOK && slices.Contains([]string{"worklist", "case", "held", "deliveries", "status"}, name)
	if err := t.Execute(&body, shown{v, title, v.conf.Now(), live, data}); err != nil {
		return fmt.Errorf("write the page %s: %w", name, err)
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(code)
	v.send(body.Bytes())
	return nil
}

// On says whether a menu entry is the page that is shown.
func (s shown) On(path string) bool {
	at := s.r.URL.Path
	if path == "/" {
		return at == "/" || strings.HasPrefix(at, "/cases/")
	}
	return at == path || strings.HasPrefix(at, path+"/")
}

// words are how pages write values.
func words(now func() time.Time) template.FuncMap {
	return template.FuncMap{
		"person": personName, "day": dicomDay, "hive": hive, "bytes": byteSize, "short": func(s string) string { return s[:min(len(s), 10)] },
		"ago":     func(at time.Time) string { return ago(now().Sub(at)) },
		"span":    func(d time.Duration) string { return ago(d) },
		"clock":   func(at time.Time) string { return at.Local().Format("2006-01-02 15:04:05") },
		"stamp":   func(at time.Time) string { return at.UTC().Format(time.RFC3339) },
		"join":    func(list []string) string { return strings.Join(list, ", ") },
		"percent": func(share float64) string { return fmt.Sprintf("%.0f", 100*share) },
		"state":   stateWord, "tone": toneOf, "add": func(a, b int) int { return a + b },
		"text": func(v any) string { return fmt.Sprint(v) }, "columns": func(name, currency string, list []BillLine) columns { return columns{name, currency, list} },
	}
}

// columns are a table of costs.
type columns struct {
	Name, Currency string
	List           []BillLine
}

// personName writes a PN (PS3.5 6.2): family, given; the first of its component groups.
func personName(pn string) string {
	first, _, _ := strings.Cut(pn, "=")
	parts := strings.Split(first, "^")
	family, given := strings.TrimSpace(parts[0]), strings.TrimSpace(strings.Join(parts[1:], " "))
	switch {
	case family == "" && given == "":
		return "no name"
	case family == "" || given == "":
		return family + given
	}
	return family + ", " + given
}

// dicomDay writes a DA (PS3.5 6.2).
func dicomDay(da string) string {
	if len(da) != 8 {
		return da
	}
	return da[:4] + "-" + da[4:6] + "-" + da[6:]
}

// gweiPerHIVE: HIVE has 18 decimals.
const gweiPerHIVE = 1_000_000_000

// hive writes gwei of HIVE.
func hive(gwei uint64) string {
	text := new(big.Rat).SetFrac(new(big.Int).SetUint64(gwei), big.NewInt(gweiPerHIVE)).FloatString(9)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

func byteSize(n int64) string {
	const step = 1 << 10
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	size, at := float64(n), 0
	for size >= step && at < len(units)-1 {
		size, at = size/step, at+1
	}
	if at == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", size, units[at])
}

// ago is a span as people say it.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(max(0, d).Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// stateWord is a state as a reader of pictures knows it.
func stateWord(s worklist.State) string {
	switch s {
	case worklist.Held:
		return "to be looked at"
	case worklist.Submitted:
		return "in analysis"
	case worklist.NotAnalysed:
		return "not analysed"
	}
	return string(s)
}

// toneOf is the colour of a state; the word says the same without it.
func toneOf(s worklist.State) string {
	switch s {
	case worklist.Delivered, worklist.Accepted:
		return "good"
	case worklist.Held:
		return "wait"
	case worklist.NotAnalysed, worklist.Refused, worklist.Rejected:
		return "bad"
	}
	return "work"
}
