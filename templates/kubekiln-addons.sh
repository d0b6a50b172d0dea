#!/bin/sh
# kubekiln-addons: how kubekiln-bootstrap, which reads this file, applies the operator's manifests. Only nodes of a cluster that has some carry it.
addons=$(ls -d {{library}}/addons/*)
seen=$(seen kubekiln-addons)

# One that fails holds up no other: its resources may be defined by a later one, or want a webhook whose pods do not run yet.
put_addons() {
  again=
  : >reasons
  for addon in $addons; do
    if put "$addon"; then
      say "add-on ${addon##*/} in place ($(wc -l <applied) applied)"
    else
      again="$again $addon"
      echo "add-on ${addon##*/}: $(grep -v AlreadyExists error | tr '\n' ' ' | cut -c1-300)" >>reasons
    fi
  done
  addons=$again
  # Not every minute the same.
  cmp -s reasons said || while read -r reason; do say "$reason"; done <reasons
  cp reasons said
  [ -n "$addons" ] || remember kubekiln-addons
}
