say() { echo "kubekiln: $*"; }

# Also where nobody reads the journal: on the console.
announce() {
  say "$*"
  [ -t 1 ] || [ -n "${on_console:-}" ] || echo "kubekiln: $*" 2>/dev/null >/dev/console || :
}

# status.json is for machines; quotes and backslashes are all that JSON needs escaped in what we write.
record() { # result reason remedy
  r=$(printf %s "$2" | sed 's/[\\"]/\\&/g') m=$(printf %s "$3" | sed 's/[\\"]/\\&/g')
  printf '{"cluster":"%s","node":"%s","generation":%s,"digest":"%s","stage":"%s","result":"%s","reason":"%s","remedy":"%s","time":"%s"}\n' \
    "$KUBEKILN_CLUSTER" "$KUBEKILN_NODE" "$KUBEKILN_GENERATION" "$digest" "$stage" "$1" "$r" "$m" "$(date -u +%FT%TZ)" >{{state}}/status.json.new &&
    mv -f {{state}}/status.json.new {{state}}/status.json
}

stop() { # reason remedy
  trap - EXIT
  # A full disk must not keep the reason from the console.
  record failed "$1" "$2" || :
  announce "STOPPED at $stage: $1"
  announce "  remedy: $2"
  exit 1
}

# Seconds that no correction of the clock can stretch.
uptime() { cut -d. -f1 /proc/uptime; }

waiting() { # reason: said when it changes, and every minute
  now=$(uptime)
  if [ "$1" != "${said:-}" ] || [ "$((now - said_at))" -ge 60 ]; then
    said=$1 said_at=$now
    record waiting "$1" ""
    announce "$stage: waiting: $1"
  fi
  sleep "${pause:-1}"
}
