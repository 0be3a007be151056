package dashboard

import (
	"bytes"
	"encoding"
	"encoding/json"
	"flag"
	"maps"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/models"
)

var writeOpenAPI = flag.Bool("openapi", false, "write openapi.json anew")

type object = map[string]any

// TestTheOpenAPIDocumentIsOfTheseRoutes makes the document from the routes and the types of
// their bodies. Run it with -args -openapi to write the file.
func TestTheOpenAPIDocumentIsOfTheseRoutes(t *testing.T) {
	made, err := json.MarshalIndent(document(), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	made = append(made, '\n')
	if *writeOpenAPI {
		if err := os.WriteFile("openapi.json", made, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	stands, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stands, made) {
		t.Error("openapi.json is not of these routes: go test ./agent/site/dashboard -run OpenAPI -args -openapi")
	}
	if a := door(t, false).get("/openapi.json"); a.body != string(stands) || a.Header.Get("Content-Type") != "application/json" {
		t.Errorf("the door gives %d bytes of %s", len(a.body), a.Header.Get("Content-Type"))
	}
}

// TestAnswersAreAsTheDocumentSays holds real answers against their schemas.
func TestAnswersAreAsTheDocumentSays(t *testing.T) {
	g := door(t, false)
	doc := document()
	schemas := doc["components"].(object)["schemas"].(object)
	for _, o := range operations() {
		if o.method != http.MethodGet || o.out == nil {
			continue
		}
		id := deliveredID
		if strings.HasPrefix(o.path, "/held") {
			id = heldID
		}
		a := g.get(apiBase + strings.ReplaceAll(o.path, "{id}", id))
		var value any
		if err := json.Unmarshal([]byte(a.body), &value); err != nil || a.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %v", o.path, a.StatusCode, err)
		}
		want := (&schemaBook{schemas}).of(reflect.TypeOf(o.out))
		for _, fault := range against(value, want, schemas, o.path) {
			t.Error(fault)
		}
	}
	if faults := against(object{"id": 7.0}, object{"$ref": "#/components/schemas/worklist.Case"}, schemas, "x"); len(faults) < 2 {
		t.Errorf("a case that is none: %v", faults)
	}
}

// against says where a value is not what a schema wants, as far as our schemas go.
func against(value any, schema, all object, at string) (faults []string) {
	if ref, ok := schema["$ref"].(string); ok {
		schema = all[strings.TrimPrefix(ref, "#/components/schemas/")].(object)
	}
	kind := map[bool]string{true: "null"}[value == nil]
	switch v := value.(type) {
	case object:
		kind = "object"
		properties, _ := schema["properties"].(object)
		for _, name := range as[[]string](schema["required"]) {
			if _, ok := v[name]; !ok {
				faults = append(faults, at+" lacks "+name)
			}
		}
		for name, inner := range v {
			want, known := properties[name].(object)
			if !known {
				want, known = schema["additionalProperties"].(object)
			}
			if !known && properties != nil {
				faults = append(faults, at+" has "+name+", which the document does not know")
			} else if known {
				faults = append(faults, against(inner, want, all, at+"."+name)...)
			}
		}
	case []any:
		kind = "array"
		for _, inner := range v {
			faults = append(faults, against(inner, as[object](schema["items"]), all, at+"[]")...)
		}
	case string:
		kind = "string"
	case float64:
		kind = "number"
	case bool:
		kind = "boolean"
	}
	types, _ := schema["type"].([]string)
	if one, ok := schema["type"].(string); ok {
		types = []string{one}
	}
	if len(types) > 0 && !slices.Contains(types, kind) && !(kind == "number" && slices.Contains(types, "integer")) {
		faults = append(faults, at+" is "+kind+", want "+strings.Join(types, " or "))
	}
	return faults
}

// as is v as a T, or its zero value.
func as[T any](v any) T { t, _ := v.(T); return t }

var pathValue = regexp.MustCompile(`\{(\w+)\}`)

// document is the OpenAPI document of the dashboard's door.
func document() object {
	book := &schemaBook{object{}}
	paths := object{}
	for _, o := range operations() {
		at := as[object](paths[apiBase+o.path])
		if at == nil {
			at = object{}
			paths[apiBase+o.path] = at
		}
		at[strings.ToLower(o.method)] = book.operation(o)
	}
	for path, item := range elsewhere() {
		paths[path] = item
	}
	return object{
		"openapi": "3.1.0",
		"info": object{"title": "MedHive clinic site", "version": "1", "summary": "What the dashboard shows, for programs. Results are NOT FOR CLINICAL USE.",
			"license": object{"name": "Apache-2.0", "identifier": "Apache-2.0"}},
		"paths": paths,
		"components": object{"schemas": book.schemas, "securitySchemes": object{
			"session": object{"type": "apiKey", "in": "cookie", "name": "__Host-medhive", "description": "Set by POST " + apiBase + "/session. A door on loopback without users needs none; its cookie is called medhive."},
			"token":   object{"type": "http", "scheme": "bearer", "description": "A line of web.tokens in site.toml, for DICOMweb"},
		}},
	}
}

func (b *schemaBook) operation(o operation) object {
	op := object{"summary": o.does, "operationId": strings.ToLower(o.method) + strings.NewReplacer("/", "_", "{", "", "}", "", ".", "_").Replace(o.path)}
	var parameters []object
	for _, found := range pathValue.FindAllStringSubmatch(o.path, -1) {
		parameters = append(parameters, object{"name": found[1], "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	for _, q := range o.query {
		parameters = append(parameters, object{"name": q.name, "in": "query", "description": q.does, "schema": object{"type": "string"}})
	}
	if o.method == http.MethodPost && o.path != "/session" {
		parameters = append(parameters, object{"name": tokenHeader, "in": "header", "required": true, "description": "The token of GET " + apiBase + "/session", "schema": object{"type": "string"}})
	}
	if parameters != nil {
		op["parameters"] = parameters
	}
	if o.role > nobody {
		op["security"] = []object{{"session": []string{}}}
		op["description"] = "Needs the role " + o.role.String() + "."
	}
	if o.in != nil {
		op["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": b.of(reflect.TypeOf(o.in))}}}
	}
	content := object{"application/json": object{"schema": object{}}}
	switch {
	case o.kind != "":
		content = object{o.kind: object{}}
	case o.out != nil:
		content = object{"application/json": object{"schema": b.of(reflect.TypeOf(o.out))}}
	}
	fault := object{"description": "What went wrong, and what to do", "content": object{"application/json": object{"schema": object{
		"type": "object", "properties": object{"error": object{"type": "string"}}, "required": []string{"error"}}}}}
	op["responses"] = object{"200": object{"description": "Done", "content": content}, "default": fault}
	return op
}

// elsewhere are the routes of the same door that others serve.
func elsewhere() object {
	do := func(summary string, parameters ...string) object {
		op := object{"summary": summary, "externalDocs": object{"url": "https://dicom.nema.org/medical/dicom/current/output/html/part18.html"},
			"security": []object{{"token": []string{}}}, "responses": object{"default": object{"description": "As PS3.18 says"}}}
		var list []object
		for _, p := range parameters {
			list = append(list, object{"name": p, "in": "path", "required": true, "schema": object{"type": "string"}})
		}
		if list != nil {
			op["parameters"] = list
		}
		return op
	}
	return object{
		"/dicom-web/studies":                            object{"post": do("STOW-RS: store instances (PS3.18 10.5)")},
		"/dicom-web/studies/{study}":                    object{"post": do("STOW-RS: store instances of one study", "study")},
		"/dicom-web/workitems":                          object{"get": do("UPS-RS: search (PS3.18 11.9)"), "post": do("UPS-RS: create (11.4)")},
		"/dicom-web/workitems/{workitem}":               object{"get": do("UPS-RS: retrieve (11.5)", "workitem"), "post": do("UPS-RS: update (11.6)", "workitem")},
		"/dicom-web/workitems/{workitem}/state":         object{"put": do("UPS-RS: change state (11.7)", "workitem")},
		"/dicom-web/workitems/{workitem}/cancelrequest": object{"post": do("UPS-RS: ask for cancellation (11.8)", "workitem")},
	}
}

// schemaBook makes schemas of types, each named type once.
type schemaBook struct{ schemas object }

var marshaler, texter = reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()

func (b *schemaBook) of(t reflect.Type) object {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[time.Duration]():
		return object{"type": "integer", "description": "nanoseconds"}
	case t == reflect.TypeFor[models.Digest](), t.Kind() != reflect.Pointer && t.Implements(texter):
		return object{"type": "string"}
	case t == reflect.TypeFor[json.RawMessage](), t.Implements(marshaler):
		return object{}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return b.of(t.Elem())
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float32, reflect.Float64:
		return object{"type": "number"}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return object{"type": []string{"string", "null"}, "contentEncoding": "base64"}
		}
		return object{"type": []string{"array", "null"}, "items": b.of(t.Elem())}
	case reflect.Map:
		return object{"type": []string{"object", "null"}, "additionalProperties": b.of(t.Elem())}
	case reflect.Struct:
		name := strings.TrimPrefix(t.String(), "dashboard.")
		if _, known := b.schemas[name]; !known {
			b.schemas[name] = object{} // for types that hold themselves
			properties, required := object{}, []string{}
			b.fields(t, properties, &required)
			slices.Sort(required)
			b.schemas[name] = object{"type": "object", "properties": properties, "required": slices.Compact(required)}
		}
		return object{"$ref": "#/components/schemas/" + name}
	}
	return object{"type": "integer"}
}

// fields writes a struct's members as encoding/json does: those of embedded structs stand
// beside its own, and its own hide them.
func (b *schemaBook) fields(t reflect.Type, properties object, required *[]string) {
	own := object{}
	for i := range t.NumField() {
		f := t.Field(i)
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case tag == "-" || !f.IsExported():
		case f.Anonymous && tag == "":
			b.fields(f.Type, properties, required)
		default:
			name := tag
			if name == "" {
				name = f.Name
			}
			own[name] = b.of(f.Type)
			*required = slices.DeleteFunc(*required, func(r string) bool { return r == name })
			if !strings.Contains(options, "omit") {
				*required = append(*required, name)
			}
		}
	}
	maps.Copy(properties, own)
}
