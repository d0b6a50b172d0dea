#!/bin/sh
# kubekiln-images: sees before kubelet starts that containerd has the images of the offline bundle, and that kubelet's garbage collection leaves them
# there. kubekiln-fetch laid them into {{state}}/images; what a new disk of containerd lacks later comes from a bundle in reach again.
set -eu
umask 077
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
. {{nodeEnv}}
PATH=$PATH:$KUBEKILN_BINARIES
export PATH LC_ALL
bundles=$(sed -n 's/^bundle //p' {{binariesFile}})

{{> bundle-functions.sh}}
{{> image-functions.sh}}
fail() {
  leave_bundles
  echo "kubekiln: images: $*"
  exit 1
}

bring() {
  find_bundles
  take " $architecture $digest $image" "$archive.new" "$image" || {
    seen=${seen:-no volume labelled KUBEKILN, and $bundles has no -bundle.tar}
    return 1
  }
  sync "$archive.new" && mv "$archive.new" "$archive" && seen=
}

import() {
  [ -s "$archive" ] || return 1
  said=$(images images import "$archive" 2>&1) || { said=$(echo "$said" | tail -n 1); return 1; }
}

uptime() { cut -d. -f1 /proc/uptime; }
due=$(($(uptime) + 10))
until said=$(images version 2>&1); do
  # kubelet waits for this unit, and would be the one to say so.
  [ "$(uptime)" -lt "$due" ] || {
    echo "kubekiln: images: waiting for containerd: $(echo "$said" | tail -n 1)"
    due=$(($(uptime) + 60))
  }
  sleep 1
done
mkdir -p {{state}}/images
while read -r kind architecture digest image; do
  [ "$kind" = image ] || continue
  if ! has_image "$image" "$digest"; then
    archive=$(archive_of "$image") said='' seen=''
    # The second time: half an archive, or one that a bad disk changed, is brought anew.
    import || { bring && import; } || fail "containerd lacks $image: $said${said:+${seen:+; }}$seen"
    has_image "$image" "$digest" || { rm -f "$archive"; fail "$image was imported with another digest than $digest"; }
    # How containerd looks for an image that is named with its digest.
    case $image in *@*) images images tag --force "$image" "$(echo "${image%@*}" | sed 's/:[^/:]*$//')@$digest" >/dev/null ;; esac
    rm -f "$archive"
    echo "kubekiln: images: $image is imported"
  fi
  images images label "$image" io.cri-containerd.pinned=pinned >/dev/null
done <{{binariesFile}}
leave_bundles
