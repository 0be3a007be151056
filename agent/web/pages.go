package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"math/big"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

//go:embed templates/*.html
var ownTemplates embed.FS

//go:embed static/style.css static/script.js static/icon.svg
var ownFiles embed.FS

// static serves what any visitor may have; it says nothing of anybody.
func (d *Door) static(w http.ResponseWriter, r *http.Request) {
	var data []byte
	var kind string
	switch r.URL.Path {
	case "/static/style.css", "/static/script.js", "/static/icon.svg":
		var err error
		if data, err = ownFiles.ReadFile(strings.TrimPrefix(r.URL.Path, "/")); err != nil {
			http.Error(w, "it can't be read", http.StatusInternalServerError)
			return
		}
		kind = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}[path.Ext(r.URL.Path)]
	case "/static/own.css":
		data, kind = d.conf.Look.Sheet, "text/css; charset=utf-8"
	case "/static/own.js":
		data, kind = d.conf.Look.Script, "text/javascript; charset=utf-8"
	case "/openapi.json":
		data, kind = d.conf.Look.OpenAPI, "application/json"
	}
	if data == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(data) // the visitor may be gone
}

// readPages parses each page together with the frame that all share.
func readPages(conf Config) (map[string]*template.Template, error) {
	all := map[string]*template.Template{}
	funcs := words(conf.Now)
	maps.Copy(funcs, conf.Look.Words)
	read := func(from fs.FS) error {
		names, err := fs.Glob(from, "*.html")
		if err != nil {
			return err
		}
		for _, name := range names {
			if name == frameName || name == partsName {
				continue
			}
			files := []string{name}
			if slices.Contains(names, partsName) {
				files = append(files, partsName)
			}
			t, err := template.New(frameName).Funcs(funcs).ParseFS(ownTemplates, "templates/"+frameName)
			if err == nil {
				all[strings.TrimSuffix(name, ".html")], err = t.ParseFS(from, files...)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	own, err := fs.Sub(ownTemplates, "templates")
	if err == nil {
		err = read(own)
	}
	if err == nil && conf.Look.Pages != nil {
		err = read(conf.Look.Pages)
	}
	return all, err
}

// The frame is around every page; the parts, where there are any, are what pages of a
// dashboard share.
const frameName, partsName = "frame.html", "parts.html"

// shown is what every page has.
type shown struct {
	*Visit
	Look
	Title string
	Now   time.Time
	Live  bool // it renews itself
	Data  any
}

// Page writes a page. It is made as a whole first: half a page is none.
func (v *Visit) Page(code int, name, title string, data any) error {
	t, ok := v.door.pages[name]
	if !ok {
		return fmt.Errorf("there is no page %s", name)
	}
	var body bytes.Buffer
	live := code == http.StatusOK && v.door.conf.News != nil && slices.Contains(v.door.conf.Look.Live, name)
	if err := t.Execute(&body, shown{v, v.door.conf.Look, title, v.door.conf.Now(), live, data}); err != nil {
		return fmt.Errorf("write the page %s: %w", name, err)
	}
	v.W.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.W.WriteHeader(code)
	v.Send(body.Bytes())
	return nil
}

// Entries are those of the menu that the visitor may see.
func (s shown) Entries() (list []Entry) {
	for _, e := range s.Menu {
		if s.Role >= e.Role {
			list = append(list, e)
		}
	}
	return list
}

// On says whether a menu entry is the page that is shown.
func (s shown) On(e Entry) bool {
	at, below := s.R.URL.Path, e.Below
	if below == "" {
		below = e.Path + "/"
	}
	return at == e.Path || below != "//" && strings.HasPrefix(at, below)
}

// words are how pages write values.
func words(now func() time.Time) template.FuncMap {
	return template.FuncMap{
		"hive": HIVE, "bytes": ByteSize, "short": func(s string) string { return s[:min(len(s), 10)] },
		"ago":     func(at time.Time) string { return Ago(now().Sub(at)) },
		"span":    func(d time.Duration) string { return Ago(d) },
		"clock":   func(at time.Time) string { return at.Local().Format("2006-01-02 15:04:05") },
		"stamp":   func(at time.Time) string { return at.UTC().Format(time.RFC3339) },
		"join":    func(list []string) string { return strings.Join(list, ", ") },
		"percent": func(share float64) string { return fmt.Sprintf("%.0f", 100*share) },
		"add":     func(a, b int) int { return a + b },
		"text":    func(v any) string { return fmt.Sprint(v) },
	}
}

// GweiPerHIVE is 10⁹: HIVE has 18 decimals.
const GweiPerHIVE = 1_000_000_000

// HIVE writes gwei of HIVE.
func HIVE(gwei uint64) string {
	text := new(big.Rat).SetFrac(new(big.Int).SetUint64(gwei), big.NewInt(GweiPerHIVE)).FloatString(9)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// ByteSize writes bytes in the largest unit that leaves a whole part.
func ByteSize(n int64) string {
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

// Ago is a span as people say it.
func Ago(d time.Duration) string {
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
