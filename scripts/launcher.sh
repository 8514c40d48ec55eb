#!/bin/sh
# Stands in for the native binary where no compiler produced one: starts Node for everything.
self=$(readlink -f -- "$0") || exit 70 # npm installs bin/ entries as symlinks
root=${self%/bin/*}
for node in "$root"/node_modules/node-linux-*/bin/node "$root"/../node-linux-*/bin/node; do
  [ -x "$node" ] && break
  node=node
done
TAZPOD_LAUNCHER=sh exec "$node" "$root/dist/bin/main.js" "$@"
