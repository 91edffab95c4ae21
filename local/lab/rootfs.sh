#!/bin/bash
# rootfs.sh: .build/lambda-rootfs.tar, a stand-in for AWS's image of the Python 3.13 runtime, made from Debian and
# from .build/runtime (`make build`). Without boto3: what a function needs comes from its layer, or is missed.
# Does nothing when it is up to date. Needs root and mmdebstrap.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=$root/.build/lambda-rootfs.tar

[ -d "$root/.build/runtime" ] || { echo "rootfs.sh: .build/runtime is missing, run \`make build\`" >&2; exit 1; }
wanted=$(cat "$here/rootfs.sh" "$here"/runtime/* "$root/requirements/runtime.txt" | sha256sum)
if [ -e "$out" ] && [ "$(cat "$out.sources" 2>/dev/null)" = "$wanted" ]; then exit 0; fi

rm -f "$out" "$out.sources"
mmdebstrap --quiet --mode=root --format=tar --variant=essential \
  --include=python3.13-minimal,libpython3.13-stdlib,libstdc++6,ca-certificates \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --customize-hook='mkdir -p "$1/var/rapid" "$1/var/task" "$1/opt" "$1/var/lang/bin" "$1/var/lang/lib/python3.13"' \
  --customize-hook="cp -r '$here/runtime' \"\$1/var/runtime\"" \
  --customize-hook="cp -r '$root/.build/runtime' \"\$1/var/lang/lib/python3.13/site-packages\"" \
  --customize-hook='ln -s /usr/bin/python3.13 "$1/var/lang/bin/python3.13"' \
  trixie "$out.part"
mv "$out.part" "$out"
echo "$wanted" >"$out.sources"
