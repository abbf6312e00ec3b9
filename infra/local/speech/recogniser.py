"""Hears what was said, for the stand-in of a speech-to-text provider: pocketsphinx behind stdin and stdout.

In:  one byte (b'a' booking sentences or else anything, b'o' anything), the length in bytes (32 bit, little-endian), then PCM of
     16 bit, 16 kHz, mono.
Out: one line of JSON each: {"text", "grammar", "speech_ms"}; first of all {"ready": true}.
Ends when stdin does, so it never outlives its parent.
"""

import hashlib
import json
import os
import select
import struct
import sys
import tempfile

import grammar
from pocketsphinx import Decoder, get_model_path

MODEL = os.path.join(get_model_path(), "en-us")
# The cepstral mean of speech after the telephone and the front end of `recogniser.rs`. Fixed, so that the shortest answer is
# heard as well as the longest, and one utterance never changes how the next is heard.
MEAN = "45.00,0.89,2.26,16.66,2.31,-1.68,3.47,-8.29,-8.03,-1.21,2.19,3.65,0.69"
# The default beams lose every tenth sentence after the telephone; the vocabulary is small enough for wide ones.
WIDE = {
    "beam": 1e-64,
    "wbeam": 1e-48,
    "pbeam": 1e-64,
    "fwdflatbeam": 1e-64,
    "fwdflatwbeam": 1e-40,
    "lpbeam": 1e-60,
    "lponlybeam": 1e-50,
}
FRAME_MS = 10
# A cough may pass for "yes", but no one says a word in less.
WORD_FRAMES_MIN = 12


def decoder(lm, **beams):
    return Decoder(
        hmm=os.path.join(MODEL, "en-us"),
        dict=os.path.join(MODEL, "cmudict-en-us.dict"),
        lm=lm,
        samprate=16000,
        loglevel="FATAL",
        **beams,
    )


def model_of(here, rules):
    """The file with the trigram model, made once for each state of the grammar."""
    digest = hashlib.sha256()
    for name in ("booking.jsgf", "grammar.py"):
        with open(os.path.join(here, name), "rb") as file:
            digest.update(file.read())
    folder = os.path.join(tempfile.gettempdir(), f"callbox-{os.getuid()}")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    path = os.path.join(folder, f"booking-{digest.hexdigest()[:16]}.arpa")
    if not os.path.exists(path):
        with tempfile.NamedTemporaryFile("w", dir=folder, delete=False) as file:
            file.write(grammar.arpa(grammar.sentences(rules)))
        os.replace(file.name, path)
    return path


class Ear:
    def __init__(self):
        here = os.path.dirname(os.path.abspath(__file__))
        with open(os.path.join(here, "booking.jsgf"), encoding="ascii") as file:
            self.rules = grammar.parse(file.read())
        self.booking = decoder(model_of(here, self.rules), **WIDE)
        self.anything = None

    def widen(self):
        """Loads the model of all English, half a second's work."""
        if self.anything is None:
            self.anything = decoder(os.path.join(MODEL, "en-us.lm.bin"))

    def hear(self, pcm, open_only):
        if not open_only:
            text, frames = listen(self.booking, pcm)
            words = text.split()
            if not words:
                return text, True, 0
            if grammar.accepts(self.rules, words):
                heard = frames >= WORD_FRAMES_MIN * len(words)
                return (text if heard else ""), True, frames * FRAME_MS
        self.widen()
        text, frames = listen(self.anything, pcm)
        heard = frames >= WORD_FRAMES_MIN * len(text.split())
        return (text if heard else ""), False, frames * FRAME_MS


def listen(ear, pcm):
    """The words, and how many frames of 10 ms they took."""
    ear.set_cmn(MEAN)
    ear.start_utt()
    ear.process_raw(pcm, False, False)
    ear.end_utt()
    hypothesis = ear.hyp()
    if hypothesis is None:
        return "", 0
    frames = sum(
        segment.end_frame - segment.start_frame + 1
        for segment in ear.seg()
        if segment.word[0] not in "<[(+"
    )
    return hypothesis.hypstr, frames


def main():
    ear = Ear()
    wanted, answers = sys.stdin.buffer, sys.stdout
    print(json.dumps({"ready": True}), file=answers, flush=True)
    # While nobody asks, get ready for what is in no grammar.
    if not select.select([wanted], [], [], 2.0)[0]:
        ear.widen()
    while len(head := wanted.read(5)) == 5:
        mode, length = struct.unpack("<cI", head)
        pcm = wanted.read(length)
        if len(pcm) < length:
            return
        text, in_grammar, speech_ms = ear.hear(pcm, mode == b"o")
        print(
            json.dumps({"text": text, "grammar": in_grammar, "speech_ms": speech_ms}),
            file=answers,
            flush=True,
        )


if __name__ == "__main__":
    main()
