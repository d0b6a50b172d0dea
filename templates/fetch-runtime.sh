# Part of stage.sh, inside single quotes: brings the runtime part of the payload $0, and waits for the next try where it cannot.
archive={{archive}}
whole() { case $(sha256sum $archive 2>&1) in {{runtimeDigest}}*) ;; *) false ;; esac; }
# words result reason
no() {
  r=$(echo "$3" | tr -d "\042\134\n")
  echo "kubekiln: $1: $r"
  echo "{\"cluster\":\"{{cluster}}\",\"node\":\"{{node}}\",\"generation\":{{generation}},\"digest\":\"{{digest}}\",\"stage\":\"runtime\",\"result\":\"$2\",\"reason\":\"$r\",\"remedy\":\"\",\"time\":\"$(date -u +%FT%TZ)\"}" >{{state}}/status.json
  exit 1
}
cd $0/files || no "STOPPED at runtime" failed "cloud-init wrote no files to $0"
{{#bundled}}
bundles={{bundles}}
{{> bundle-functions.sh}}
whole || { find_bundles; take "runtime {{runtimeDigest}} " $archive {{name}}; leave_bundles; }
[ -n "$seen" ] || seen="no volume with the label KUBEKILN is here, and $bundles has no -bundle.tar" words="runtime: waiting" result=waiting
whole || no "${words:-STOPPED at runtime}" ${result:-failed} "$seen"
{{/bundled}}
{{#imaged}}
whole || no "STOPPED at runtime" failed "$archive is not in this image, or not the one with SHA-256 {{runtimeDigest}}"
{{/imaged}}
{{#mirrored}}
words="runtime: waiting" result=waiting seen=
whole || for url in {{urls}}; do
  why=$(curl -K {{settings}} -o $archive $url/{{name}} 2>&1) && {
    whole && break
    why="what it sends has another SHA-256 than {{runtimeDigest}}" words="STOPPED at runtime" result=failed
  }
  seen="$seen $url/{{name}}: $why;"
done
whole || no "$words" $result "$seen"
{{/mirrored}}
why=$(tar -xzf $archive -C $0 2>&1) || no "STOPPED at runtime" failed "$why"
