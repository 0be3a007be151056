// Sends each file to an Orthanc and gets it back, in two ways: STOW-RS in and WADO-RS
// out, C-STORE in and C-STORE out to a storescp. What comes back must hold what was sent,
// element by element, and Orthanc must have read patient, modality and warning from it.
// Usage: orthanc.js PLUGIN LOOPBACK FOLDER FILE...; Orthanc, dcmsend, storescp in PATH.
"use strict";
const { spawn, spawnSync } = require("child_process");
const fs = require("fs");
const net = require("net");
const path = require("path");

// dcmjs logs on standard output, which is ours.
const print = console.log;
console.log = console.error;
const dcmjs = require("dcmjs");

const WARNING = "NOT FOR CLINICAL USE";
const START_MS = 60000; // a loaded machine's Orthanc
const TURN_MS = 100;

function parse(bytes) {
  return dcmjs.data.DicomMessage.readFile(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)).dict;
}

// differences names the elements, by tag, in which two data sets differ.
function differences(a, b, where = "") {
  const found = [];
  for (const tag of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const x = a[tag];
    const y = b[tag];
    if (!x || !y || x.vr !== y.vr || x.Value.length !== y.Value.length) {
      found.push(where + tag);
    } else if (x.vr === "SQ") {
      x.Value.forEach((item, n) => found.push(...differences(item, y.Value[n], where + tag + "[" + n + "].")));
    } else if (!x.Value.every((v, n) => same(v, y.Value[n]))) {
      found.push(where + tag);
    }
  }
  return found;
}

function same(v, w) {
  const bytes = (x) => (ArrayBuffer.isView(x) ? Buffer.from(x.buffer, x.byteOffset, x.byteLength) : x instanceof ArrayBuffer ? Buffer.from(x) : null);
  if (bytes(v) || bytes(w)) {
    return bytes(v) !== null && bytes(w) !== null && bytes(v).equals(bytes(w));
  }
  return JSON.stringify(v) === JSON.stringify(w);
}

async function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

const pause = () => new Promise((resolve) => setTimeout(resolve, TURN_MS));

// listening says where a port is open, as the kernel lists it.
function listening(port) {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  return ["tcp", "tcp6"].flatMap((family) => {
    const lines = fs.existsSync("/proc/net/" + family) ? fs.readFileSync("/proc/net/" + family, "utf8").split("\n") : [];
    return lines.map((line) => line.trim().split(/\s+/)).filter((f) => f[3] === "0A" && f[1].endsWith(":" + hex)).map((f) => f[1].split(":")[0]);
  });
}

// until waits for what ready gives, or ends with the words.
async function until(ready, words) {
  for (const deadline = Date.now() + START_MS; Date.now() < deadline; await pause()) {
    const got = await ready();
    if (got) {
      return got;
    }
  }
  throw new Error(words);
}

// part takes the one object out of a multipart answer.
function part(body) {
  const start = body.indexOf("\r\n\r\n") + 4;
  const boundary = body.subarray(body.indexOf("--"), body.indexOf("\r\n", body.indexOf("--")));
  return body.subarray(start, body.lastIndexOf(Buffer.concat([Buffer.from("\r\n"), boundary])));
}

class Peer {
  constructor(plugin, loopback, folder) {
    Object.assign(this, { plugin, loopback, folder, children: [] });
  }

  async start() {
    [this.http, this.dicom, this.back] = [await freePort(), await freePort(), await freePort()];
    this.received = path.join(this.folder, "received");
    fs.mkdirSync(this.received);
    const config = path.join(this.folder, "orthanc.json");
    fs.writeFileSync(config, JSON.stringify({
      Name: "peer", StorageDirectory: path.join(this.folder, "storage"), IndexDirectory: path.join(this.folder, "storage"),
      HttpPort: this.http, RemoteAccessAllowed: false, AuthenticationEnabled: false, DicomAet: "PEER", DicomPort: this.dicom,
      DicomModalities: { back: ["BACK", "127.0.0.1", this.back] }, OverwriteInstances: true, Plugins: [this.plugin],
      DicomWeb: { Enable: true, Root: "/dicom-web/" },
    }));
    this.run("Orthanc", [config]);
    this.run("storescp", ["-aet", "BACK", "--bit-preserving", "-od", this.received, String(this.back)]);
    await until(async () => (await this.get("/system").catch(() => null)) && listening(this.back).length > 0, "Orthanc or storescp did not start: see its words above");
    for (const port of [this.http, this.dicom, this.back]) {
      const open = listening(port);
      if (open.length !== 1 || open[0] !== "0100007F") {
        throw new Error("a peer listens on " + (open.join(" ") || "nothing") + ", not on loopback alone");
      }
    }
  }

  run(program, args) {
    const log = fs.openSync(path.join(this.folder, program + ".log"), "w");
    const child = spawn(program, args, { stdio: ["ignore", log, log], env: { ...process.env, LD_PRELOAD: this.loopback } });
    child.on("error", (fault) => print(program + ": " + fault.message));
    this.children.push([program, child]);
  }

  // stop ends what was started here and waits for it.
  async stop(faulty) {
    for (const [program, child] of this.children) {
      if (child.exitCode === null && child.signalCode === null && child.pid) {
        const gone = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGTERM");
        await gone;
      }
      if (faulty) {
        console.error(fs.readFileSync(path.join(this.folder, program + ".log"), "utf8").split("\n").slice(-20).join("\n"));
      }
    }
  }

  async get(where, options) {
    const answer = await fetch("http://127.0.0.1:" + this.http + where, options);
    const body = Buffer.from(await answer.arrayBuffer());
    if (!answer.ok) {
      throw new Error((options && options.method ? options.method : "GET") + " " + where.replace(/[0-9.]{20,}/g, "UID") + " answers " + answer.status);
    }
    return body;
  }

  async json(where, options) {
    return JSON.parse((await this.get(where, options)).toString("utf8"));
  }

  // held is the one instance that Orthanc has.
  async held() {
    const instances = await this.json("/instances");
    if (instances.length !== 1) {
      throw new Error("Orthanc holds " + instances.length + " instances instead of one");
    }
    return instances[0];
  }

  async forget() {
    for (const id of await this.json("/instances")) {
      await this.get("/instances/" + id, { method: "DELETE" });
    }
  }

  // web is STOW-RS in and WADO-RS out.
  async web(file, sent) {
    const boundary = "peer";
    const body = Buffer.concat([
      Buffer.from("--" + boundary + "\r\nContent-Type: application/dicom\r\n\r\n"), fs.readFileSync(file), Buffer.from("\r\n--" + boundary + "--\r\n"),
    ]);
    const stored = await this.json("/dicom-web/studies", {
      method: "POST", body, headers: { "Content-Type": 'multipart/related; type="application/dicom"; boundary=' + boundary, Accept: "application/dicom+json" },
    });
    const listed = (tag) => ((stored[tag] || {}).Value || []).length;
    if (listed("00081199") !== 1 || listed("00081198") !== 0) {
      throw new Error("STOW-RS did not take it"); // an empty answer is 200 too
    }
    await this.reads(sent);
    const uid = (tag) => sent[tag].Value[0];
    const place = "/dicom-web/studies/" + uid("0020000D") + "/series/" + uid("0020000E") + "/instances/" + uid("00080018");
    return part(await this.get(place, { headers: { Accept: 'multipart/related; type="application/dicom"; transfer-syntax=*' } }));
  }

  // dimse is C-STORE in and C-STORE out.
  async dimse(file, sent) {
    const out = spawnSync("dcmsend", ["-aec", "PEER", "127.0.0.1", String(this.dicom), file], { encoding: "utf8" });
    if (out.status !== 0) {
      throw new Error("C-STORE: " + (out.stderr || out.stdout || out.error));
    }
    const id = await this.held();
    await this.reads(sent);
    await this.get("/modalities/back/store", { method: "POST", body: id });
    const [name] = await until(() => fs.readdirSync(this.received).filter((f) => !f.startsWith(".")), "storescp received nothing");
    const bytes = fs.readFileSync(path.join(this.received, name));
    fs.rmSync(path.join(this.received, name));
    return bytes;
  }

  // reads holds what Orthanc read of the object against what was sent.
  async reads(sent) {
    const seen = await this.json("/instances/" + (await this.held()) + "/simplified-tags");
    const set = dcmjs.data.DicomMetaDictionary.naturalizeDataset(sent);
    const name = [].concat(set.PatientName)[0];
    const patient = name && name.Alphabetic !== undefined ? name.Alphabetic : name || "";
    if (seen.Modality !== set.Modality || seen.SOPClassUID !== set.SOPClassUID || (seen.PatientName || "") !== patient || !seen.SeriesDescription.endsWith(WARNING)) {
      throw new Error("Orthanc reads another modality, class, patient or description");
    }
  }
}

async function main([plugin, loopback, folder, ...files]) {
  const sets = files.map((file) => parse(fs.readFileSync(file)));
  files.forEach((file, n) => {
    const spoilt = fs.readFileSync(file);
    spoilt[spoilt.length - 1] ^= 1; // of a pixel or a text
    if (differences(sets[n], parse(spoilt)).length !== 1) {
      throw new Error(path.basename(file) + ": the comparison does not notice one changed bit");
    }
  });
  const peer = new Peer(plugin, loopback, folder);
  const tally = { "STOW-RS in, WADO-RS out": "web", "C-STORE in, C-STORE out": "dimse" };
  let faults = 0;
  try {
    await peer.start();
    const { Version } = await peer.json("/system");
    for (const [way, method] of Object.entries(tally)) {
      let equal = 0;
      for (const [n, file] of files.entries()) {
        try {
          const back = parse(await peer[method](file, sets[n]));
          const found = differences(sets[n], back);
          if (found.length > 0) {
            throw new Error("comes back with other elements: " + found.slice(0, 8).join(" "));
          }
          equal++;
        } catch (fault) {
          console.error(way + ", " + path.basename(file) + ": " + fault.message);
        }
        await peer.forget();
      }
      print("Orthanc " + Version + ", " + way + ": " + files.length + " objects, " + equal + " came back equal");
      faults += files.length - equal;
    }
  } catch (fault) {
    console.error(fault.message);
    faults++;
  }
  await peer.stop(faults > 0);
  process.exitCode = faults > 0 ? 1 : 0;
}

main(process.argv.slice(2));
