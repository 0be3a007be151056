module github.com/medhive/medhive/packaging/packages/sbom

go 1.26.0

require (
	github.com/CycloneDX/cyclonedx-go v0.9.3
	github.com/google/uuid v1.6.0
	golang.org/x/mod v0.39.0
)
