#!/bin/sh
# Fails where a test binary of a pure layer needs a library that waits: pure_linkage.sh BINARY...
set -eu
[ $# -gt 0 ] || { echo "usage: $0 BINARY..." >&2; exit 2; }
status=0
for binary in "$@"; do
  needed=$(readelf -d "$binary" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
  case $needed in
    *libc.so*) ;;
    *) echo "$binary: can not read what it needs" >&2; status=1 ;;
  esac
  for library in $needed; do
    case $library in
      libuv.* | libssl.* | libcrypto.* | libcares.* | libnghttp2.*)
        echo "$binary needs $library" >&2
        status=1 ;;
    esac
  done
done
exit $status
