#!/usr/bin/env python3
"""Makes the codestreams in streams/ and their list, streams.txt.

Run by hand on Debian 12 with python3-pydicom, dcmtk, libgdcm-tools, libopenjp2-tools
and libjpeg-turbo-progs installed:

    ./make_streams.py

The picture is a part of pydicom's MR_small.dcm. What is stored without loss must come
out as it went in; for the rest the reference is what the same project's decoder gives
(dcmdjpeg, dcmdjpls, opj_decompress, djpeg), kept beside the codestream as NAME.raw.
"""
import hashlib
import os
import struct
import subprocess
import tempfile

import pydicom
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRLittleEndian

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "streams")
TMP = tempfile.mkdtemp()
WIDTH, HEIGHT = 61, 47
lines = []


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def tmp(name):
    return os.path.join(TMP, name)


def crop(x0, y0):
    d = pydicom.dcmread(get_testdata_file("MR_small.dcm"))
    v = struct.unpack("<%dh" % (d.Rows * d.Columns), d.PixelData)
    return [v[(y0 + y) * d.Columns + x0 + x] for y in range(HEIGHT) for x in range(WIDTH)]


GREY = crop(0, 0)
TOP = max(GREY)


def grey(bits, signed=False):
    """The picture in so many bits, over the whole range."""
    v = [min(g * ((1 << bits) - 1) // TOP, (1 << bits) - 1) for g in GREY]
    return [x - (1 << bits - 1) for x in v] if signed else v


def colour():
    planes = [[g * 255 // TOP for g in crop(x, y)] for x, y in ((0, 0), (3, 5), (2, 17))]
    return [p[i] for i in range(WIDTH * HEIGHT) for p in planes]


def pack(values, cell):
    return b"".join((v & ((1 << 8 * cell) - 1)).to_bytes(cell, "little") for v in values)


def write_dicom(name, values, samples, stored, signed):
    cell = 1 if stored <= 8 else 2
    d = pydicom.dcmread(get_testdata_file("MR_small.dcm"))
    d.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    d.Rows, d.Columns, d.SamplesPerPixel = HEIGHT, WIDTH, samples
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 8 * cell, stored, stored - 1, int(signed)
    d.PhotometricInterpretation = "RGB" if samples == 3 else "MONOCHROME2"
    if samples == 3:
        d.PlanarConfiguration = 0
        d.SOPClassUID = d.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    for tag in ("SmallestImagePixelValue", "LargestImagePixelValue", "PixelPaddingValue", "DataSetTrailingPadding"):
        if tag in d:
            del d[tag]
    raw = pack(values, cell)
    d.PixelData = raw + b"\0" * (len(raw) & 1)
    d["PixelData"].VR = "OW" if cell == 2 else "OB"
    d.save_as(tmp(name))
    return raw


def add(name, uid, stream, samples, allocated, stored, signed, photometric, native, lossless):
    with open(os.path.join(OUT, name), "wb") as f:
        f.write(stream)
    if not lossless:
        with open(os.path.join(OUT, name + ".raw"), "wb") as f:
            f.write(native)
    lines.append(" ".join(str(x) for x in (
        name, "1.2.840.10008.1.2.4." + str(uid), HEIGHT, WIDTH, samples, allocated, stored, int(signed), photometric,
        hashlib.sha256(native).hexdigest() if lossless else "raw")))


def pixel_fragments(name):
    d = pydicom.dcmread(tmp(name))
    fragments = list(pydicom.encaps.decode_data_sequence(d.PixelData))
    return d, b"".join(fragments)


def dcmtk(name, encoder, options, decoder, values, samples, stored, signed=False, lossless=True):
    raw = write_dicom("in.dcm", values, samples, stored, signed)
    run(encoder, *options, tmp("in.dcm"), tmp("coded.dcm"))
    d, stream = pixel_fragments("coded.dcm")
    native = raw
    if not lossless:
        run(decoder, *(["+cn"] if decoder == "dcmdjpeg" else []), tmp("coded.dcm"), tmp("back.dcm"))
        native = pydicom.dcmread(tmp("back.dcm")).PixelData[:len(raw)]
    uid = str(d.file_meta.TransferSyntaxUID).rsplit(".", 1)[1]
    add(name, uid, stream, samples, d.BitsAllocated, d.BitsStored, signed, d.PhotometricInterpretation, native, lossless)


def openjpeg(name, options, values, samples, bits, signed=False, lossless=True, uid=90, photometric=None):
    cell = 1 if bits <= 8 else 2
    planes = [values[c::samples] for c in range(samples)]
    with open(tmp("in.rawl"), "wb") as f:
        for p in planes:
            f.write(pack(p, cell))
    shape = "%d,%d,%d,%d,%s" % (WIDTH, HEIGHT, samples, bits, "s" if signed else "u")
    coded = tmp("coded.jp2" if name.endswith(".jp2") else "coded.j2k")
    run("opj_compress", "-i", tmp("in.rawl"), "-o", coded, "-F", shape, *options)
    native = pack(values, cell)
    if not lossless:
        run("opj_decompress", "-i", coded, "-o", tmp("back.rawl"))
        with open(tmp("back.rawl"), "rb") as f:
            back = f.read()
        size = WIDTH * HEIGHT * cell
        native = b"".join(back[c * size + i:c * size + i + cell] for i in range(0, size, cell) for c in range(samples))
    with open(coded, "rb") as f:
        stream = f.read()
    add(name, uid, stream, samples, 8 * cell, bits, signed, photometric or ("YBR_RCT" if samples == 3 else "MONOCHROME2"), native, lossless)


def ijg(name, options, values, samples):
    ppm = tmp("in.ppm")
    with open(ppm, "wb") as f:
        f.write(b"P%d %d %d 255\n" % (6 if samples == 3 else 5, WIDTH, HEIGHT) + pack(values, 1))
    run("cjpeg", "-outfile", tmp("coded.jpg"), *options, ppm)
    run("djpeg", "-dct", "int", "-outfile", tmp("back.ppm"), tmp("coded.jpg"))
    with open(tmp("back.ppm"), "rb") as f:
        native = f.read()[-WIDTH * HEIGHT * samples:]
    with open(tmp("coded.jpg"), "rb") as f:
        add(name, 50, f.read(), samples, 8, 8, False, "YBR_FULL_422" if samples == 3 else "MONOCHROME2", native, False)


os.makedirs(OUT, exist_ok=True)

for sv in range(1, 8):
    dcmtk("lossless-sv%d.jpg" % sv, "dcmcjpeg", ["+el", "+sv", str(sv)], None, grey(16), 1, 16)
dcmtk("lossless-12bit.jpg", "dcmcjpeg", ["+el", "+sv", "4"], None, grey(12), 1, 12)
dcmtk("lossless-signed.jpg", "dcmcjpeg", ["+e1"], None, grey(16, True), 1, 16, True)
dcmtk("lossless-rgb.jpg", "dcmcjpeg", ["+el", "+sv", "7"], None, colour(), 3, 8)
dcmtk("lossless-point.jpg", "dcmcjpeg", ["+el", "+sv", "5", "+pt", "3"], "dcmdjpeg", grey(16), 1, 16, lossless=False)
dcmtk("extended-12bit.jpg", "dcmcjpeg", ["+ee", "+bt", "-W"], "dcmdjpeg", grey(12), 1, 12, lossless=False)

for bits in (8, 12, 16):
    dcmtk("lossless-%d.jls" % bits, "dcmcjpls", ["+el"], None, grey(bits), 1, bits)
dcmtk("lossless-signed.jls", "dcmcjpls", ["+el"], None, grey(16, True), 1, 16, True)
dcmtk("lossless-thresholds.jls", "dcmcjpls", ["+el", "+pc", "+t1", "5", "+t2", "9", "+t3", "40", "+rs", "31"], None, grey(12), 1, 12)
dcmtk("near-3.jls", "dcmcjpls", ["+en", "+md", "3"], "dcmdjpls", grey(12), 1, 12, lossless=False)
for letter, how in (("l", "line"), ("s", "sample"), ("n", "plane")):
    dcmtk("rgb-%s.jls" % how, "dcmcjpls", ["+el", "+i" + letter], None, colour(), 3, 8)
    dcmtk("rgb-near-%s.jls" % how, "dcmcjpls", ["+en", "+md", "2", "+i" + letter], "dcmdjpls", colour(), 3, 8, lossless=False)

openjpeg("default.j2k", [], grey(16), 1, 16)
openjpeg("signed.j2k", [], grey(16, True), 1, 16, True)
openjpeg("levels0.j2k", ["-n", "1"], grey(8), 1, 8)
openjpeg("blocks4.j2k", ["-b", "4,4"], grey(12), 1, 12)
openjpeg("tiles.j2k", ["-t", "16,13", "-n", "4"], grey(12), 1, 12)
openjpeg("offsets.j2k", ["-d", "5,7", "-T", "3,2", "-t", "17,19", "-n", "4"], grey(12), 1, 12)
openjpeg("layers-rlcp.j2k", ["-r", "20,10,5,1", "-p", "RLCP", "-SOP", "-EPH"], grey(12), 1, 12)
openjpeg("precincts-rpcl.j2k", ["-c", "[16,16],[8,8]", "-b", "8,8", "-p", "RPCL", "-r", "8,1", "-n", "4"], grey(12), 1, 12)
openjpeg("precincts-pcrl.j2k", ["-c", "[32,16],[16,8]", "-b", "8,8", "-p", "PCRL", "-t", "40,40", "-n", "3"], colour(), 3, 8)
openjpeg("precincts-cprl.j2k", ["-c", "[16,32],[8,16]", "-b", "8,8", "-p", "CPRL", "-d", "3,1", "-n", "4"], colour(), 3, 8)
openjpeg("poc.j2k", ["-n", "4", "-POC", "T1=0,0,1,2,3,RLCP/T1=2,0,1,4,3,CPRL"], colour(), 3, 8)
openjpeg("parts.j2k", ["-TP", "R", "-p", "RLCP", "-t", "32,32", "-n", "4"], colour(), 3, 8)
openjpeg("unmixed.j2k", ["-mct", "0"], colour(), 3, 8, photometric="RGB")
for style in (1, 2, 4, 5, 8, 16, 32, 63):
    openjpeg("style%d.j2k" % style, ["-M", str(style), "-r", "6,3,1"], grey(16), 1, 16)
openjpeg("wrapped.jp2", [], colour(), 3, 8)
openjpeg("layers-lossy.j2k", ["-r", "20,10"], grey(12), 1, 12, lossless=False, uid=91)
openjpeg("irreversible.j2k", ["-I", "-r", "6"], grey(12), 1, 12, lossless=False, uid=91)
openjpeg("irreversible-signed.j2k", ["-I", "-r", "4", "-n", "4"], grey(16, True), 1, 16, True, lossless=False, uid=91)
openjpeg("irreversible-rgb.j2k", ["-I", "-r", "8"], colour(), 3, 8, lossless=False, uid=91, photometric="YBR_ICT")

ijg("grey-restart.jpg", ["-grayscale", "-quality", "90", "-restart", "3B"], grey(8), 1)
for sampling in ("1x1", "2x1", "2x2", "1x2", "4x1"):
    ijg("ycc-%s.jpg" % sampling, ["-quality", "92", "-sample", sampling], colour(), 3)
ijg("ycc-restart.jpg", ["-quality", "60", "-restart", "1", "-optimize"], colour(), 3)
with open(tmp("scans"), "w") as f:
    f.write("1;\n0;\n2;\n")
ijg("ycc-scans.jpg", ["-quality", "92", "-sample", "2x2", "-scans", tmp("scans")], colour(), 3)
ijg("rgb.jpg", ["-rgb", "-quality", "92"], colour(), 3)

with open(os.path.join(HERE, "streams.txt"), "w") as f:
    f.write("# file, transfer syntax, rows, columns, samples, allocated, stored, signed, photometric, sha256 of the native frame (raw: see make_streams.py)\n")
    f.write("\n".join(lines) + "\n")
