#!/usr/bin/env node
// Mutation test of the contracts: each guard of src/ is switched off in turn, and
// the tests must notice. All mutants are compiled at once: a guard is rewritten to
// ask which mutant is alive, by a cheat code that reads the environment, so that
// one build serves every run.
//
//   mutants.js [FIRST [LAST]]   prints each survivor, and killed/all at the end
//
// A mutant is one of: a condition before a revert that never holds; a comparison in
// it that takes or leaves equality; a modifier that lets everyone pass; a bound
// (`if (a > b) a = b`) that is not applied.
"use strict";

const { spawnSync } = require("child_process");
const fs = require("fs");
const os = require("os");
const path = require("path");

const here = path.join(__dirname, "..");
const forge = path.join(__dirname, "forge");
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "medhive-mutants-"));
const mutants = [];

// add notes a mutant and returns the Solidity that is true when it is alive.
function add(file, line, what) {
  mutants.push({ file, line, what });
  return `Mutant.alive(${mutants.length})`;
}

// The comparison that differs from each in the equal case alone.
const edge = { "<": "<=", "<=": "<", ">": ">=", ">=": ">" };

// balanced returns the index after the bracket that closes the one at `open`.
function balanced(text, open) {
  for (let depth = 0, i = open; i < text.length; i++) {
    if (text[i] === "(") depth++;
    if (text[i] === ")" && --depth === 0) return i + 1;
  }
  throw new Error("a bracket is not closed");
}

// mutateCondition rewrites one condition: off when its mutant lives, and with each
// comparison's edge moved when that one's does.
function mutateCondition(file, line, condition, always) {
  let out = "";
  let rest = condition;
  const comparison = /([\w.\[\]()]+(?: [-+*] [\w.\[\]()]+)*) (<=|>=|<|>) ([\w.\[\]]+(?:\(\))?(?: [-+*] [\w.]+)*)/;
  if (!always) {
    for (let m = comparison.exec(rest); m; m = comparison.exec(rest)) {
      const [all, a, op, b] = m;
      // Brackets that the pattern cut through belong to more than this comparison.
      const whole = (s) => s.split("(").length === s.split(")").length;
      if (whole(a) && whole(b)) {
        const alive = add(file, line, `${all} becomes ${edge[op]}`);
        out += rest.slice(0, m.index) + `(${alive} ? ${a} ${edge[op]} ${b} : ${all})`;
      } else {
        out += rest.slice(0, m.index) + all;
      }
      rest = rest.slice(m.index + all.length);
    }
  }
  out += rest;
  return `!${add(file, line, `never: ${condition}`)} && (${out})`;
}

// mutate rewrites the guards of one source.
function mutate(file, text) {
  let out = "";
  let from = 0;
  const guard = /\bif \(/g;
  for (let m = guard.exec(text); m; m = guard.exec(text)) {
    const open = m.index + 3;
    const close = balanced(text, open);
    const body = text.slice(close, close + 60);
    const line = text.slice(0, m.index).split("\n").length;
    const reverts = /^\s*\{?\s*revert/.test(body);
    const bounds = /^ \w+(\.\w+)? = /.test(body) || /^ return (0|false|;)/.test(body) || /^ (continue|return);/.test(body);
    if (!reverts && !bounds) continue;
    out += text.slice(from, open + 1) + mutateCondition(file, line, text.slice(open + 1, close - 1), !reverts);
    from = close - 1;
  }
  out += text.slice(from);
  // A modifier that the contract did not write itself is mutated where it is used.
  out = out.replace(/\bonlyOwner\b(?= \{)/g, () => `onlyOwnerUnless(${mutants.push({ file, line: 0, what: "onlyOwner" })})`);
  out = out.replace(/\bonlyRole\(MINTER_ROLE\)/g, () => `onlyMinterUnless(${mutants.push({ file, line: 0, what: "onlyRole" })})`);
  return out;
}

function prepare() {
  for (const name of ["tools", "node_modules"]) fs.symlinkSync(path.join(here, name), path.join(folder, name));
  // A link would lead the tests' imports to the sources as they are.
  fs.cpSync(path.join(here, "test"), path.join(folder, "test"), { recursive: true });
  // The vectors stand beside the folder of the contracts.
  fs.mkdirSync(path.join(folder, "src"));
  fs.copyFileSync(path.join(here, "..", "vectors.json"), path.join(folder, "vectors.json"));
  for (const name of fs.readdirSync(path.join(here, "src"))) {
    let text = mutate(name, fs.readFileSync(path.join(here, "src", name), "utf8"));
    if (text.includes("Mutant.") || text.includes("Unless(")) {
      text = text.replace(/^(pragma solidity.*)$/m, '$1\n\nimport {Mutant} from "./Mutant.sol";');
      // What asks for the mutant is no longer pure.
      text = text.replace(/\bpure\b/g, "view");
      text = text.replace(/^contract RewardDistributor[^{]*\{/m, "$&\n    modifier onlyOwnerUnless(uint256 id) { if (!Mutant.alive(id)) _checkOwner(); _; }");
      text = text.replace(/^contract HiveToken[^{]*\{/m, "$&\n    modifier onlyMinterUnless(uint256 id) { if (!Mutant.alive(id)) _checkRole(MINTER_ROLE); _; }");
    }
    fs.writeFileSync(path.join(folder, "src", name), text);
  }
  fs.writeFileSync(
    path.join(folder, "src", "Mutant.sol"),
    `// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

interface Environment { function envOr(string calldata, uint256) external view returns (uint256); }

library Mutant {
    function alive(uint256 id) internal view returns (bool) {
        return Environment(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D).envOr("MUTANT", uint256(0)) == id;
    }
}
`,
  );
  const settings = fs.readFileSync(path.join(here, "foundry.toml"), "utf8").replace("../vectors.json", "vectors.json");
  fs.writeFileSync(path.join(folder, "foundry.toml"), settings);
}

// The tests that specify each source.
const suites = {
  "Disputes.sol": "DisputesTest",
  "HiveToken.sol": "HiveTokenTest",
  "JobEscrow.sol": "JobEscrowTest",
  "NodeRegistry.sol": "NodeRegistryTest",
  "Payments.sol": "JobEscrowTest",
  "RewardDistributor.sol": "RewardDistributorTest|ClaimsTest|DisputesTest",
  "WalletSignature.sol": "JobEscrowTest",
};
const all = "DisputesTest|HiveTokenTest|JobEscrowTest|NodeRegistryTest|RewardDistributorTest|ClaimsTest";

// test runs suites with one mutant alive; true if every test passed.
function test(id, suite, quiet) {
  const args = ["test", "--match-contract", suite, "--fail-fast", "--silent"];
  const env = { ...process.env, FOUNDRY_PROFILE: "mutants", MUTANT: String(id) };
  const ran = spawnSync(forge, args, { cwd: folder, env, encoding: "utf8" });
  if (ran.status !== 0 && !quiet) process.stderr.write(ran.stdout + ran.stderr);
  return ran.status === 0;
}

prepare();
try {
  if (!test(0, all, false)) {
    console.error("the tests fail with no mutant alive; run them alone first (check.sh)");
    process.exit(1);
  }
  const [first, last] = [Number(process.argv[2] || 1), Number(process.argv[3] || mutants.length)];
  let killed = 0;
  for (let id = first; id <= last; id++) {
    const { file, line, what } = mutants[id - 1];
    if (test(id, suites[file], true)) console.log(`survived: ${id} ${file}:${line} ${what.replace(/\s+/g, " ")}`);
    else killed++;
  }
  console.log(`mutants killed: ${killed}/${last - first + 1}`);
  process.exitCode = killed === last - first + 1 ? 0 : 1;
} finally {
  fs.rmSync(folder, { recursive: true });
}
