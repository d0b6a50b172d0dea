images() { ctr --namespace k8s.io "$@"; }
has_image() { images images ls "name==$1" 2>/dev/null | grep -qF -e " $2 "; } # name digest
# Where its archive waits until containerd runs.
archive_of() { echo "{{state}}/images/$(echo "$1" | tr / _).tar"; }
