// Compiles src/*.sol and writes, for each contract that gets a Go binding, one
// file <out>/<Name>.json in the form that abigen reads (--combined-json): that
// contract alone, since several in one Go package would declare the same names.
// <out>/storage.txt is where each of them keeps its state.
"use strict";

const fs = require("fs");
const path = require("path");
const solc = require("solc");

const here = __dirname;
const bound = ["HiveToken", "NodeRegistry", "RewardDistributor", "Disputes", "JobEscrow", "Timelock"];
const out = process.argv[2];
if (!out) {
  console.error("usage: node compile.js OUT_FOLDER");
  process.exit(2);
}

const sources = {};
for (const name of fs.readdirSync(path.join(here, "src")).filter((n) => n.endsWith(".sol")).sort()) {
  sources[`src/${name}`] = { content: fs.readFileSync(path.join(here, "src", name), "utf8") };
}

const input = {
  language: "Solidity",
  sources,
  settings: {
    // Cancun is what OpenZeppelin 5.7 needs (MCOPY) and what mainnet, the
    // embedded chain and the rollups all run.
    evmVersion: "cancun",
    // Claims outnumber deployments by far, so optimise for running.
    optimizer: { enabled: true, runs: 100000 },
    viaIR: true,
    // No metadata hash: a changed comment then leaves the bytecode as it is.
    metadata: { bytecodeHash: "none", appendCBOR: false },
    outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "storageLayout"] } },
  },
};

// Imports come from the packages of the lockfile, and from nowhere else.
function readImport(name) {
  const root = path.join(here, "node_modules");
  const file = path.resolve(root, name);
  if (!file.startsWith(root + path.sep)) return { error: `import outside node_modules: ${name}` };
  try {
    return { contents: fs.readFileSync(file, "utf8") };
  } catch (err) {
    return { error: `read import ${name}: ${err.code}` };
  }
}

const output = JSON.parse(solc.compile(JSON.stringify(input), { import: readImport }));
// Warnings stop the build as errors do, but those about the libraries' own text
// are not ours to fix.
const complaints = (output.errors || []).filter(
  (c) => c.severity === "error" || !c.sourceLocation || c.sourceLocation.file.startsWith("src/"),
);
for (const complaint of complaints) console.error(complaint.formattedMessage);
if (complaints.length > 0) process.exit(1);

fs.mkdirSync(out, { recursive: true });
for (const name of bound) {
  const contract = output.contracts[`src/${name}.sol`][name];
  const combined = {
    contracts: { [`src/${name}.sol:${name}`]: { abi: contract.abi, bin: contract.evm.bytecode.object } },
    version: solc.version(),
  };
  fs.writeFileSync(path.join(out, `${name}.json`), JSON.stringify(combined));
}

// layout writes a contract's state variables, and the members of its own structs,
// one a line: slot, first byte, bytes, type, name.
function layout(name) {
  const { storage, types } = output.contracts[`src/${name}.sol`][name].storageLayout;
  const row = (v) => [v.slot, v.offset, types[v.type].numberOfBytes, types[v.type].label, v.label].join("\t");
  const structs = Object.values(types || {}).filter((t) => t.members && t.label.startsWith(`struct ${name}.`));
  structs.sort((a, b) => (a.label < b.label ? -1 : 1));
  const parts = [[name, ...storage.map(row)], ...structs.map((t) => [t.label, ...t.members.map(row)])];
  return parts.map((lines) => lines.join("\n") + "\n").join("\n");
}
const heading = "# slot, first byte, bytes, type, name; written by generate.sh\n\n";
fs.writeFileSync(path.join(out, "storage.txt"), heading + bound.map(layout).join("\n"));
