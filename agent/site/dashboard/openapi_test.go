package dashboard

import (
	"bytes"
	"flag"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/medhive/medhive/agent/web"
	"github.com/medhive/medhive/agent/web/openapi"
)

var writeOpenAPI = flag.Bool("openapi", false, "write openapi.json anew")

type object = openapi.Object

// described is what the document says beside its operations.
func described() openapi.Info {
	return openapi.Info{
		Title: "MedHive clinic site", Summary: "What the dashboard shows, for programs. Results are NOT FOR CLINICAL USE.", Roles: roles, Package: "dashboard",
		Cookie: "__Host-medhive", Session: "Set by POST " + web.APIBase + "/session. A door on loopback without users needs none; its cookie is called medhive.",
		Schemes:   object{"token": object{"type": "http", "scheme": "bearer", "description": "A line of web.tokens in site.toml, for DICOMweb"}},
		Elsewhere: elsewhere(),
	}
}

func answered() (list []web.Operation) {
	for _, o := range operations() {
		list = append(list, o.of(nil))
	}
	return list
}

// TestTheOpenAPIDocumentIsOfTheseRoutes makes the document from the routes and the types of
// their bodies. Run it with -args -openapi to write the file.
func TestTheOpenAPIDocumentIsOfTheseRoutes(t *testing.T) {
	made, err := openapi.Marshal(openapi.Document(described(), answered()))
	if err != nil {
		t.Fatal(err)
	}
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
	doc := openapi.Document(described(), answered())
	for _, o := range answered() {
		if o.Method != http.MethodGet || o.Out == nil {
			continue
		}
		id := deliveredID
		if strings.HasPrefix(o.Path, "/held") {
			id = heldID
		}
		a := g.get(web.APIBase + strings.ReplaceAll(o.Path, "{id}", id))
		if a.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d", o.Path, a.StatusCode)
		}
		for _, fault := range openapi.Faults(doc, described(), o, []byte(a.body)) {
			t.Error(fault)
		}
	}
	if faults := openapi.Faults(doc, described(), web.Operation{Path: "x", Out: Entry{}}, []byte(`{"id":7}`)); len(faults) < 2 {
		t.Errorf("a case that is none: %v", faults)
	}
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
