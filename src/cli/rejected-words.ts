// Words that other tools have and this one refuses on purpose, each with the reason.

export const REJECTED_COMMANDS: Readonly<Record<string, string>> = {
  apply: 'no machine is ever contacted: a node applies its own payload at boot, and later by ./install --apply from its node.tar.gz',
  up: 'no machine is ever contacted: build the artifacts, then boot the nodes with them in any order',
  create: 'no machine and no cloud is ever contacted: init starts a cluster.yaml, build writes what the nodes boot from',
  join: 'there is no join and no token: the payload of each node holds its certificates from the start',
  bootstrap: 'there is no bootstrap call: the nodes found the cluster by themselves at first boot, in any order',
  gen: 'the command is build: its output is final, not a draft to edit',
};

export const REJECTED_OPTIONS: Readonly<Record<string, string>> = {
  force: 'there is no --force: overwriting is how a CA gets lost, so move away what is in the way',
  node: 'only whole clusters are built and read, never a part of one, so that no node is left behind; --node belongs to certs check-expiration',
};
