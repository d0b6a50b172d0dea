#!/bin/sh
# kubekiln-fetch PAYLOAD: brings the programs that the payload names and this machine lacks, from mirrors or an offline bundle, checks each, and lays it
# beside its place as PATH.kubekiln-new, where the installer finds it by {{state}}/fetched. Container images of a bundle are laid into {{state}}/images.
# It can be cut anywhere: a download goes on where it ended.
set -eu
umask 022
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
payload=$1 state={{state}} table=$payload/files{{binariesFile}}
stage=binaries on_console=yes digest=$(cat "$payload/.complete")
. "$payload/files{{nodeEnv}}"

{{> node-functions.sh}}
{{> bundle-functions.sh}}
{{> image-functions.sh}}
# Which file each artifact became: an archive's digest says nothing about its members.
known=$state/binaries downloads=$state/downloads
PATH=$PATH:$KUBEKILN_BINARIES
bundles=$(sed -n 's/^bundle //p' "$table")
mkdir -p "$downloads"
touch "$known"
: >"$state/fetched.new"
machine=$(sed -n 's/^machine //p' "$table")
[ "$(uname -m)" = "$machine" ] || stop "this machine is $(uname -m), its programs are for $machine" "set architecture of $KUBEKILN_NODE in cluster.yaml"

sum_of() { sha256sum "$1" 2>/dev/null | cut -d' ' -f1; }

# A stick may be brought later; a bundle that lacks something will not get it.
from_bundle() { # words-of-its-line file what
  while ! take "$@"; do
    [ -z "$seen" ] || stop "$seen" "bring the bundle that was made for this payload (kubekiln bundle create, kubekiln bundle verify); it is tried again by itself"
    pause=3
    waiting "no volume with the label KUBEKILN is here, and $bundles has no -bundle.tar"
    find_bundles
  done
}

download() { # sha256 source
  file=$downloads/$1
  [ "$(sum_of "$file")" = "$1" ] || [ -z "$bundles" ] || from_bundle "file $1 " "$file" "$2"
  while [ "$(sum_of "$file")" != "$1" ]; do
    why='' final=yes
    for mirror in $(sed -n 's/^mirror //p' "$table"); do
      resumed=no code=0
      [ ! -s "$file" ] || resumed=yes
      told=$(cd "$payload/files" && curl -K {{settings}} -C - -o "$file" "$mirror/$2" 2>&1) || code=$?
      have=$(sum_of "$file")
      [ "$have" != "$1" ] || return 0
      case $code:$told in
        0:*)
          told="its SHA-256 is $have, cluster.lock.yaml says $1"
          # A beginning from another mirror, or of another day.
          [ $resumed = no ] || final=no
          rm -f "$file"
          ;;
        # Answers that waiting does not change; curl(1) has the numbers.
        22:*" 40"[0134]*) ;;
        22:*" 416"*|33:*) final=no; rm -f "$file" ;;
        23:*|127:*) stop "$2: $told; $(df -P "$downloads" | tail -n 1)" "make room, or put curl into the image; it is tried again by itself" ;;
        *) final=no ;;
      esac
      why="$why${why:+; }$mirror/$2: $told"
    done
    [ $final = no ] || stop "$why" "correct the mirror, binaries.urls, downloadCredentials of secrets.yaml, or the digests: kubekiln images pin"
    pause=3
    waiting "$why"
  done
}

[ -z "$bundles" ] || find_bundles
while read -r kind sum path units member source; do
  [ "$kind" = file ] || continue
  have=$(sum_of "$path") new=$path.kubekiln-new
  if [ -x "$path" ] && { [ "$member$have" = "-$sum" ] || grep -qxF "$sum $have $path" "$known"; }; then continue; fi
  laid=$(sum_of "$new")
  if [ -z "$laid" ] || ! grep -qxF "$sum $laid $path" "$known"; then
    download "$sum" "$source"
    mkdir -p "${path%/*}"
    if [ "$member" = - ]; then
      cp "$downloads/$sum" "$new" || stop "$path: it cannot be written; $(df -P "${path%/*}" | tail -n 1)" "make room; it is tried again by itself"
    else
      tar -xzOf "$downloads/$sum" "$member" >"$new" 2>/dev/null || tar -xzOf "$downloads/$sum" "./$member" >"$new" || stop "$path: $member is not in $source, or there is no room for it" "look at the archive on the mirror, and at: df ${path%/*}"
    fi
    chmod 0755 "$new"
    { grep -v " $path\$" "$known" || :; echo "$sum $(sum_of "$new") $path"; } >"$known.new"
    sync "$new" "$known.new"
    mv "$known.new" "$known"
    say "binaries: $path from $source"
  fi
  echo "$path $units" >>"$state/fetched.new"
done <"$table"
mkdir -p "$state/images"
while read -r kind architecture sum image; do
  [ "$kind" = image ] || continue
  archive=$(archive_of "$image")
  has_image "$image" "$sum" || [ -s "$archive" ] || {
    from_bundle " $architecture $sum $image" "$archive.new" "$image"
    sync "$archive.new"
    mv "$archive.new" "$archive"
    say "binaries: $image from the bundle"
  }
done <"$table"
leave_bundles
rm -rf "$downloads"
mv "$state/fetched.new" "$state/fetched"
