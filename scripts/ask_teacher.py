#!/usr/bin/env python3
"""Asks a teacher what the encoder's texts mean, and keeps it beside them.

Usage: python3 scripts/ask_teacher.py TEXTS minilm FOLDER
       python3 scripts/ask_teacher.py TEXTS e5 FILE TUNED
TEXTS is what prepare_encoder_data.py wrote, FOLDER that of all-MiniLM-L6-v2, FILE that of multilingual-e5-small, TUNED what
tune_teacher.py wrote. Writes TEXTS/minilm.safetensors (vectors of the English) or TEXTS/e5.safetensors (vectors of every
meaning, and how pleased each is). Minutes on an accelerator.
"""

import argparse
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

import teachers
from tune_teacher import POLARITY_SCALE
from train_encoder import told


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("texts", type=Path)
    parser.add_argument("teacher", choices=("minilm", "e5"))
    parser.add_argument("weights", type=Path)
    parser.add_argument("tuned", type=Path, nargs="?")
    args = parser.parse_args()
    english, meant = told(args.texts)
    out = args.texts / f"{args.teacher}.safetensors"
    if args.teacher == "minilm":
        teacher = teachers.minilm(args.weights)
        save_file({"vectors": teacher.encode(teacher.ids(english))}, out)
    else:
        teacher = teachers.e5(args.weights)
        ids = teacher.ids(meant)
        tuned = load_file(args.tuned)
        polarity = tuned.pop("polarity")
        teacher.weights = {name: value.to(teachers.DEVICE) for name, value in tuned.items()}
        vectors = teacher.encode(ids)
        pleased = torch.sigmoid(POLARITY_SCALE * (vectors.float() @ polarity[:-1]) + polarity[-1])
        save_file({"vectors": vectors, "pleased": pleased.half()}, out)
    teachers.say(f"wrote {out}")


if __name__ == "__main__":
    main()
