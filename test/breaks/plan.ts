// Files, modes, units and scripts of a node.
import { type Break, swapped, without } from './break.ts';

const HARDENING = 'templates/hardening.conf';
const SUPPORT = 'templates/kubekiln-support.sh';
const CHECK_PLAN = 'src/plan/check-plan.ts';

export const PLAN_BREAKS: readonly Break[] = [
  {
    name: 'keys with mode 0644',
    file: 'src/components/daemon-unit.ts',
    ...swapped(
      "mode: 0o600,\n          owner: 'root',\n          content: file.content,",
      "mode: 0o644,\n          owner: 'root',\n          content: file.content,",
    ),
    tests: ['plan/golden'],
    why: 'every user of the node is the cluster',
  },
  {
    name: 'nobody looks at the mode of a key',
    file: CHECK_PLAN,
    ...without('  invariant(!file.secret || (file.mode & 0o077) === 0, `${what} is secret and readable by others`);\n'),
    tests: ['plan/check-plan'],
    why: 'output is validated as well as input',
  },
  {
    name: 'nobody looks for keys that are not marked',
    file: CHECK_PLAN,
    ...without(
      '  invariant(file.secret || file.fromOperator || !KEY_MATERIAL.test(file.content), `${what} holds key material but is not marked secret`);\n',
    ),
    tests: ['plan/check-plan'],
    why: 'output is validated as well as input',
  },
  {
    name: 'nobody looks at the paths of a plan',
    file: CHECK_PLAN,
    ...without('  invariant(CLEAN_PATH.test(file.path), `${what} is not a clean absolute path`);\n'),
    tests: ['plan/check-plan'],
    why: 'the installer is a shell script',
  },
  {
    name: 'a PKI directory that others may enter',
    file: 'src/plan/plan-cluster.ts',
    ...swapped('mode: secret ? 0o700 : 0o755', 'mode: 0o755'),
    tests: ['plan/golden'],
    why: 'names of keys, and whatever an operator puts beside them',
  },
  {
    name: 'daemons that may gain privileges',
    file: HARDENING,
    ...without('NoNewPrivileges=yes\n'),
    tests: ['plan/golden', 'plan/hardening'],
    why: 'set-user-id programs from inside a daemon',
  },
  {
    name: 'daemons with capabilities',
    file: HARDENING,
    ...without('CapabilityBoundingSet=\n'),
    tests: ['plan/golden', 'plan/hardening'],
    why: 'a daemon that is broken into is root',
  },
  {
    name: 'daemons that see the whole file system as writable',
    file: HARDENING,
    ...without('ProtectSystem=strict\n'),
    tests: ['plan/golden', 'plan/hardening'],
    why: 'a daemon that is broken into stays',
  },
  {
    name: 'a setting that systemd does not know',
    file: HARDENING,
    ...swapped('ProtectHome=yes', 'ProtectHomes=yes'),
    tests: ['plan/units'],
    why: 'systemd ignores it in silence',
  },
  {
    name: 'daemons as root',
    file: 'templates/daemon.service',
    ...without('User={{user}}\n'),
    tests: ['plan/guides', 'plan/golden'],
    why: 'a daemon that is broken into is root',
  },
  {
    name: 'a program of another cluster is remembered',
    file: 'src/components/library.ts',
    ...swapped('({ name, view }) => `${name} ${JSON.stringify(view)}`', '({ name }) => name'),
    tests: ['formats/remembered'],
    why: 'two clusters built by one process share what only one of them decided',
  },
  {
    name: 'HTML escaping in units',
    file: 'src/formats/mustache.ts',
    ...without(', { escape: value => escapeValue(String(value)) }'),
    tests: ['plan/golden', 'formats/mustache'],
    why: 'paths come out as &#x2F;etc',
  },
  {
    name: 'a template that names what nobody gives',
    file: 'src/formats/mustache.ts',
    ...swapped('invariant(String(key) in view,', 'invariant(String(key) !== view,'),
    tests: ['formats/mustache'],
    why: 'mustache prints nothing for it',
  },
  {
    name: 'unquoted values in node.env',
    file: 'src/formats/shell.ts',
    ...swapped("return `'${value.replaceAll(\"'\", \"'\\\\''\")}'`;", 'return value;'),
    tests: ['formats/shell', 'build/any-cluster'],
    why: 'the second address of a node would be run as a command',
  },
  {
    name: 'an unescaped quote in node.env',
    file: 'src/formats/shell.ts',
    ...without('.replaceAll("\'", "\'\\\\\'\'")'),
    tests: ['formats/shell'],
    why: 'what follows it would be run as root',
  },
  {
    name: 'waits of the first boot mixed up',
    file: 'src/components/first-boot.ts',
    ...swapped('CLOCK_WAIT: seconds(cluster.timings.clockWait)', 'CLOCK_WAIT: seconds(cluster.timings.addressWait)'),
    tests: ['plan/golden', 'build/any-cluster'],
    why: 'what was asked for is not what the node does',
  },
  {
    name: 'a support archive that masks no base64',
    file: SUPPORT,
    ...without('s|[A-Za-z0-9+/]{24,}|\\x01&\\x01|g\n'),
    tests: ['plan/support-command'],
    why: 'whoever is sent the archive has the encryption key, once a daemon has logged it',
  },
  {
    name: 'a support archive that shows the end of a PEM key',
    file: SUPPORT,
    ...swapped('/-BEGIN .*PRIVATE KEY-/,/-END .*KEY-/s|', '/-BEGIN .*PRIVATE KEY-/s|'),
    tests: ['plan/support-command'],
    why: 'half a private number is found by trying',
  },
  {
    name: 'a support archive for every user',
    file: SUPPORT,
    ...swapped('[ "$(id -u)" = 0 ] ||', '[ "$(id -u)" ] ||'),
    tests: ['plan/support-command'],
    why: 'it would be written half, and look whole',
  },
  {
    name: 'the image of CoreDNS may be collected',
    file: 'src/components/containerd.ts',
    ...swapped('...pinnedImages(cluster)]', '...pinnedImages(cluster).slice(0, 1)]'),
    tests: ['plan/golden'],
    why: 'a node without its registry loses the names of the cluster while nobody asks for one',
  },
  {
    name: 'an API server that leaves gets new connections',
    file: 'templates/haproxy.cfg',
    ...without(' error-status L7OKC'),
    tests: ['plan/local-proxy'],
    why: 'or those that it has are cut: every orderly restart costs requests',
  },
  {
    name: 'a local proxy that takes any API server for any other',
    file: 'templates/haproxy-servers.cfg',
    ...without(' check-sni {{name}} verifyhost {{name}}'),
    tests: ['plan/local-proxy'],
    why: 'an address that was given to another node is found healthy under a wrong name',
  },
];
