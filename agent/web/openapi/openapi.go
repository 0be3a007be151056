// Package openapi writes the OpenAPI document of a door from its operations and the
// types of their bodies, and holds answers against it. In: operations and a few words. Out: a
// document, as encoding/json writes it in one order. The files that doors serve are made by
// it and tested fresh, so the program itself has no need of it.
package openapi

import (
	"encoding"
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/medhive/medhive/agent/web"
	"github.com/medhive/medhive/models"
)

// Object is a JSON object.
type Object = map[string]any

// Info is what a document says beside its operations.
type Info struct {
	Title, Summary string
	Roles          web.Roles
	Package        string // whose types need no prefix in names of schemas
	// Public says that the door knows no visitors: it has no session, and its operations stand
	// where their paths say, not below web.APIBase.
	Public bool
	// Session says what the session's cookie is called, and who needs none.
	Cookie, Session string
	Schemes         Object // further ways to say who one is
	Elsewhere       Object // paths of the same door that others serve
}

// Document is the OpenAPI document of a door's operations, those that every door has included.
func Document(info Info, operations []web.Operation) Object {
	book := &schemaBook{info, Object{}}
	paths, base := Object{}, web.APIBase
	schemes := Object{"session": Object{"type": "apiKey", "in": "cookie", "name": info.Cookie, "description": info.Session}}
	if info.Public {
		base, schemes = "", Object{}
	} else {
		operations = append(web.OwnOperations(), operations...)
	}
	for _, o := range operations {
		at := as[Object](paths[base+o.Path])
		if at == nil {
			at = Object{}
			paths[base+o.Path] = at
		}
		at[strings.ToLower(o.Method)] = book.operation(o)
	}
	maps.Copy(paths, info.Elsewhere)
	maps.Copy(schemes, info.Schemes)
	return Object{
		"openapi": "3.1.0",
		"info": Object{"title": info.Title, "version": "1", "summary": info.Summary,
			"license": Object{"name": "Apache-2.0", "identifier": "Apache-2.0"}},
		"paths":      paths,
		"components": Object{"schemas": book.schemas, "securitySchemes": schemes},
	}
}

// Marshal is a document as a file has it.
func Marshal(document Object) ([]byte, error) {
	made, err := json.MarshalIndent(document, "", " ")
	return append(made, '\n'), err
}

// Faults says where an operation's answer is not what the document says.
func Faults(document Object, info Info, o web.Operation, answer []byte) []string {
	var value any
	if err := json.Unmarshal(answer, &value); err != nil {
		return []string{o.Path + ": " + err.Error()}
	}
	schemas := as[Object](as[Object](document["components"])["schemas"])
	return against(value, (&schemaBook{info, schemas}).of(reflect.TypeOf(o.Out)), schemas, o.Path)
}

// against says where a value is not what a schema wants, as far as our schemas go.
func against(value any, schema, all Object, at string) (faults []string) {
	if ref, ok := schema["$ref"].(string); ok {
		schema = all[strings.TrimPrefix(ref, "#/components/schemas/")].(Object)
	}
	kind := map[bool]string{true: "null"}[value == nil]
	switch v := value.(type) {
	case Object:
		kind = "object"
		properties, _ := schema["properties"].(Object)
		for _, name := range as[[]string](schema["required"]) {
			if _, ok := v[name]; !ok {
				faults = append(faults, at+" lacks "+name)
			}
		}
		for name, inner := range v {
			want, known := properties[name].(Object)
			if !known {
				want, known = schema["additionalProperties"].(Object)
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
			faults = append(faults, against(inner, as[Object](schema["items"]), all, at+"[]")...)
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

func (b *schemaBook) operation(o web.Operation) Object {
	op := Object{"summary": o.Does, "operationId": strings.ToLower(o.Method) + strings.NewReplacer("/", "_", "{", "", "}", "", ".", "_").Replace(o.Path)}
	var parameters []Object
	for _, found := range pathValue.FindAllStringSubmatch(o.Path, -1) {
		parameters = append(parameters, Object{"name": found[1], "in": "path", "required": true, "schema": Object{"type": "string"}})
	}
	for _, q := range o.Query {
		parameters = append(parameters, Object{"name": q.Name, "in": "query", "description": q.Does, "schema": Object{"type": "string"}})
	}
	if o.Method == http.MethodPost && o.Path != "/session" {
		parameters = append(parameters, Object{"name": web.TokenHeader, "in": "header", "required": true, "description": "The token of GET " + web.APIBase + "/session", "schema": Object{"type": "string"}})
	}
	if parameters != nil {
		op["parameters"] = parameters
	}
	if o.Role > web.Nobody {
		op["security"] = b.ways()
		op["description"] = "Needs the role " + b.info.Roles[o.Role-web.Least] + "."
	}
	if o.In != nil {
		op["requestBody"] = Object{"required": true, "content": Object{"application/json": Object{"schema": b.of(reflect.TypeOf(o.In))}}}
	}
	content := Object{"application/json": Object{"schema": Object{}}}
	switch {
	case o.Kind != "":
		content = Object{o.Kind: Object{}}
	case o.Out != nil:
		content = Object{"application/json": Object{"schema": b.of(reflect.TypeOf(o.Out))}}
	}
	fault := Object{"description": "What went wrong, and what to do", "content": Object{"application/json": Object{"schema": Object{
		"type": "object", "properties": Object{"error": Object{"type": "string"}}, "required": []string{"error"}}}}}
	op["responses"] = Object{"200": Object{"description": "Done", "content": content}, "default": fault}
	return op
}

// ways are how one says who one is.
func (b *schemaBook) ways() []Object {
	list := []Object{{"session": []string{}}}
	if b.info.Schemes["bearer"] != nil {
		list = append(list, Object{"bearer": []string{}})
	}
	return list
}

// schemaBook makes schemas of types, each named type once.
type schemaBook struct {
	info    Info
	schemas Object
}

var marshaler, texter = reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()

func (b *schemaBook) of(t reflect.Type) Object {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return Object{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[time.Duration]():
		return Object{"type": "integer", "description": "nanoseconds"}
	case t == reflect.TypeFor[models.Digest](), t.Kind() != reflect.Pointer && t.Implements(texter):
		return Object{"type": "string"}
	case t == reflect.TypeFor[json.RawMessage](), t.Implements(marshaler):
		return Object{}
	}
	switch t.Kind() {
	case reflect.Pointer:
		inner := b.of(t.Elem())
		if kind, ok := inner["type"].(string); ok { // not of a reference
			inner["type"] = []string{kind, "null"}
		}
		return inner
	case reflect.String:
		return Object{"type": "string"}
	case reflect.Bool:
		return Object{"type": "boolean"}
	case reflect.Float32, reflect.Float64:
		return Object{"type": "number"}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return Object{"type": []string{"string", "null"}, "contentEncoding": "base64"}
		}
		return Object{"type": []string{"array", "null"}, "items": b.of(t.Elem())}
	case reflect.Array:
		return Object{"type": "array", "items": b.of(t.Elem())}
	case reflect.Map:
		return Object{"type": []string{"object", "null"}, "additionalProperties": b.of(t.Elem())}
	case reflect.Struct:
		name := strings.TrimPrefix(strings.TrimPrefix(t.String(), b.info.Package+"."), "web.")
		if _, known := b.schemas[name]; !known {
			b.schemas[name] = Object{} // for types that hold themselves
			properties, required := Object{}, []string{}
			b.fields(t, properties, &required)
			slices.Sort(required)
			b.schemas[name] = Object{"type": "object", "properties": properties, "required": slices.Compact(required)}
		}
		return Object{"$ref": "#/components/schemas/" + name}
	}
	return Object{"type": "integer"}
}

// fields writes a struct's members as encoding/json does: those of embedded structs stand
// beside its own, and its own hide them.
func (b *schemaBook) fields(t reflect.Type, properties Object, required *[]string) {
	own := Object{}
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
