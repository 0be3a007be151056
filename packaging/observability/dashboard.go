// Package observability makes the Grafana dashboard of MedHive's metrics from a table of
// panels, and holds it, the alerts and the sample configuration against the list of metrics
// and against a real promtool. In: the table. Out: grafana.json. Nothing of it is built into
// medhive.
package observability

import (
	"encoding/json"
	"fmt"
)

// Panel is one figure of the dashboard.
type Panel struct {
	Title string
	Help  string
	Kind  string // timeseries, stat or table
	Unit  string // of Grafana, such as short, s, bytes, watt, celsius, percentunit
	Width int    // of 24 columns
	Stack bool
	Lines []Line
}

// Line is one query of a panel.
type Line struct {
	Expr   string // PromQL; $job and $instance are the dashboard's variables
	Legend string
}

// Row is a heading and what stands below it.
type Row struct {
	Title  string
	Panels []Panel
}

// The dashboard's grid and the version of its format.
const (
	columns       = 24
	panelHeight   = 8
	schemaVersion = 39 // Grafana 10.4 and newer
)

// Dashboard is the dashboard as Grafana imports it.
func Dashboard() ([]byte, error) {
	id, top := 0, 0
	next := func() int { id++; return id }
	panels := []any{}
	for _, row := range Rows() {
		panels = append(panels, map[string]any{"id": next(), "type": "row", "title": row.Title, "collapsed": false, "panels": []any{}, "gridPos": grid(0, top, columns, 1)})
		top++
		left := 0
		for _, p := range row.Panels {
			if left+p.Width > columns {
				left, top = 0, top+panelHeight
			}
			panels = append(panels, p.json(next(), left, top))
			left += p.Width
		}
		top += panelHeight
	}
	page := map[string]any{
		"uid": "medhive", "title": "MedHive", "tags": []string{"medhive"}, "schemaVersion": schemaVersion, "version": 1, "editable": true,
		"graphTooltip": 1, "refresh": "30s", "time": map[string]string{"from": "now-6h", "to": "now"}, "timezone": "", "id": nil,
		"annotations": map[string]any{"list": []any{}}, "links": []any{}, "panels": panels,
		"templating": map[string]any{"list": []any{
			map[string]any{"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus", "hide": 0, "includeAll": false, "multi": false, "current": map[string]any{}},
			variable("job", "Role", "label_values(medhive_build_info, job)"),
			variable("instance", "Machine", `label_values(medhive_build_info{job=~"$job"}, instance)`),
		}},
	}
	encoded, err := json.MarshalIndent(page, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the dashboard: %w", err)
	}
	return append(encoded, '\n'), nil
}

func grid(x, y, w, h int) map[string]int { return map[string]int{"x": x, "y": y, "w": w, "h": h} }

// source is the data source that the reader of the dashboard chose.
func source() map[string]string {
	return map[string]string{"type": "prometheus", "uid": "${datasource}"}
}

// variable is a choice at the top of the dashboard; all of it is chosen at first.
func variable(name, label, query string) map[string]any {
	return map[string]any{
		"name": name, "label": label, "type": "query", "datasource": source(), "definition": query, "hide": 0, "includeAll": true, "allValue": ".*", "multi": true, "refresh": 2, "sort": 1,
		"query":   map[string]any{"query": query, "refId": "variable-" + name},
		"current": map[string]any{"selected": true, "text": []string{"All"}, "value": []string{"$__all"}},
	}
}

func (p Panel) json(id, x, y int) map[string]any {
	targets := []any{}
	for i, l := range p.Lines {
		targets = append(targets, map[string]any{"refId": string(rune('A' + i)), "datasource": source(), "expr": l.Expr, "legendFormat": l.Legend, "editorMode": "code", "range": p.Kind != "table", "instant": p.Kind == "table", "format": map[bool]string{true: "table", false: "time_series"}[p.Kind == "table"]})
	}
	defaults := map[string]any{"unit": p.Unit}
	options := map[string]any{}
	switch p.Kind {
	case "timeseries":
		stacking := map[string]string{"mode": "none"}
		if p.Stack {
			stacking["mode"] = "normal"
		}
		defaults["custom"] = map[string]any{"lineWidth": 1, "fillOpacity": 10, "showPoints": "auto", "stacking": stacking}
		options = map[string]any{"legend": map[string]any{"displayMode": "list", "placement": "bottom", "showLegend": true}, "tooltip": map[string]any{"mode": "multi", "sort": "desc"}}
	case "stat":
		options = map[string]any{"colorMode": "value", "graphMode": "area", "textMode": "auto", "reduceOptions": map[string]any{"calcs": []string{"lastNotNull"}, "fields": "", "values": false}}
	case "table":
		options = map[string]any{"showHeader": true}
	}
	return map[string]any{
		"id": id, "type": p.Kind, "title": p.Title, "description": p.Help, "datasource": source(), "gridPos": grid(x, y, p.Width, panelHeight),
		"targets": targets, "fieldConfig": map[string]any{"defaults": defaults, "overrides": []any{}}, "options": options,
	}
}
