// OpenTofu on a directory of the test's own, without the settings of whoever runs the test.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBinaries } from './cache.ts';
import { capture } from './command.ts';
import { REPOSITORY } from './repository.ts';

const OPENTOFU_VERSION = 'v1.10.6';
const ROOT = `
variable "directory" {
  type = string
}

module "cluster" {
  source    = "${join(REPOSITORY, 'examples/terraform')}"
  directory = var.directory
}

output "nodes" {
  value = module.cluster.nodes
}

output "user_data" {
  value     = module.cluster.user_data
  sensitive = true
}
`;

export interface Tofu {
  run(args: readonly string[], input?: string): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
}

/** @param work an empty directory, where a root module that uses the example is written */
export async function openTofu(work: string): Promise<Tofu> {
  const program = join(await ensureBinaries('opentofu', OPENTOFU_VERSION, 'about five minutes'), 'tofu');
  if (!existsSync(work)) mkdirSync(work, { recursive: true });
  writeFileSync(join(work, 'main.tf'), ROOT);
  writeFileSync(join(work, 'tofu.rc'), '');
  const env = {
    PATH: process.env.PATH,
    HOME: work,
    TF_CLI_CONFIG_FILE: join(work, 'tofu.rc'),
    TF_IN_AUTOMATION: '1',
    CHECKPOINT_DISABLE: '1',
  };
  return { run: (args, input) => capture(program, [...args], { cwd: work, env, ...(input !== undefined && { input }) }) };
}
