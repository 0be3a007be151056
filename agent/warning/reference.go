package warning

import (
	"fmt"
	"strings"
)

// Reference is the catalogue as a page of Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString(`# Warnings

Written by ` + "`go test ./agent/warning -update`" + ` from the catalogue; edit that.

A warning has a code, a severity, a text, a fix, and since when it holds, over restarts.
` + "`medhive status`" + ` shows those that are up; the local API, the metric
` + "`medhive_warning{code,severity}`" + `, the dashboard and the notifications have the same.
**critical**: the role does not do its work now, or something is being lost. **warning**: it
works, but less well, or not for long. **notice**: good to know.

| code | severity | roles | means | what to do |
|---|---|---|---|---|
`)
	for _, k := range Catalogue() {
		var roles []string
		for _, r := range k.Roles {
			roles = append(roles, string(r))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", k.Code, k.Severity, strings.Join(roles, ", "), k.Means, k.Fix)
	}
	return b.String()
}
