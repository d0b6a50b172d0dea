# Offline bundles in reach: files of the directory $bundles, and on volumes with the label KUBEKILN. No single quotes here: stage.sh stands in some.
# Mounts volumes anew: one that was pulled out leaves a mount that is dead.
find_bundles() {
  leave_bundles
  for device in $(blkid -c /dev/null -t LABEL=KUBEKILN -o device); do
    volume=/run/kubekiln/bundle/${device##*/}
    mkdir -p "$volume"
    mount -o ro,nodev,noexec,nosuid "$device" "$volume" || :
  done 2>/dev/null
}

leave_bundles() {
  for volume in /run/kubekiln/bundle/*; do umount -l "$volume" || :; done 2>/dev/null
}

# Writes what a line of an index names, if its content is what the line says. $seen: why each bundle was passed over.
take() { # words-of-the-line file what
  seen=
  for bundle in "$bundles"/*-bundle.tar /run/kubekiln/bundle/*/*-bundle.tar; do
    [ -f "$bundle" ] || continue
    line=$(tar -xOf "$bundle" --occurrence=1 kubekiln-bundle 2>/dev/null | grep -F -e "$1" | head -n 1) || :
    [ -n "$line" ] || { seen="$seen${seen:+; }$bundle does not hold $3"; continue; }
    set -- "$1" "$2" "$3" $line
    tar -xOf "$bundle" --occurrence=1 -- "$7" 2>/dev/null | case $8 in gz) gzip -dc ;; zst) zstd -dc ;; *) cat ;; esac 2>/dev/null | head -c "$6" >"$2" || :
    case $(sha256sum "$2") in "$5 "*) return ;; esac
    rm -f "$2"
    seen="$seen${seen:+; }$3 in $bundle cannot be read whole or is not what its index says; $(df -P "${2%/*}" | tail -n 1)"
  done
  return 1
}
