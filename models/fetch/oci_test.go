package fetch

import (
	"strings"
	"testing"
)

func FuzzParseOCI(f *testing.F) {
	layer := `{"digest":"sha256:` + strings.Repeat("a", 64) + `","size":3,"annotations":{"org.opencontainers.image.title":"manifest.json"}}`
	f.Add([]byte(`{"schemaVersion":2,"artifactType":"` + ArtifactType + `","layers":[` + layer + `]}`))
	f.Add([]byte(`{"artifactType":"` + ArtifactType + `","layers":[` + layer + `,` + layer + `]}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := parseOCI(data)
		if err != nil {
			return
		}
		for name, layer := range files {
			if name == "" || layer.Digest.Validate() != nil || len(files) > maxEntries {
				t.Errorf("%q: %+v", name, layer)
			}
		}
	})
}
