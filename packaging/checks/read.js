// Reads results back with readers that are not ours and prints what they saw, as
// JSON: dcmjs for .dcm, fhir (R4) for .json. Exits 1 where a file can't be read or
// a bundle breaks a rule of FHIR.
"use strict";
const fs = require("fs");
const path = require("path");

// dcmjs logs on standard output, which is ours.
const print = console.log;
console.log = console.error;

function content(items, list) {
  for (const item of [].concat(items || [])) {
    const measured = [].concat(item.MeasuredValueSequence || [])[0];
    const concept = [].concat(item.ConceptNameCodeSequence || [])[0] || {};
    list.push({
      type: item.ValueType,
      concept: concept.CodeMeaning,
      value: measured ? Number(measured.NumericValue) : item.TextValue,
      unit: measured ? [].concat(measured.MeasurementUnitsCodeSequence)[0].CodeValue : undefined,
    });
    content(item.ContentSequence, list);
  }
  return list;
}

function readDicom(file) {
  const dcmjs = require("dcmjs");
  const bytes = fs.readFileSync(file);
  const parsed = dcmjs.data.DicomMessage.readFile(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const set = dcmjs.data.DicomMetaDictionary.naturalizeDataset(parsed.dict);
  const name = [].concat(set.PatientName)[0];
  const seen = {
    modality: set.Modality,
    class: set.SOPClassUID,
    patient: name && name.Alphabetic !== undefined ? name.Alphabetic : name,
    description: set.SeriesDescription,
  };
  if (set.SegmentSequence) {
    seen.segments = [].concat(set.SegmentSequence).map((segment) => segment.SegmentLabel);
    seen.frames = Number(set.NumberOfFrames);
    seen.type = set.SegmentationType;
    const pixels = new Uint8Array([].concat(set.PixelData)[0]);
    const used = set.Rows * set.Columns * seen.frames;
    switch (set.SegmentationType) {
      case "BINARY":
        seen.voxels = dcmjs.data.BitArray.unpack(pixels).slice(0, used).reduce((sum, v) => sum + (v ? 1 : 0), 0);
        break;
      case "FRACTIONAL":
        seen.fractional = set.SegmentationFractionalType;
        seen.maximum = set.MaximumFractionalValue;
        seen.sum = pixels.slice(0, used).reduce((sum, v) => sum + v, 0);
        break;
      default:
        throw new Error("a segmentation of type " + set.SegmentationType);
    }
  }
  if (set.ContentSequence) {
    seen.content = content(set.ContentSequence, []);
  }
  return seen;
}

function readBundle(file) {
  const { Fhir } = require("fhir/fhir");
  const bundle = JSON.parse(fs.readFileSync(file, "utf8"));
  const result = new Fhir().validate(bundle, { errorOnUnexpected: true });
  const faults = result.messages.filter((message) => message.severity === "error" || message.severity === "fatal");
  if (!result.valid || faults.length > 0) {
    throw new Error(JSON.stringify(faults.length > 0 ? faults : result.messages));
  }
  return {
    resources: bundle.entry.map((entry) => entry.resource.resourceType),
    warnings: result.messages.map((message) => message.location + ": " + message.message),
  };
}

const seen = {};
for (const file of process.argv.slice(2)) {
  try {
    seen[path.basename(file)] = file.endsWith(".json") ? readBundle(file) : readDicom(file);
  } catch (fault) {
    console.error(path.basename(file) + ": " + fault.message);
    process.exitCode = 1;
  }
}
print(JSON.stringify(seen, null, 2));
