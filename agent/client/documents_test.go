package client_test

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/agent/client"
)

// document is what a test needs of an OpenAPI document.
type document struct {
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

type schema struct {
	Type       any               `json:"type"` // a name or several
	Ref        string            `json:"$ref"`
	Properties map[string]schema `json:"properties"`
	Items      *schema           `json:"items"`
}

// may says whether a value of this schema may be of a kind.
func (s schema) may(kind string) bool {
	switch t := s.Type.(type) {
	case string:
		return t == kind
	case []any:
		return slices.Contains(t, any(kind))
	}
	return s.Type == nil && s.Ref == "" // anything
}

// TestTypesAreThoseOfTheDocuments holds this package's types against what the doors say that
// they answer: a field that a door has not, or has as something else, would stay empty.
func TestTypesAreThoseOfTheDocuments(t *testing.T) {
	for path, types := range map[string]map[string]any{
		"../panel/openapi.json": {
			"Status": client.NodeStatus{}, "Earnings": client.Earnings{}, "Score": client.NodeScore{}, "warning.Warning": client.Warning{},
		},
		"../site/dashboard/openapi.json": {"Entry": client.Case{}, "Result": client.Result{}},
		"../coordinator.openapi.json":    {"PublishedHealth": client.Health{}, "ExplainedScore": client.PublishedScore{}},
	} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var d document
		if err := json.Unmarshal(data, &d); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for name, value := range types {
			if d.Components.Schemas[name].Properties == nil {
				t.Errorf("%s has no schema %s", path, name)
				continue
			}
			d.holds(t, schema{Ref: "#/components/schemas/" + name}, reflect.TypeOf(value), path+" "+name)
		}
	}
}

// holds wants that every field of a type is in a schema, as its kind.
func (d document) holds(t *testing.T, s schema, of reflect.Type, at string) {
	t.Helper()
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		s = d.Components.Schemas[name]
	}
	want := ""
	switch {
	case of == reflect.TypeFor[json.RawMessage]():
		return
	case of == reflect.TypeFor[time.Time](), of.Kind() == reflect.String:
		want = "string"
	case of.Kind() == reflect.Pointer:
		d.holds(t, s, of.Elem(), at)
		return
	case of.Kind() == reflect.Bool:
		want = "boolean"
	case of.Kind() == reflect.Slice:
		want = "array"
		if s.Items != nil {
			d.holds(t, *s.Items, of.Elem(), at+"[]")
		}
	case of.Kind() == reflect.Float64:
		want = "number"
	case of.Kind() == reflect.Struct:
		want = "object"
		for i := range of.NumField() {
			f := of.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "-" {
				continue
			}
			inner, known := s.Properties[name]
			if !known {
				t.Errorf("%s has no %s", at, name)
				continue
			}
			d.holds(t, inner, f.Type, at+"."+name)
		}
	default:
		want = "integer"
	}
	if !s.may(want) {
		t.Errorf("%s is %v in the document, %s here", at, s.Type, want)
	}
}
