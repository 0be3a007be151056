#!/bin/sh
# Regenerates market.pb.go. Needs protoc (Debian: protobuf-compiler); the Go plugin is pinned in go.mod.
cd "$(dirname "$0")" && bin=$(mktemp -d) && trap 'rm -rf "$bin"' EXIT && go build -o "$bin" google.golang.org/protobuf/cmd/protoc-gen-go && PATH="$bin:$PATH" protoc --go_out=. --go_opt=paths=source_relative market.proto
