#!/bin/sh
# The image's steps: install.sh SOURCE PLACE puts an environment with the app and its sign-in into a place of its own.
# PIP_EXTRA_INDEX_URL chooses torch's build: https://download.pytorch.org/whl/cpu, or empty for CUDA.
set -eu
source=$1
place=$2
python3 -m venv "$place"
"$place/bin/pip" install --no-cache-dir --quiet --constraint "$source/constraints.txt" "$source[serve]"
"$place/bin/mmexplore" models --json > /dev/null
