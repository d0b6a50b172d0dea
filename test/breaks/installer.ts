// What the installer refuses, and how it writes.
import { type Break, swapped, without } from './break.ts';

const INSTALL = 'templates/kubekiln-install.sh';
const TARBALL_INSTALL = 'templates/tarball-install.sh';
const STAGE = 'templates/stage.sh';

const WRONG_MACHINE = 'boot/guards#a seed on the wrong machine';
const STALE_SEED = 'boot/live-node#a live node is given a stale seed';
const CHANGED_BYTE = 'boot/live-node#one byte of an installed payload changed';
const APPLY = 'boot/live-node#restarts what changed';
const DURABILITY = 'boot/durability#every file is on the disk';
const SECOND_BOOT = 'boot/second-boot-without-quorum#second boot without a quorum';

export const INSTALLER_BREAKS: readonly Break[] = [
  {
    name: 'node: any address will do',
    file: INSTALL,
    ...swapped('for address in $KUBEKILN_ADDRESSES; do\n', 'return\n    for address in $KUBEKILN_ADDRESSES; do\n'),
    tests: [WRONG_MACHINE],
    why: 'a seed on the wrong machine makes a second node of that name',
  },
  {
    name: 'node: the clock may be behind',
    file: INSTALL,
    ...swapped('-lt "$KUBEKILN_NOT_BEFORE" ]; do', '-lt 0 ]; do'),
    tests: ['boot/guards#the clock is behind, without time servers'],
    why: 'certificates that are not valid yet, and no word about it',
  },
  {
    name: 'node: time servers are not waited for',
    file: INSTALL,
    ...swapped('if waited_for "$KUBEKILN_CLOCK_WAIT"; then', 'if :; then'),
    tests: ['boot/guards#the clock is behind, and a time server does not answer'],
    why: 'a clock that would have been right in a second stops a first boot',
  },
  {
    name: 'node: the clock may be past the certificates',
    file: INSTALL,
    ...swapped('-lt "$KUBEKILN_NOT_AFTER" ]', '-gt 0 ]'),
    tests: ['boot/guards#the clock is past the first notAfter'],
    why: 'an old seed starts daemons that nobody trusts',
  },
  {
    name: 'node: a payload is taken as it is',
    file: INSTALL,
    ...swapped('if [ "$have" != "$digest" ]; then', 'if [ -z "$digest" ]; then'),
    tests: [WRONG_MACHINE, CHANGED_BYTE],
    why: 'one bit that flipped on the disk is installed',
  },
  {
    name: 'node: ./install trusts what is installed',
    file: TARBALL_INSTALL,
    ...swapped('[ "$(digest_of "$current")" != "$digest" ] || {', '{'),
    tests: [CHANGED_BYTE],
    why: 'the repair that the console names installs the byte that changed',
  },
  {
    name: 'node: an older generation',
    file: INSTALL,
    ...swapped('[ "$generation" -ge "${installed#* }" ] ||', ': ||'),
    tests: [STALE_SEED],
    why: 'a stale payload rolls a live node back',
  },
  {
    name: "node: another node's payload",
    file: INSTALL,
    ...swapped('[ "${installed% *}" = "$node" ] ||', ': ||'),
    tests: [STALE_SEED],
    why: 'a node changes its name, and its etcd its place in the quorum',
  },
  {
    name: 'node: missing programs',
    file: INSTALL,
    ...swapped('[ -z "$missing" ] || stop', ': || stop'),
    tests: ['boot/guards#programs that the image lacks'],
    why: 'a unit that fails for ever instead of a name',
  },
  {
    name: 'node: a user with another id',
    file: INSTALL,
    ...swapped('[ "$(id -u "$b")" = "$a" ] ||', ': ||'),
    tests: ['boot/guards#programs that the image lacks'],
    why: "files of another program's user",
  },
  {
    name: 'node: --apply while a member is down',
    file: TARBALL_INSTALL,
    ...swapped('[ -z "$sick" ] ||', ': ||'),
    tests: [STALE_SEED],
    why: 'a restart that costs the quorum',
  },
  {
    name: 'node: --apply while a member has never run',
    file: TARBALL_INSTALL,
    ...without("own_etcdctl member list | grep ', , ' || :; "),
    tests: [STALE_SEED],
    why: 'a restart that costs the quorum',
  },
  {
    name: 'node: --apply restarts everything',
    file: TARBALL_INSTALL,
    ...swapped('*",$unit,"*)', '*)'),
    tests: [APPLY],
    why: 'a changed flag of one daemon restarts etcd',
  },
  {
    name: 'node: no fsync of new files',
    file: INSTALL,
    ...without(`    sed 's/$/.kubekiln-new/' "$pending" | xargs sync\n`),
    tests: [DURABILITY],
    why: 'after a power cut a certificate is empty, under its final name',
  },
  {
    name: 'node: no fsync of the directories',
    file: INSTALL,
    ...without(`    sed 's#/[^/]*$##' "$pending" | sort -u | xargs sync\n`),
    tests: [DURABILITY],
    why: 'after a power cut files are missing from a payload that counts',
  },
  {
    name: 'node: files are written in place',
    file: INSTALL,
    ...swapped('do mv -f "$path.kubekiln-new" "$path"; done', 'do cp -p "$path.kubekiln-new" "$path"; rm "$path.kubekiln-new"; done'),
    tests: [DURABILITY],
    why: 'a power cut leaves half a file',
  },
  {
    name: 'node: the moves are not marked',
    file: INSTALL,
    ...swapped('    echo "$payload" >"$state/applying"\n    sync "$state/applying" "$state"\n    while', '    while'),
    tests: [DURABILITY],
    why: 'a cut inside an --apply leaves a node of two generations',
  },
  {
    name: 'node: an interrupted install is not finished',
    file: INSTALL,
    ...swapped(`half=$(cat "$state/applying" 2>/dev/null) || :`, `half=''`),
    tests: [STALE_SEED],
    why: 'a node of two generations after a power cut',
  },
  {
    name: 'node: the payload counts before its files are there',
    file: INSTALL,
    ...swapped('  place\n  prepare\n  adopt\n', '  adopt\n  place\n  prepare\n'),
    tests: [DURABILITY],
    why: 'a power cut leaves half an installation that no boot finishes',
  },
  {
    name: 'node: no fsync of the adoption',
    file: INSTALL,
    ...swapped('    mv "$payload" "$current"\n    sync "$state"\n', '    mv "$payload" "$current"\n'),
    tests: [DURABILITY],
    why: 'after a power cut the node starts over',
  },
  {
    name: 'node: the boot waits for the services',
    file: INSTALL,
    ...swapped('systemctl start --no-block kubekiln.target', 'systemctl start kubekiln.target'),
    tests: [SECOND_BOOT],
    why: 'a node whose etcd waits for its quorum never reaches login',
  },
  {
    name: 'node: cloud-init keeps its mark',
    file: STAGE,
    ...swapped('rm -f $payload/.complete /var/lib/cloud/instance/sem/config_write_files', 'rm -f $payload/.complete'),
    tests: [WRONG_MACHINE],
    why: 'a power cut inside write_files is never repaired',
  },
  {
    name: 'node: a payload without .complete',
    file: STAGE,
    ...swapped('[ -s $0/.complete ] || { echo', ': || { echo'),
    tests: ['boot/guards#a full disk'],
    why: 'a full disk, and nobody says it',
  },
  {
    name: "node: an operator's edit is undone",
    file: 'templates/kubekiln-bootstrap.sh',
    ...swapped('-lt "$KUBEKILN_GENERATION" ]', '-le "$KUBEKILN_GENERATION" ]'),
    tests: [SECOND_BOOT],
    why: 'a binding that was narrowed is wide again after a reboot',
  },
];
