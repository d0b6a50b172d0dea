import { capture } from './command.ts';

/** Counters and clocks of the kernel that stand among its settings. */
const CHANGES_BY_ITSELF =
  /^(fs\.(dentry-state|file-nr|inode-nr|inode-state|aio-nr|quota\..*)|kernel\.(random\..*|ns_last_pid|pty\.nr|tainted|sched_domain.*)|net\.netfilter\.nf_conntrack_count) /;

/** This machine's own kernel settings as `sysctl --all` lists them, and the table size that conntrack takes from elsewhere: no host may change one. */
export async function machineSettings(): Promise<readonly string[]> {
  const { stdout } = await capture('sysctl', ['--all']);
  const table = await capture('cat', ['/sys/module/nf_conntrack/parameters/hashsize']);
  return [
    ...stdout.split('\n').filter(line => line !== '' && !CHANGES_BY_ITSELF.test(line)),
    `nf_conntrack hashsize = ${table.stdout.trim()}`,
  ];
}
